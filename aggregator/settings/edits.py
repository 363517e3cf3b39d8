"""Edits of services.toml and providers.toml as text -> text: what its owner wrote beside the edit stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Table

from aggregator.settings.faults import ConfigurationError, Fault

Value = str | int | bool | Sequence[str] | None
"""What a setting can be given; None takes it out."""


def change_service(text: str, file: str, number: int, changes: Mapping[str, Value], *, offer: str = "") -> str:
    """Set keys of the [[service]] with this id; where there is none it is added, with this one offer.

    Raises `ConfigurationError` where the text is no TOML.
    """
    document = _parse(text, file)
    table = _find(document, "service", "id", number)
    if table is None:
        return append_block(text, write_block("service", {"id": number, "offers": [offer], **changes}))
    _set(table, changes)
    return tomlkit.dumps(document)


def remove_service(text: str, file: str, number: int) -> str:
    """Without the [[service]] with this id. Raises `ConfigurationError`, also where there is none."""
    document = _parse(text, file)
    tables = document.get("service")
    table = _find(document, "service", "id", number)
    if table is None or not isinstance(tables, AoT):
        raise ConfigurationError([Fault(file, 1, f"there is no service {number}")])
    tables.remove(table)
    if not tables:
        document.pop("service")
    return tomlkit.dumps(document)


def change_provider(text: str, file: str, name: str, changes: Mapping[str, Value]) -> str:
    """Set keys of the [[provider]] of this name. Raises `ConfigurationError`, also where there is none."""
    document = _parse(text, file)
    table = _find(document, "provider", "name", name)
    if table is None:
        raise ConfigurationError([Fault(file, 1, f"there is no provider {name}")])
    _set(table, changes)
    return tomlkit.dumps(document)


def append_block(text: str, block: str) -> str:
    """A block below all that is there, with an empty line before it."""
    above = text.rstrip()
    return f"{above}\n\n{block}" if above else block


def write_block(array: str, values: Mapping[str, Value]) -> str:
    """One [[array]] table, a line a key; what is None is left out."""
    lines = [f"{key} = {_write(value)}" for key, value in values.items() if value is not None]
    return "\n".join([f"[[{array}]]", *lines]) + "\n"


def _write(value: Value) -> str:
    """A JSON text without control characters, a number and a flag are TOML as they are."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_write(item) for item in value) + "]"
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")


def _parse(text: str, file: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text.removeprefix("\ufeff"))
    except TOMLKitError as error:
        raise ConfigurationError([Fault(file, getattr(error, "line", 1), f"is not TOML ({error})")]) from error


def _find(document: tomlkit.TOMLDocument, array: str, key: str, value: object) -> Table | None:
    tables = document.get(array)
    if not isinstance(tables, AoT):
        return None
    return next((table for table in tables if str(table.get(key)) == str(value)), None)


def _set(table: Table, changes: Mapping[str, Value]) -> None:
    for key, value in changes.items():
        if value is None:
            table.pop(key, None)
        elif key in table:
            table[key] = value
        else:
            _add_below_the_last_key(table, key, value)


def _add_below_the_last_key(table: Table, key: str, value: Value) -> None:
    """Comments and empty lines at a table's end belong to what comes below it."""
    body = cast("list[Any]", table.value.body)
    last = max((place for place, (name, _) in enumerate(body) if name is not None), default=None)
    if last is None:
        table.add(key, value)
    else:
        table.value._insert_after(body[last][0], key, value)  # noqa: SLF001 # tomlkit has no public way to it


def set_values(text: str, file: str, table: str, changes: Mapping[str, Value]) -> str:
    """Set keys of a [table], which is added where there is none. Raises `ConfigurationError` where it is no TOML."""
    document = _parse(text, file)
    if not isinstance(document.get(table), Table):
        document[table] = tomlkit.table()
    _set(cast("Table", document[table]), changes)
    return tomlkit.dumps(document)
