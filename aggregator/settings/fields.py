"""Typed reading of one TOML table: each question names a key, its default and what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Protocol, TypeVar

from msgspec import Struct

from aggregator.settings.lines import Path
from aggregator.settings.numbers import COUNT, NOT_NEGATIVE, Bounds, read_number

D = TypeVar("D")


class Shape(Struct, frozen=True):
    """How a text must look: a pattern for all of it, the same in words, and an example."""

    pattern: str
    words: str
    example: str

    def fits(self, value: object) -> bool:
        """Whether the value is a text of this shape."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


LINE = Shape(r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", "text on one line", "...")
CURRENCY = Shape("[A-Z]{3}", "three capital letters", "USD")
FOREIGN_CURRENCY = Shape("[A-Z]{3,5}", "three to five capital letters, as the provider writes them", "EUR")
WEB_ADDRESS = Shape(
    r"https?://[^\s/?#@]+(/[^\s#@]*)?", "an http:// or https:// address without user or password", "https://..."
)


class File(Protocol):
    """The file that a table stands in: knows its lines, and collects what is wrong with it."""

    tables: list[Table]

    def line(self, path: Path) -> int: ...

    def fault(self, path: Path, message: str) -> None: ...

    def notice(self, path: Path, message: str) -> None: ...


class Table:
    """One table of a file. A wrong value is reported, and the default stands in for it until the reading ends."""

    def __init__(self, reading: File, path: Path, values: Mapping[str, object]) -> None:
        self.reading = reading
        self.path = path
        self._values = values
        self._known: list[str] = []
        reading.tables.append(self)

    def take(self, key: str) -> object | None:
        """The raw value, None when absent; from here on the key counts as known."""
        self._known.append(key)
        return self._values.get(key)

    def has(self, key: str) -> bool:
        """Whether the owner wrote this key at all."""
        return key in self._values

    def names(self) -> Iterator[str]:
        """Every key of a table whose keys the owner chooses, as in [fx]."""
        return iter(self._values)

    def line(self, key: str | None = None) -> int:
        return self.reading.line(self._path(key))

    def fault(self, key: str | None, message: str) -> None:
        self.reading.fault(self._path(key), message)

    def notice(self, key: str | None, message: str) -> None:
        self.reading.notice(self._path(key), message)

    def text(self, key: str, default: D, shape: Shape = LINE) -> str | D:
        value = self.take(key)
        if isinstance(value, str) and shape.fits(value):
            return value
        if value is not None:
            self.fault(key, f"{key} must be {shape.words}: write {key} = {quoted(shape.example)}")
        return default

    def need(self, key: str, shape: Shape = LINE) -> str:
        """A text that has no default; empty after a fault."""
        if not self.has(key):
            self.fault(None, f"{key} is missing: write {key} = {quoted(shape.example)}")
        return self.text(key, "", shape)

    def texts(self, key: str, default: D) -> tuple[str, ...] | D:
        """A list of texts on one line each; it may be empty."""
        value = self.take(key)
        if isinstance(value, list) and all(LINE.fits(item) for item in value):
            return tuple(value)
        if value is not None:
            self.fault(key, f'{key} must be a list of texts: write {key} = ["..."]')
        return default

    def choice(self, key: str, default: D, choices: Sequence[str]) -> str | D:
        value = self.take(key)
        if isinstance(value, str) and value in choices:
            return value
        if value is not None:
            said = ", ".join(quoted(choice) for choice in choices)
            self.fault(key, f"{key} must be one of {said}: write {key} = {quoted(nearest(value, choices))}")
        return default

    def flag(self, key: str, default: D) -> bool | D:
        value = self.take(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self.fault(key, f"{key} must be true or false: write {key} = true, without quotes")
        return default

    def number(self, key: str, default: D, bounds: Bounds = NOT_NEGATIVE) -> Decimal | D:
        value = self.take(key)
        number = read_number(value)
        if number is not None and bounds.hold(number):
            return number
        if value is not None:
            example = f"{default:f}".removesuffix(".000000") if isinstance(default, int | float | Decimal) else "10"
            self.fault(key, f"{key} must be {bounds}: write {key} = {example}")
        return default

    def whole(self, key: str, default: D, bounds: Bounds = COUNT) -> int | D:
        number = self.number(key, default, bounds)
        return int(number) if isinstance(number, Decimal) else number

    def pace(self, key: str, default: float, bounds: Bounds) -> float:  # seconds or calls, not money
        """Seconds, or calls a second."""
        return float(self.number(key, default, bounds))

    def table(self, key: str) -> Table:
        """A table inside this one, empty when absent."""
        value = self.take(key)
        if isinstance(value, dict):
            return Table(self.reading, (*self.path, key), value)
        if value is not None:
            header = ".".join(str(name) for name in (*self.path, key) if isinstance(name, str))
            self.fault(key, f"{key} must be one table: write [{header}] and its settings below it")
        return Table(self.reading, (*self.path, key), {})

    def tables(self, key: str) -> list[Table]:
        """The tables of an array, in their order."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(key, f"{key} can be given many times: write [[{key}]] with two brackets on each side")
            return []
        return [Table(self.reading, (*self.path, key, number), item) for number, item in enumerate(value)]

    def refuse_unknown(self) -> None:
        """Report every key that nobody asked for, with the nearest one that is known."""
        for key in self._values:
            if key not in self._known:
                near = get_close_matches(key, self._known, 1)
                advice = f"write {near[0]}" if near else f"take it out; known here are {', '.join(self._known)}"
                self.fault(key, f"unknown key {key}: {advice}")

    def _path(self, key: str | None) -> Path:
        return self.path if key is None else (*self.path, key)


def quoted(text: str) -> str:
    """The text as TOML writes it."""
    return json.dumps(text, ensure_ascii=False)


def nearest(value: object, choices: Sequence[str]) -> str:
    """The choice that looks most like what was written; the first when none does."""
    folded = {choice.casefold(): choice for choice in choices}
    near = get_close_matches(value.casefold() if isinstance(value, str) else "", list(folded), 1)
    return folded[near[0]] if near else choices[0]
