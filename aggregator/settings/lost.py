"""Tells an edit of a configuration file from a file that was lost: emptied, cut off, without one of its tables."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aggregator.settings.faults import ConfigurationError, Fault
from aggregator.settings.loading import MARKUP_FILE, PROVIDERS_FILE, SERVICES_FILE

_ALL = "every"
_MEANT = {
    MARKUP_FILE: ": if it is meant, save it at the console or by `aggregator prices apply`",
    SERVICES_FILE: ": if it is meant, put it in force by `aggregator services apply`",
    PROVIDERS_FILE: ": if it is meant, restart the panel",
}


def refuse_loss(before: str, now: str, file: str) -> None:
    """Raise `ConfigurationError` where a text has lost what it held; `file` is where it was found."""
    loss = find_loss(before, now)
    if loss is not None:
        message = f"{loss}, and is not taken for an edit{_MEANT.get(Path(file).name, '')}"
        raise ConfigurationError([Fault(file, now.rstrip().count("\n") + 1, message)])


def find_loss(before: str, now: str) -> str | None:
    """What of a text is gone that nobody takes out by an edit; None where `now` may well be one.

    Rules, services and providers come and go one by one: that is an edit. A text that is no TOML has other faults.
    """
    if now == before or not (had := _values(before)):
        return None
    has = _values(now)
    if has is None:
        return None
    if not has:
        return "has nothing left but comments" if now.strip() else "is empty"
    gone = [header for name, value in had.items() if name not in has and (header := _header(name, value))]
    # Whoever writes something new has the file in hand, and may do without a table; not without all rules at once.
    if gone and (any(header.startswith(_ALL) for header in gone) or not _says_more(had, has)):
        return f"has lost {', '.join(gone)}"
    return "is cut off" if _is_cut_off(before.replace("\r\n", "\n"), now.replace("\r\n", "\n")) else None


def _is_cut_off(before: str, now: str) -> bool:
    """Whether a text is the beginning of what it was, and more was taken from its end than one table of several."""
    kept = now.rstrip()
    rest = before.removeprefix(kept)
    written = [line.strip() for line in rest.split("\n") if line.partition("#")[0].strip()]
    if rest == before or not written:
        return False
    headers = [line for line in written if line.startswith("[[")]
    return not (rest.startswith("\n") and headers == written[:1])


def _values(text: str) -> dict[str, Any] | None:
    """Tables and keys that hold anything; None for what is no TOML."""
    try:
        values = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (ValueError, RecursionError):
        return None
    return {name: value for name, value in values.items() if value not in ({}, [])}


def _says_more(had: Mapping[str, Any], has: Mapping[str, Any]) -> bool:
    """Whether anything is said that was not."""
    return any(_is_new(had.get(name), value) for name, value in has.items())


def _is_new(before: object, now: object) -> bool:
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        return _says_more(before, now)
    if isinstance(before, list) and isinstance(now, list):
        return any(one not in before for one in now)
    return before != now


def _header(name: str, value: object) -> str:
    """How a table is called; empty for a single key, which an edit may well take out."""
    if isinstance(value, list):
        return f"{_ALL} [[{name}]]" if isinstance(value[0], Mapping) else ""
    return f"[{name}]" if isinstance(value, Mapping) else ""
