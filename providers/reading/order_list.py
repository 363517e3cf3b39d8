"""Reads a panel's list of our orders: every row, or nothing."""

from __future__ import annotations

from providers.dialect import Dialect
from providers.reading.complaints import is_loud
from providers.reading.json_text import Json
from providers.reading.names import ORDER, WRAPPERS
from providers.reading.numbers import read_count, read_identifier
from providers.reading.order_dates import read_placed
from providers.reading.shapes import Object, pick
from providers.vocabulary import ListedOrder

_SERVICE_NAMES = ("service", "service_id")
_LINK_NAMES = ("link", "url")
_REFERENCE_NAMES = ("request_id", "reference", "custom_id", "external_id")


def read_order_list(value: Json, dialect: Dialect) -> list[ListedOrder] | None:
    """The rows of a list, or of a map by id; None when one of them has no id, or an id comes twice."""
    rows = _rows(value)
    if rows is None:
        return None
    orders = [_read_row(row, dialect) for row in rows]
    sure = [order for order in orders if order is not None]
    return sure if len(sure) == len(rows) == len({order.order for order in sure}) else None


def _rows(value: Json) -> list[Object] | None:
    if isinstance(value, dict):
        if is_loud(value):
            return None
        for name in (*WRAPPERS, "orders"):
            if isinstance(value.get(name), (list, dict)):
                return _rows(value[name])
        return _of_map(value)
    if not isinstance(value, list):
        return None
    rows = [row for row in value if isinstance(row, dict)]
    return rows if len(rows) == len(value) else None


def _of_map(value: Object) -> list[Object] | None:
    """A map by id: the key is the id of a row that names none. An empty object is no list."""
    rows: list[Object] = [{"order": key, **row} for key, row in value.items() if isinstance(row, dict)]
    return rows if rows and len(rows) == len(value) else None


def _read_row(row: Object, dialect: Dialect) -> ListedOrder | None:
    order = next((found for name in ORDER if (found := read_identifier(row.get(name))) is not None), None)
    if order is None:
        return None
    names = (dialect.reference_param, *_REFERENCE_NAMES) if dialect.reference_param else _REFERENCE_NAMES
    link = pick(row, *_LINK_NAMES)
    return ListedOrder(
        order=order,
        service=read_identifier(pick(row, *_SERVICE_NAMES)),
        link=link.strip() if isinstance(link, str) else None,
        quantity=read_count(row.get("quantity")),
        reference=next((found for name in names if (found := read_identifier(row.get(name)))), ""),
        placed=read_placed(row),
    )
