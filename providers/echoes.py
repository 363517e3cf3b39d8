"""Takes what we sent out of a reply's words, so that a reseller's own text never decides what a refusal means."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from html import unescape
from itertools import islice
from urllib.parse import unquote

from msgspec.structs import replace

from providers.complaints import Complaint
from providers.error_texts import ECHO, plain_text
from providers.errors import Code
from providers.json_text import OPENING, Json, Number
from providers.reply import Kind, Reply

_OURS = frozenset(("service", "quantity", "runs", "interval", "min", "max", "posts", "old_posts", "delay", "expiry"))
"""Numbers that we have read ourselves; a limit that is told may well be one of them."""
_ROUNDS = 4
"""Of encoding, one in the other."""
_LOOKED_AT = 64_000
_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|([/"\\])|[nrt])')
_BREAK = re.compile(r"[\r\n]|\\[rn]")
_PART = re.compile(r"://(?:www\.)?|[/?=&#@:]")
_MOST_PARTS = 64
"""Of one address."""
_LEAST_CUT = 8
"""Characters of a value that is cut; fewer stand anywhere by chance."""
_LEAST, _LEAST_DIGITS, _LEAST_IN_ANY_CASE = 2, 4, 4
_OF_PROSE = " ,.!?'-"
"""Besides letters."""
_CUT_AFTER = re.compile(r"\s*(?:\.\.\.?|\u2026|[\"'<>)\]]|$)")
_MANY = re.compile(rf"{ECHO}(?:\s*(?:{ECHO}|\.\.\.?))+")


class Echoes:
    """What was sent, to be found again: plain, URL-, HTML- or JSON-encoded, in other letter case, in part, or cut.

    Found is a whole value, line or part of an address; and of 8 characters or more its beginning or its end, where it
    is no plain prose or the cut is seen. The work grows with the length of reply and values, not with their product.
    """

    def __init__(self, params: Mapping[str, str]) -> None:
        self._values = [value for name, value in params.items() if name not in _OURS and value]

    def without(self, reply: Reply) -> Reply:
        """The reply with the panel's own words alone: a mark stands for whatever we sent.

        JSON that may itself be a value of ours, in the midst of other text, says nothing.
        """
        if reply.kind is not Kind.JSON:
            return replace(reply, value=self._clean(reply.value))
        is_value = OPENING.match(reply.text) is not None and self.hold(reply.text)
        if is_value or (reply.dirty and OPENING.search(self._all)):
            return replace(reply, kind=Kind.TRUNCATED, value=None)
        return replace(reply, value=self._clean(reply.value))

    def doubt(self, complaint: Complaint | None) -> Complaint | None:
        """The complaint, with no meaning where its words, wherever they stand in the reply, are also in a value."""
        if complaint is None or not complaint.phrase:
            return complaint
        if self.hold(complaint.phrase):
            return replace(complaint, code=Code.UNKNOWN, minimum=None, maximum=None)
        return replace(
            complaint,
            minimum=None if self._hold_limit("minim", complaint.minimum) else complaint.minimum,
            maximum=None if self._hold_limit("maxim", complaint.maximum) else complaint.maximum,
        )

    def text(self, text: str) -> str:
        """A text of the reply as far as the panel wrote it."""
        if len(text) > _LOOKED_AT:
            return ECHO
        shown = _decoded(text)
        spans = list(self._spans(shown, _folded(shown)))
        return _marked(shown, spans) if spans else text

    def hold(self, phrase: str) -> bool:
        """Whether a value has this in it."""
        said = _folded(_decoded(phrase))
        return bool(said) and said in self._all

    def _hold_limit(self, word: str, limit: int | None) -> bool:
        return limit is not None and self.hold(word) and self.hold(str(limit))

    def _clean(self, value: Json) -> Json:
        if isinstance(value, Number):
            return value
        if isinstance(value, str):
            return self.text(value) if len(value) >= _LEAST else value
        if isinstance(value, list):
            return [self._clean(one) for one in value]
        return {name: self._clean(one) for name, one in value.items()} if isinstance(value, dict) else value

    def _spans(self, shown: str, folded: str) -> Iterator[tuple[int, int]]:
        at = 0
        while at < len(folded):
            length = 0
            if _is_bound(folded, at):
                length = self._pieces.whole(shown, folded, at) or self._pieces.cut(folded, at)
            if length:
                yield at, at + length
            at += length or 1
        backwards, size = folded[::-1], len(folded)
        for at in range(size):
            if _is_bound(backwards, at) and (length := self._ends.cut(backwards, at)):
                yield size - at - length, size - at

    @cached_property
    def _all(self) -> str:
        return "\n".join(_folded(_decoded(value)) for value in self._values)

    @cached_property
    def _items(self) -> set[str]:
        lines = {line for value in self._values for line in (value, *_BREAK.split(value), *value.split(","))}
        return {shown for line in lines for shown in (_decoded(line), _decoded(plain_text(line))) if shown}

    @cached_property
    def _pieces(self) -> _Pieces:
        return _Pieces(part for item in self._items for part in (item, *_parts(item)))

    @cached_property
    def _ends(self) -> _Pieces:
        return _Pieces(part[::-1] for item in self._items for part in (item, *_beginnings(item)))


class _Pieces:
    """Texts to be found where they begin."""

    def __init__(self, pieces: Iterable[str]) -> None:
        known = {one for one in pieces if len(one) >= (_LEAST_DIGITS if one.isdigit() else _LEAST)}
        self._whole = {one if len(one) < _LEAST_IN_ANY_CASE else _folded(one) for one in known}
        self._sizes = sorted({len(one) for one in self._whole}, reverse=True)
        self._long = sorted(one for one in self._whole if len(one) >= _LEAST_CUT)
        self._heads = {one[:_LEAST_CUT] for one in self._long}
        self._most = max(map(len, self._long), default=0)

    def whole(self, shown: str, folded: str, at: int) -> int:
        """The length of the longest piece that stands here, with no letter or digit of another word beside it."""
        most = self._common(folded, at)
        for size in self._sizes:
            if size <= most or size < _LEAST_CUT:
                said = (shown if size < _LEAST_IN_ANY_CASE else folded)[at : at + size]
                if len(said) == size and said in self._whole and _is_bound(folded, at + size):
                    return size
        return 0

    def cut(self, folded: str, at: int) -> int:
        """How much of the beginning of a piece stands here, if it is enough to be told from chance."""
        length = self._common(folded, at)
        said = folded[at : at + length]
        is_prose = all(one.isalpha() or one in _OF_PROSE for one in said)
        return 0 if is_prose and _CUT_AFTER.match(folded, at + length) is None else length

    def _common(self, folded: str, at: int) -> int:
        if folded[at : at + _LEAST_CUT] not in self._heads:
            return 0
        rest = folded[at : at + self._most]
        place = bisect(self._long, rest)
        # Of sorted texts the neighbours have the most in common.
        return max(_in_common(rest, one) for one in self._long[max(0, place - 1) : place + 1])


def _in_common(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (here, there) in pairs if here != there), min(len(one), len(other)))


def _parts(item: str) -> Iterator[str]:
    """The longer parts of an address, and its ends that begin with one: without its scheme, its path, its last part."""
    if " " not in item:
        ends = (item[found.end() :] for found in islice(_PART.finditer(item), _MOST_PARTS))
        parts = _PART.split(item, maxsplit=_MOST_PARTS)
        yield from (one for one in (*ends, *parts) if len(one) >= _LEAST_CUT)


def _beginnings(item: str) -> Iterator[str]:
    """An address up to each of its parts."""
    if " " not in item:
        yield from (item[: found.start()] for found in islice(_PART.finditer(item), _MOST_PARTS))


def _is_bound(text: str, at: int) -> bool:
    """Whether a word may end and another begin here; a mark of thousands does not end a number."""
    before, after = text[at - 1 : at] if at else "", text[at : at + 1]
    if before.isalnum() and after.isalnum():
        return False
    number = (before in (",", ".") and text[at - 2 : at - 1].isdigit() and after.isdigit()) or (
        before.isdigit() and after in (",", ".") and text[at + 1 : at + 2].isdigit()
    )
    return not (before and after and number)


def _marked(shown: str, spans: Iterable[tuple[int, int]]) -> str:
    said, at = list[str](), 0
    for begin, end in sorted(spans):
        if begin >= at:
            said += [shown[at:begin], ECHO]
        at = max(at, end)
    return _MANY.sub(ECHO, "".join([*said, shown[at:]]))


def _decoded(text: str) -> str:
    """The text without any encoding, blanks collapsed."""
    for _ in range(_ROUNDS):
        once = unescape(_JSON_ESCAPE.sub(_character, text))
        once = unquote(once, errors="replace") if "%" in once else once
        if once == text:
            break
        text = once
    return " ".join(text.replace("+", " ").split())


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2] or " "


def _folded(text: str) -> str:
    """In lower case, each character in its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
