"""On which line each value of a TOML text stands, which the standard parser does not tell."""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""From the root down: names of keys, and numbers (from 0) inside arrays."""

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_SCALAR = re.compile(
    r"""
    "{3} (?: [^\\] | \\. )*? "{3} "{0,2}    # a text may end with one or two quotes of its own
    | '{3} .*? '{3} '{0,2}
    | " (?: [^"\\\n] | \\. )* "
    | ' [^'\n]* '
    | [^,\]}\#\n]+
    """,
    re.DOTALL | re.VERBOSE,
)


class _Scanner:
    """Walks over a text that is already known to be valid TOML, so it only has to find its way."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[Path, int] = {}
        self.breaks = [match.start() for match in re.finditer("\n", text)]
        self.sizes: dict[Path, int] = {}
        """How many tables each array of tables has so far."""

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self.skip()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip()
        return self.found

    def skip(self) -> None:
        self.match(_BLANK)

    def match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no TOML at character {self.at}")
        self.at = found.end()
        return found[found.re.groups]

    def line(self, at: int) -> int:
        return bisect_right(self.breaks, at - 1) + 1

    def note(self, path: Path, at: int) -> None:
        self.found.setdefault(path, self.line(at))

    def key(self) -> list[str]:
        names = [self.name()]
        while self.text[self.at] == ".":
            self.at += 1
            names.append(self.name())
        return names

    def name(self) -> str:
        raw = self.match(_KEY)
        return str(tomllib.loads(f"name = {raw}")["name"]) if raw[0] in "\"'" else raw

    def header(self) -> Path:
        start, many = self.at, self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        *parents, last = self.key()
        self.at += 2 if many else 1
        path: Path = ()
        for parent in parents:
            path = self.newest((*path, parent), start)
        path = (*path, last)
        if many:
            self.sizes[path] = self.sizes.get(path, 0) + 1
        return self.newest(path, start)

    def newest(self, path: Path, at: int) -> Path:
        self.note(path, at)
        if path in self.sizes:
            path = (*path, self.sizes[path] - 1)
            self.note(path, at)
        return path

    def pair(self, table: Path) -> None:
        start = self.at
        for name in self.key():
            table = (*table, name)
            self.note(table, start)
        self.at += 1
        self.value(table)

    def value(self, path: Path) -> None:
        self.skip()
        opening = self.text[self.at]
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline(path)
        else:
            self.match(_SCALAR)

    def array(self, path: Path) -> None:
        count = 0
        while self.goes_on("]"):
            self.note((*path, count), self.at)
            self.value((*path, count))
            count += 1

    def inline(self, path: Path) -> None:
        while self.goes_on("}"):
            self.pair(path)

    def goes_on(self, closing: str) -> bool:
        """Step over the opening or the comma; false, and past the end, where the array or table closes."""
        self.skip()
        if self.text[self.at] != closing:
            self.at += 1
            self.skip()
        if self.text[self.at] != closing:
            return True
        self.at += 1
        return False


def find_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key, table header and array element of a valid TOML text."""
    return _Scanner(text).scan()
