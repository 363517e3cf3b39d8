"""What a form said, read without trust: every question names a field and gets a clean value or a fault for it.

Its CSRF token was checked before, in `guards`; `Form.once` is for what must count once.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from urllib.parse import parse_qsl

from aggregator.storage import form_tokens
from aggregator.storage.transaction import write
from pricing.money import parse_units, read_decimal

MOST_FIELDS = 1000
MOST_BYTES = 512 * 1024
MOST_BYTES_SIGNED_IN = 2 * 2**20
"""What a mass order needs at most, six bytes for each letter that is not English."""


class FormFault(Exception):
    """A field that cannot be taken as it is; the text says what to write instead."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


class Fields(Mapping[str, str]):
    """Fields of a form or a query by name; of several with one name the last counts, `all` has them all.

    Read here and not by Litestar, which keeps what it read of the last 1,024 bodies and knows no limit of fields.
    """

    def __init__(self, raw: str) -> None:
        try:
            self._pairs = parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
        except ValueError:
            raise FormFault("", f"That is more than a form may hold, which is {MOST_FIELDS} fields.") from None
        self._last = dict(self._pairs)

    def __getitem__(self, name: str) -> str:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def __len__(self) -> int:
        return len(self._last)

    def all(self, name: str) -> list[str]:
        return [value for field, value in self._pairs if field == name]

    def pairs(self) -> list[tuple[str, str]]:
        return list(self._pairs)

    def text(self, name: str, *, most: int = 500, needed: bool = False) -> str:
        """One line, trimmed; what a line cannot hold is refused."""
        value = self._fitting(name, self.get(name, "").strip(), most)
        if needed and not value:
            raise FormFault(name, "Please fill this in.")
        return value

    def prose(self, name: str, *, most: int = 100_000) -> str:
        """Many lines, with line ends as Unix writes them."""
        return self._fitting(name, self.get(name, "").replace("\r\n", "\n").replace("\r", "\n"), most, "\n\t")

    def _fitting(self, name: str, value: str, most: int, also: str = "") -> str:
        if len(value) > most:
            raise FormFault(name, f"This is longer than {most} characters.")
        if any(not (letter.isprintable() or letter in also) for letter in value):
            raise FormFault(name, "This holds characters that cannot be shown: please type it anew.")
        return value

    def flag(self, name: str) -> bool:
        """Whether a box was ticked."""
        return self.get(name, "") not in ("", "0", "no")

    def whole(self, name: str, *, least: int = 0, most: int = 2**53) -> int:
        value = self.get(name, "").strip()
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 17 else None  # noqa: PLR2004  # 2**53 has 16
        if number is None or not least <= number <= most:
            raise FormFault(name, f"Please write a whole number from {least} to {most}.")
        return number

    def choice(self, name: str, choices: Mapping[str, object] | tuple[str, ...], default: str) -> str:
        """One of the choices; anything else means the default."""
        value = self.get(name, default)
        return value if value in choices else default

    def money(self, name: str) -> int:
        """An amount in whole 1e-8."""
        try:
            return parse_units(self.get(name, "").strip().removeprefix("+"))
        except ValueError:
            raise FormFault(name, "Please write a plain number with at most 8 decimals, such as 12.50.") from None

    def decimal(self, name: str) -> Decimal:
        try:
            return read_decimal(self.get(name, "").strip())
        except ValueError:
            raise FormFault(name, "Please write a plain number, such as 12.5.") from None

    def number(self, name: str, default: int = 1, *, most: int = 100_000) -> int:
        """A page number and the like from an address, where a wrong one is no fault."""
        value = self.get(name, "")
        return min(int(value), most) if value.isascii() and value.isdigit() and 0 < len(value) < 17 else default  # noqa: PLR2004  # as above


class Form(Fields):
    """What a page of ours sent, and who is signed in there."""

    def __init__(self, raw: str = "", sender: int | None = None) -> None:
        super().__init__(raw)
        self._sender = sender

    @property
    def once_token(self) -> str:
        """The form's own token, of the person who sent it; fit to be the reference of a payment or an order."""
        token = self.get("once", "")
        if not 16 <= len(token) <= 100 or not token.isascii() or not token.isprintable():  # noqa: PLR2004  # as sessions.once_field makes them
            raise FormFault("once", "This form cannot be told from another: please open it again.")
        return f"{self._sender}:{token}"

    @asynccontextmanager
    async def once(self) -> AsyncIterator[None]:
        """Do the block at most once for this form; raises `AlreadyUsed`. What is refused may be sent again.

        A deed that takes the token itself, into its own transaction, is given `once_token` instead.
        """
        token = self.once_token
        await write(lambda: form_tokens.consume(token))
        try:
            yield
        except Exception:
            await form_tokens.release(token)
            raise
