"""When a listed order was placed: read where it is plain, with as much doubt as its spelling leaves."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from providers.dialect import Dialect
from providers.reading.json_text import parse
from providers.reading.order_dates import DAY_MS
from providers.reading.order_list import read_order_list

NOON = 1_772_366_400_000
"""2026-03-01 12:00:00 UTC."""
SECOND = (NOON, NOON + 999)
ABOUT = (NOON - DAY_MS, NOON + DAY_MS)


def placed(row: dict[str, Any]) -> tuple[int, int] | None:
    value = parse(msgspec.json.encode([{"order": 1, **row}]).decode())
    orders = read_order_list(value, Dialect(order_list="orders"))
    assert orders is not None
    return orders[0].placed


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (NOON // 1000, SECOND),
        (str(NOON // 1000), SECOND),
        (f"{NOON // 1000}.5", SECOND),
        (NOON, SECOND),
        (NOON + 500, SECOND),
        ("2026-03-01T12:00:00Z", SECOND),
        ("2026-03-01T12:00:00.250+00:00", SECOND),
        ("2026-03-01T15:30:00+03:30", SECOND),
        ("2026-03-01 12:00:00", ABOUT),
        ("2026-03-01T12:00:00", ABOUT),
        ("2026-03-01", (NOON - DAY_MS * 3 // 2, NOON + DAY_MS * 3 // 2)),
        ("0000-00-00 00:00:00", None),
        ("1970-01-01 00:00:00", None),
        ("03/01/2026", None),
        ("yesterday", None),
        ("12:00:00", None),
        ("", None),
        (0, None),
        (5, None),
        (None, None),
        (True, None),
        ({"date": "2026-03-01"}, None),
        ("9" * 400, None),
    ],
)
def test_a_date_is_read_as_far_as_its_spelling_goes(told: object, read: tuple[int, int] | None) -> None:
    assert placed({"created_at": told}) == read


def test_the_first_name_that_tells_a_time_counts() -> None:
    assert placed({"created": "soon", "date": "2026-03-01 12:00:00", "time": NOON}) == ABOUT
    assert placed({"updated_at": NOON}) is None
    assert placed({}) is None
