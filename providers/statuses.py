"""Takes the rows of a status, cancel or refill reply apart and gives each to the id it belongs to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

from providers.complaints import Complaint, is_loud, read_complaint
from providers.dialect import Dialect
from providers.json_text import Json, Number
from providers.numbers import read_identifier
from providers.progress import ORDER_NAMES, is_about_an_order, read_progress
from providers.shapes import WRAPPERS, Object, is_text
from providers.vocabulary import Progress

RowsById: TypeAlias = dict[str, Json]
_LISTS = (*WRAPPERS, "orders", "refills")


def rows_by_id(value: Json, asked: Sequence[str], names: Sequence[str]) -> RowsById | None:
    """The rows of the ids that were asked; None when the reply has no rows by id.

    A list without ids counts by position only if it is exactly as long as what was asked; an id that comes
    twice is dropped, and so is every id that nobody asked for.
    """
    value = _unwrapped(value, asked)
    if isinstance(value, list):
        return _from_list(value, asked, names)
    if not isinstance(value, dict):
        return None
    found = {one: value[one] for one in asked if one in value}
    return found if found or _is_map_of_others(value) else None


def _unwrapped(value: Json, asked: Sequence[str]) -> Json:
    if isinstance(value, dict) and not any(one in value for one in asked):
        for name in _LISTS:
            inner = value.get(name)
            if isinstance(inner, dict) or (isinstance(inner, list) and _holds_rows(inner)):
                return inner
    return value


def _holds_rows(values: list[Json]) -> bool:
    return not values or any(isinstance(row, dict) for row in values)


def _is_map_of_others(value: Object) -> bool:
    """An empty map, or one of ids that nobody asked for."""
    return all(isinstance(row, dict) for row in value.values()) and all(key.isdigit() for key in value)


def _from_list(rows: list[Json], asked: Sequence[str], names: Sequence[str]) -> RowsById | None:
    ids = [_id_of(row, names) for row in rows]
    if any(ids):
        seen = Counter(ids)
        return {one: row for one, row in zip(ids, rows, strict=True) if one in asked and one and seen[one] == 1}
    if not rows:
        return {}
    positional = len(rows) == len(asked) and all(isinstance(row, dict) or is_text(row) for row in rows)
    return dict(zip(asked, rows, strict=True)) if positional else None


def _id_of(row: Json, names: Sequence[str]) -> str | None:
    if not isinstance(row, dict):
        return None
    return next((found for name in names if (found := read_identifier(row.get(name))) is not None), None)


def read_statuses(value: Json, asked: Sequence[str], dialect: Dialect) -> dict[str, Progress | Complaint] | None:
    """What a reply says of each asked order; None when it says nothing by id (PROTOCOL.md, "Statuses").

    A flat object counts only for a single asked id, and not if it names another order.
    """
    flat = _flat(value, dialect)
    if flat is not None:
        own = len(asked) == 1 and _id_of(flat, ORDER_NAMES) in (None, asked[0])
        return {asked[0]: read_progress(flat, dialect)} if own else None
    if isinstance(value, dict) and is_loud(value) and not any(one in value for one in asked):
        return None
    rows = rows_by_id(value, asked, ORDER_NAMES)
    if rows is None:
        return None
    read = {one: _read_row(row, dialect) for one, row in rows.items()}
    return {one: row for one, row in read.items() if row is not None}


def _flat(value: Json, dialect: Dialect) -> Object | None:
    """The one status object of a reply, at its top or wrapped."""
    if not isinstance(value, dict):
        return None
    if is_about_an_order(value, dialect):
        return value
    inner = next((value[name] for name in WRAPPERS if isinstance(value.get(name), dict)), None)
    return inner if isinstance(inner, dict) and is_about_an_order(inner, dialect) else None


def _read_row(row: Json, dialect: Dialect) -> Progress | Complaint | None:
    if isinstance(row, list) and len(row) == 1:
        row = row[0]
    if isinstance(row, dict) and is_about_an_order(row, dialect):
        return read_progress(row, dialect)
    return None if isinstance(row, Number) else read_complaint(row, dialect.error_words)
