"""Reads a catalogue too large to be held in memory row by row, wrapped in any way that a small one may be."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import Enum
from typing import IO

from providers.errors import Code, Garbled
from providers.masking import Mask
from providers.reading.catalogue import LISTS, MOST_ROWS, Row, find_group, find_rows, is_row, rows_of
from providers.reading.json_text import OPENING, Json, Number, find_beginning, parse_at
from providers.reading.names import standard_name
from providers.reading.reply import PAGE, UTF16_MARKS

_PIECE = 65_536
_LONGEST = _PIECE
"""Characters of a row, and of whatever else is no list or object of rows."""
_DEEPEST = 4
_BLANK = " \t\r\n"
_INK = re.compile(rf"[^{_BLANK}]")
_OVERLAP = 64


class _Long(Enum):
    """In place of a value that is too long to be read as a whole: the source stands at its beginning."""

    LONG = "long"


LONG = _Long.LONG


def read_large(body: IO[bytes], mask: Mask) -> Iterator[Row]:
    """The rows as they are read, each with the key it stood under. Closes the body; raises `Garbled`."""
    with body:
        source = _Source(body)
        beginning = source.held
        try:
            source.begin()
            yield from _counted(_catalogue(source))
            source.end()
        except ValueError as error:
            raise Garbled(f"a large catalogue: {error}", code=Code.UNKNOWN, raw=mask.raw(beginning)) from None


def _counted(rows: Iterator[Row]) -> Iterator[Row]:
    count = 0
    for count, row in enumerate(rows, 1):
        if count > MOST_ROWS:
            raise ValueError(f"more than {MOST_ROWS} services")
        yield row
    if not count:
        raise ValueError("no services in it")


def _catalogue(source: _Source, depth: int = 0) -> Iterator[Row]:
    """What `find_rows` finds in a value that is small."""
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if source.peek() == "[":
        for value in source.items():
            yield from _category(source) if value is LONG else rows_of(value)
    else:
        yield from _members(source, depth)


def _members(source: _Source, depth: int) -> Iterator[Row]:
    """Rows by their ids, lists by their categories, or one wrapper among words about the call."""
    kinds: set[str] = set()
    for key, value in source.members():
        kind, rows = _member(source, key, value, depth)
        if "wrapped" in kinds and kind != "wrapped" and value is not LONG:
            continue
        if "wrapped" in kinds or kinds - {kind, "word"} or {*kinds, kind} == {"keyed", "word"}:
            raise ValueError("more in it than one list of services")
        kinds.add(kind)
        yield from rows


def _member(source: _Source, key: str, value: Json | _Long, depth: int) -> tuple[str, Iterable[Row]]:
    if key in LISTS and value is LONG:
        return "wrapped", _catalogue(source, depth + 1)
    if value is LONG:
        return "grouped", _group(source)
    if key in LISTS and isinstance(value, (list, dict)):
        return "wrapped", find_rows(value) or ()
    if isinstance(value, dict) and is_row(value):
        return "keyed", [(key, value)]
    return ("grouped", found) if (found := find_group(value)) else ("word", ())


def _category(source: _Source) -> Iterator[Row]:
    """The rows of a category that stands in the place of a row."""
    if source.peek() == "[":
        yield from _group(source)
        return
    for key, value in source.members():
        if value is LONG and key in LISTS:
            yield from _group(source)
        elif value is LONG or is_row({key: None}):
            raise source.broken()
        elif key in LISTS:
            yield from find_group(value)


def _group(source: _Source) -> Iterator[Row]:
    for value in source.items():
        if value is LONG:
            raise source.broken()
        yield from find_group([value])


class _Source:
    """The text of the body, a few pieces of which are held at a time."""

    def __init__(self, body: IO[bytes]) -> None:
        encoding = "utf-16" if body.read(2) in UTF16_MARKS else "utf-8-sig"
        body.seek(0)
        self._text = io.TextIOWrapper(body, encoding, errors="replace", newline="")
        self._at = 0
        self._passed = 0
        self._count = 0
        self._ended = False
        self.held = ""
        self._more()

    def begin(self) -> None:
        """Go to where the JSON begins."""
        text = self.held.lstrip(f"\ufeff{_BLANK}")
        if PAGE.search(text) and not OPENING.match(text):
            raise ValueError("a page")
        self._at = len(self.held) - len(text) + find_beginning(text)

    def end(self) -> None:
        """Only remarks may follow: nobody knows what a second piece of JSON would mean."""
        while not OPENING.search(self.held, self._at):
            self._at = max(self._at, len(self.held) - _OVERLAP)
            if not self._more():
                return
        raise ValueError("more than one piece of JSON")

    def items(self) -> Iterator[Json | _Long]:
        """The values of the list that begins here. What is long must be read before the next is asked for."""
        return (value for _, value in self._inside("[", "]"))

    def members(self) -> Iterator[tuple[str, Json | _Long]]:
        """The members of the object that begins here, likewise, under the names of `providers/reading/names.py`."""
        return self._inside("{", "}")

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while not (found := _INK.search(self.held, self._at)):
            self._at = len(self.held)
            if not self._more():
                return ""
        self._at = found.start()
        return found[0]

    def broken(self) -> ValueError:
        """To be raised where nothing that follows can be read."""
        if not self.peek():
            return ValueError("it ends too early")
        said = f"no JSON, or a row of more than {_LONGEST} characters"
        return ValueError(f"{said}, at character {self._passed + self._at}")

    def _inside(self, opening: str, closing: str) -> Iterator[tuple[str, Json | _Long]]:
        self._take(opening)
        ended = self.peek() == closing and bool(self._take(closing))
        while not ended:
            self._count += 1
            if self._count > MOST_ROWS:
                raise ValueError(f"more than {MOST_ROWS} services")
            yield self._name() if opening == "{" else "", self._value()
            ended = self._take("," + closing) == closing

    def _name(self) -> str:
        name = self._value()
        self._take(":")
        if not isinstance(name, str) or isinstance(name, Number):
            raise self.broken()
        return standard_name(name)

    def _value(self) -> Json | _Long:
        """The value that begins here."""
        opening = self.peek()
        while True:
            with suppress(ValueError):
                value, end = parse_at(self.held, self._at)
                if end < len(self.held) or self._ended:  # a number may go on in the next piece
                    self._at = end
                    return value
            long = len(self.held) - self._at > _LONGEST
            if long and opening in ("[", "{"):
                return LONG
            if long or self._ended:
                raise self.broken()
            self._more()

    def _take(self, wanted: str) -> str:
        found = self.peek()
        if not found or found not in wanted:
            raise self.broken()
        self._at += 1
        return found

    def _more(self) -> bool:
        """Let go of what is read, and hold another piece."""
        piece = self._text.read(_PIECE)
        self._passed += self._at
        self.held, self._at, self._ended = self.held[self._at :] + piece, 0, not piece
        return bool(piece)
