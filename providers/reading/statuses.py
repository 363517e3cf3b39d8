"""Takes the rows of a status, cancel or refill reply apart and gives each to the id it belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from providers.dialect import Dialect
from providers.reading.complaints import Complaint, is_loud, read_complaint
from providers.reading.json_text import Json, Number
from providers.reading.names import ORDER, WRAPPERS
from providers.reading.numbers import read_identifier
from providers.reading.progress import find_order, is_about_an_order, read_progress
from providers.reading.shapes import FLAG_WORDS, Object, flag_word, is_text
from providers.vocabulary import Phase, Progress

RowsById: TypeAlias = dict[str, Json]
_LISTS = (*WRAPPERS, "orders", "refills")
_DEEPEST = 3


def rows_by_id(value: Json, asked: Sequence[str], names: Sequence[str]) -> RowsById | None:
    """The rows of the ids that were asked; None when the reply has no rows by id.

    A list without ids counts by position only if it is exactly as long as what was asked; an id that comes
    twice is dropped, and so is every id that nobody asked for.
    """
    value = _unwrapped(value, asked, _DEEPEST)
    if isinstance(value, list):
        return _from_list(value, asked, names)
    if not isinstance(value, dict):
        return None
    found = _once([(key.strip(), row) for key, row in value.items()], asked)
    return found if found or _is_map_of_others(value) else None


def _unwrapped(value: Json, asked: Sequence[str], depth: int) -> Json:
    """What holds the rows: under a name of wrappers, or under whichever name is the only one with anything in it."""
    if not depth or not isinstance(value, dict) or any(key.strip() in asked for key in value):
        return value
    inner = {name: one for name, one in value.items() if _holds_rows(one) and not name.strip().isdigit()}
    named = next((inner[name] for name in _LISTS if name in inner), None)
    filled = [one for one in inner.values() if one]
    if named is None and len(filled) == 1:
        named = filled[0]
    return value if named is None else _unwrapped(named, asked, depth - 1)


def _holds_rows(value: Json) -> bool:
    if isinstance(value, list):
        return not value or any(isinstance(row, dict) for row in value)
    return isinstance(value, dict)


def _is_map_of_others(value: Object) -> bool:
    """An empty map, or one of ids that nobody asked for."""
    return all(isinstance(row, dict) for row in value.values()) and all(key.isdigit() for key in value)


def _from_list(rows: list[Json], asked: Sequence[str], names: Sequence[str]) -> RowsById | None:
    keyed = [pair for row in rows if isinstance(row, dict) for pair in row.items()]
    if any(key in asked for key, _ in keyed):
        return _once(keyed, asked)
    ids = [_id_of(row, names) for row in rows]
    if any(ids):
        return _once([(one or "", row) for one, row in zip(ids, rows, strict=True)], asked)
    if not rows:
        return {}
    positional = len(rows) == len(asked) and all(isinstance(row, dict) or is_text(row) for row in rows)
    return dict(zip(asked, rows, strict=True)) if positional else None


def _once(rows: Sequence[tuple[str, Json]], asked: Sequence[str]) -> RowsById:
    """By the ids that were asked; one that comes twice says nothing."""
    seen = Counter(one for one, _ in rows)
    return {one: row for one, row in rows if one in asked and seen[one] == 1}


def _id_of(row: Json, names: Sequence[str]) -> str | None:
    if not isinstance(row, dict):
        return None
    return next((found for name in names if (found := read_identifier(row.get(name))) is not None), None)


def read_statuses(value: Json, asked: Sequence[str], dialect: Dialect) -> dict[str, Progress | Complaint] | None:
    """What a reply says of each asked order; None when it says nothing by id (PROTOCOL.md, "Statuses").

    A flat object counts only for a single asked id, and not if it names another order.
    """
    if isinstance(value, dict):
        flat = find_order(value, dialect) if len(asked) == 1 else None
        if flat is not None:
            named = {_id_of(row, ORDER) for row in (value, flat)} - {None}
            return {asked[0]: read_progress(flat, dialect)} if named <= set(asked) else None
        if any(is_about_an_order(row, dialect) for row in _unlisted(value)):
            return None
    if complains_as_a_whole(value, asked):
        return None
    rows = rows_by_id(value, asked, ORDER)
    if rows is None:
        return None
    read = {one: _read_row(row, dialect) for one, row in rows.items()}
    return {one: row for one, row in read.items() if row is not None}


def complains_as_a_whole(value: Json, asked: Sequence[str]) -> bool:
    """Whether a reply is an error for all; beside rows of ids that were asked, an error is about something else."""
    if not isinstance(value, dict) or not is_loud(value):
        return False
    return not any(one in layer for layer in _unlisted(value) for one in asked)


def _unlisted(value: Object) -> list[Object]:
    return [value, *(inner for name in WRAPPERS if isinstance(inner := value.get(name), dict))]


def _read_row(row: Json, dialect: Dialect) -> Progress | Complaint | None:
    told = find_order(row, dialect)
    if told is not None:
        return read_progress(told, dialect)
    if is_text(row) and flag_word(row) not in FLAG_WORDS:
        progress = read_progress({"status": row}, dialect)
        if progress.phase is not Phase.UNKNOWN:
            return progress
    return None if isinstance(row, Number) else read_complaint(row, dialect.error_words)
