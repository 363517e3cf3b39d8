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

from providers.errors import Code
from providers.reading.complaints import Complaint
from providers.reading.error_texts import ECHO, plain_text
from providers.reading.json_text import OPENING, Json, Number
from providers.reading.reply import Kind, Reply

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
_LEAST = 4
"""Characters of a whole value; a shorter one says nothing by itself, and stands in many a sentence."""
_OF_PROSE = " ,.!?'-"
"""Besides letters."""
_CUT_AFTER = re.compile(r"\s*(?:\.\.\.?|\u2026|[\"'<>()\[\]]|$)")
_MOST_LOOKS, _LEAST_WORK = 32, 10_000
"""Characters to compare, for each one of a text and besides."""
_DEEPEST = 20
"""Levels of a reply; no reader looks so far down."""
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
        spans = list(self._spans(_folded(shown)))
        return _marked(shown, spans) if spans else text

    def hold(self, phrase: str) -> bool:
        """Whether a value has this in it."""
        said = _folded(_decoded(phrase))
        return bool(said) and said in self._all

    def _hold_limit(self, word: str, limit: int | None) -> bool:
        return limit is not None and self.hold(word) and self.hold(str(limit))

    def _clean(self, value: Json, depth: int = _DEEPEST) -> Json:
        if isinstance(value, str):
            return value if isinstance(value, Number) or len(value) < _LEAST else self.text(value)
        if isinstance(value, (list, dict)) and not depth:
            return None
        if isinstance(value, list):
            return [self._clean(one, depth - 1) for one in value]
        return {name: self._clean(one, depth - 1) for name, one in value.items()} if isinstance(value, dict) else value

    def _spans(self, folded: str) -> Iterator[tuple[int, int]]:
        size = len(folded)
        yield from self._pieces.find(folded)
        yield from ((size - end, size - begin) for begin, end in self._ends.find(folded[::-1]))

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
        self._whole = {_folded(one) for one in pieces if len(one) >= _LEAST}
        self._sizes = sorted({len(one) for one in self._whole}, reverse=True)
        self._long = sorted(one for one in self._whole if len(one) >= _LEAST_CUT)
        self._heads = {one[:_LEAST_CUT] for one in self._long}
        self._most = max(map(len, self._long), default=0)

    def find(self, folded: str) -> Iterator[tuple[int, int]]:
        """Where they stand, each from and to; all of a text that is so like them that looking would take too long."""
        at, left = 0, _LEAST_WORK + _MOST_LOOKS * len(folded)
        while at < len(folded):
            common = self._common(folded, at) if _is_bound(folded, at) else 0
            left -= common
            if left < 0:
                yield 0, len(folded)
                return
            length = self._whole_at(folded, at, common) or self._cut_at(folded, at, common)
            if length:
                yield at, at + length
            at += length or 1

    def _whole_at(self, folded: str, at: int, common: int) -> int:
        """The length of the longest piece that stands here, with no letter or digit of another word beside it."""
        if not _is_bound(folded, at):
            return 0
        for size in self._sizes:
            if size <= common or size < _LEAST_CUT:
                said = folded[at : at + size]
                if len(said) == size and said in self._whole and _is_bound(folded, at + size):
                    return size
        return 0

    def _cut_at(self, folded: str, at: int, common: int) -> int:
        """How much of the beginning of a piece stands here, if it is enough to be told from chance."""
        said = folded[at : at + common]
        is_prose = all(one.isalpha() or one in _OF_PROSE for one in said)
        return 0 if is_prose and (not common or _CUT_AFTER.match(folded, at + common) is None) else common

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
        begun = (item[: found.start()] for found in islice(_PART.finditer(item), _MOST_PARTS))
        yield from (one for one in begun if len(one) >= _LEAST_CUT)


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
        once = unescape(_joined(_JSON_ESCAPE.sub(_character, text)))
        once = unquote(once, errors="replace") if "%" in once else once
        if once == text:
            break
        text = once
    return " ".join(text.replace("+", " ").split())


def _character(found: re.Match[str]) -> str:
    return chr(int(found[1], 16)) if found[1] else found[2] or " "


def _joined(text: str) -> str:
    """With one character where JSON writes two halves of it."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _folded(text: str) -> str:
    """In lower case, each character in its place."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
