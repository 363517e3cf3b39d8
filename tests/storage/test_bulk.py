"""Many rows at once: defaults, ids, and what a row that is there already keeps."""

from __future__ import annotations

from typing import Any

from aggregator.storage.sql import execute
from aggregator.storage.tables import Listing
from aggregator.storage.transaction import write
from aggregator.storage.upsert import EACH, put_many

KEY = ("provider", "service")


def line(service: int, **changes: Any) -> dict[str, Any]:
    usual = {
        "provider": "alpha",
        "service": str(service),
        "name": "Followers",
        "category": "Instagram",
        "type": "Default",
        "rate": "1.25",
        "currency": "USD",
        "minimum": 1,
        "description": "",
        "updated_at": 1,
        "refill": True,
    }
    return {**usual, **changes}


async def put(*rows: dict[str, Any]) -> None:
    await write(lambda: put_many(Listing, rows, key=KEY, overwrites=["name", "refill"]))


async def test_more_rows_than_fit_a_statement_are_all_there_in_their_order(panel_database: str) -> None:
    await put(*(line(number) for number in range(EACH + 1)))
    rows = await execute("select id, service from listings order by id")
    assert [row["service"] for row in rows] == [str(number) for number in range(EACH + 1)]


async def test_what_is_left_out_has_the_columns_default(panel_database: str) -> None:
    await put(line(1), line(2, maximum=7, refill=None))
    one, two = await execute("select maximum, refill, missing, rest_until, cancel_refused from listings order by id")
    assert [one["maximum"], bool(one["refill"]), one["missing"], one["rest_until"]] == [None, True, 0, 0]
    assert [two["maximum"], two["refill"], bool(two["cancel_refused"])] == [7, None, False]


async def test_a_row_that_is_there_keeps_what_is_not_overwritten(panel_database: str) -> None:
    """One row goes another way to the database than several."""
    for more in ([], [line(2)]):
        await put(line(1), *more)
        await write(
            lambda: execute("update listings set held = 'dearer', rest_until = 9, rate = '2' where service = '1'")
        )
        await put(line(1, name="Likes", held=None), *more)
        [row] = await execute("select name, held, rest_until, rate from listings where service = '1'")
        assert list(row.values()) == ["Likes", "dearer", 9, "2"]


async def test_nothing_is_no_statement(panel_database: str) -> None:
    await put()
    assert await execute("select * from listings") == []
