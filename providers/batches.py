"""How many ids one question to a panel may hold, learnt from what it answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from providers.adapter import Found
from providers.dialect import Dialect

_NUMBER = re.compile(r"\d{1,9}")


class Batches:
    """For one kind of question: whether several ids at once are understood, and how many.

    "auto" tries once; several at once are given up only when single questions succeed where the batch did not.
    `singly`: this kind of question never takes several, whatever the dialect says.
    """

    def __init__(self, dialect: Dialect, *, singly: bool = False) -> None:
        self._size = max(1, min(dialect.batch_size, 100))
        self._usable = dialect.multi_status != "off" and not singly
        self._settled = dialect.multi_status == "on"
        self._worked: bool | None = None
        self._learnt_size: int | None = None

    @property
    def found(self) -> Found:
        return Found(multi_status=self._worked, batch_size=self._learnt_size)

    @property
    def usable(self) -> bool:
        return self._usable and self._size > 1

    def cut(self, asked: Sequence[str]) -> Iterator[list[str]]:
        """The ids without repeats and blanks, in portions that the panel takes; what is learnt meanwhile counts.

        Where several at once are not understood, all that are left are one portion, to be asked singly.
        """
        left = [one for one in dict.fromkeys(asked) if one]
        while left:
            size = self._size if self.usable else len(left)
            yield left[:size]
            left = left[size:]

    def worked(self) -> None:
        """The panel answered a batch."""
        self._settled = self._worked = True

    def failed(self) -> None:
        """Single questions were answered where a batch was not; once a batch has worked this is no proof."""
        if not self._settled:
            self._usable = self._worked = False

    def was_too_big(self, text: str, asked: int) -> None:
        """The panel named a smaller number, or at least said no."""
        named = _NUMBER.search(text)
        smaller = int(named[0]) if named else 0
        self._size = self._learnt_size = smaller if 0 < smaller < asked else max(1, asked // 2)
