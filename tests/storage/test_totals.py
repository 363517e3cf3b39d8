"""Sums of money are exact on both databases, however far beyond 63 bits they go."""

from __future__ import annotations

import pytest

from aggregator.storage.sql import execute
from aggregator.storage.totals import add_kept, comparable_total, halves, read_total, total

MOST, LEAST = 2**63 - 1, -(2**63)
AMOUNTS = [
    [],
    [0],
    [1, -1],
    [MOST],
    [LEAST],
    [MOST, MOST, MOST],
    [LEAST, LEAST],
    [MOST, LEAST],
    [2**32, 2**32 - 1, -(2**32)],
    [MOST] * 50 + [LEAST] * 20 + [7, -3],
    [-1] * 9,
    [MOST, 1],
    [LEAST, -1],
]

on_both = pytest.mark.usefixtures("panel_database")


def rows_of(amounts: list[int]) -> str:
    """A table of one column; the least of 64 bits has no literal of its own."""
    rows = [f"select cast({one + 1} - 1 as bigint) as amount" for one in amounts]
    return " union all ".join(rows) or "select cast(0 as bigint) as amount where false"


@on_both
@pytest.mark.parametrize("amounts", AMOUNTS, ids=str)
async def test_a_total_is_the_sum(amounts: list[int]) -> None:
    rows = await execute(f"select {total('amount', 'moved')} from ({rows_of(amounts)}) as given")
    assert read_total(rows[0], "moved") == sum(amounts)


@on_both
@pytest.mark.parametrize("amounts", AMOUNTS, ids=str)
async def test_a_total_that_is_compared_is_the_sum_or_nothing(amounts: list[int]) -> None:
    [row] = await execute(f"select {comparable_total('amount')} as moved from ({rows_of(amounts)}) as given")
    assert row["moved"] == (sum(amounts) if LEAST <= sum(amounts) <= MOST else None)


@on_both
@pytest.mark.parametrize("amounts", AMOUNTS, ids=str)
async def test_a_kept_total_grows_by_any_amount(amounts: list[int]) -> None:
    for one in amounts:
        await execute(
            "insert into days (start, late_refunded, late_cost) values (1, {}, 0) on conflict (start) do update set "
            + add_kept("days", "late_refunded"),
            one,
        )
    for row in await execute("select * from days"):
        assert read_total(row, "late_refunded") == sum(amounts)


@on_both
@pytest.mark.parametrize("amounts", [*AMOUNTS, [MOST * 3, 1, -MOST * 5], [LEAST * 2, MOST, MOST + 1]], ids=str)
async def test_a_kept_total_grows_by_any_sum(amounts: list[int]) -> None:
    for one in amounts:
        await execute(
            "insert into days (start, late_refunded, late_cost, late_cost_high) values (1, 0, {}, {})"
            " on conflict (start) do update set " + add_kept("days", "late_cost"),
            *halves(one),
        )
    for row in await execute("select * from days"):
        assert read_total(row, "late_cost") == sum(amounts)


@pytest.mark.parametrize("value", [0, -1, MOST, LEAST, MOST + 1, LEAST - 1, 10**28, -(10**28)])
def test_a_total_is_kept_in_two_columns_and_in_one_where_it_fits(value: int) -> None:
    low, high = halves(value)
    assert read_total({"moved": low, "moved_high": high}, "moved") == value
    assert all(LEAST <= half <= MOST for half in (low, high))
    assert (high == 0) is (LEAST <= value <= MOST)
