"""One TOML file while it is read: its values, where each stands, and what is wrong with it so far."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal, InvalidOperation
from pathlib import Path as File
from typing import Any

from aggregator.settings.faults import ConfigurationError, Fault
from aggregator.settings.fields import Table
from aggregator.settings.lines import Path, find_lines
from aggregator.settings.regular import read_regular

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class Reading:
    """Collects the faults of one file, so that its owner sees all of them at once."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.notices: list[Fault] = []
        self.lines: dict[Path, int] = {}
        self.tables: list[Table] = []
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        self.root = Table(self, (), self._parse(text))

    def _parse(self, text: str) -> dict[str, Any]:
        try:
            values = tomllib.loads(text, parse_float=_decimal)
            self.lines = find_lines(text)
        except RecursionError:
            self.faults.append(Fault(self.file, 1, "arrays are nested too deeply: write them flat"))
        except ValueError as error:
            self.faults.append(_syntax_fault(self.file, text, str(error)))
        else:
            return values
        return {}

    def line(self, path: Path) -> int:
        """The line of a value, or of what holds it; 1 when nothing does."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, message: str) -> None:
        self.faults.append(Fault(self.file, self.line(path), message))

    def notice(self, path: Path, message: str) -> None:
        self.notices.append(Fault(self.file, self.line(path), message))

    def end(self) -> list[Fault]:
        """All faults by line, with the keys that no reader asked for."""
        for table in self.tables:
            table.refuse_unknown()
        self.tables.clear()
        return sorted(self.faults, key=lambda fault: fault.line)

    def conclude(self) -> None:
        """Raise `ConfigurationError` if anything is wrong with this file."""
        if faults := self.end():
            raise ConfigurationError(faults)


def read_text(file: File) -> str:
    """The text of a file; an absent one reads as empty. Raises `ConfigurationError` when it cannot be read."""
    return find_text(file) or ""


def find_text(file: File) -> str | None:
    """The text of a file; None where there is none. Raises `ConfigurationError` when it cannot be read."""
    try:
        raw = _read_bytes(file)
    except OSError as error:
        raise ConfigurationError([Fault(str(file), 1, f"cannot be read ({error.strerror})")]) from None
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([Fault(str(file), line, "is not UTF-8: save the file as UTF-8 text")]) from None


def _read_bytes(file: File) -> bytes | None:
    """None where nothing has this name."""
    try:
        return read_regular(file)
    except FileNotFoundError:
        if file.is_symlink():
            raise
        return None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _syntax_fault(file: str, text: str, reason: str) -> Fault:
    found = _POSITION.search(reason)
    last = text.rstrip("\n").count("\n") + 1
    line, column = (int(found[1]), f" at column {found[2]}") if found and found[1] else (last, "")
    said = _POSITION.sub("", reason)
    return Fault(file, line, f'is not TOML{column} ({said}): write one `key = value` a line, texts in "quotes"')
