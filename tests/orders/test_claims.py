"""A claim takes as many as it was asked for, whichever way the database chooses to answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

from aggregator.app import Panel
from aggregator.failpoints import Failpoints
from aggregator.orders import attempt_store
from aggregator.orders.dispatching import queue_store
from aggregator.orders.dispatching.queue_store import Parked
from aggregator.resellers.model import Reseller
from aggregator.storage import clock, tables
from aggregator.storage.engine import is_sqlite
from aggregator.storage.transaction import engine, intercept_writes
from tests.builders import accept_order
from tests.orders.panels import running

Work = Callable[[], Awaitable[object]]

LISTS_AT_ONCE = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize", "indexscan", "bitmapscan")
"""Without these PostgreSQL asks an inner list anew for each row, as it may at any time after counting its rows."""


@pytest.fixture(autouse=True)
def _row_by_row() -> Iterator[None]:
    async def pass_by(work: Work, run: Callable[[Work], Awaitable[object]]) -> object:
        async def led() -> object:
            if not is_sqlite(engine()):
                for one in LISTS_AT_ONCE:
                    await tables.Attempt.raw(f"set local enable_{one} = off")
            return await work()

        return await run(led)

    intercept_writes(pass_by)
    yield
    intercept_writes(Failpoints().transaction)


async def test_polls(panel: Panel, ann: Reseller) -> None:
    await running(panel, ann, many=5)
    await tables.Attempt.raw("update attempts set poll_at = 0")
    claims = [await attempt_store.claim_polls("alpha", 2) for _ in range(4)]
    assert [len(one) for one in claims] == [2, 2, 1, 0]


async def test_orders_that_are_due(panel: Panel, ann: Reseller) -> None:
    for _ in range(5):
        await accept_order(ann)
    await tables.Order.raw("analyze orders")
    claims = [await queue_store.claim_due(2) for _ in range(4)]
    assert [len(one) for one in claims] == [2, 2, 1, 0]


async def test_orders_that_wait_for_room(panel: Panel, ann: Reseller) -> None:
    orders = [await accept_order(ann) for _ in range(5)]
    await queue_store.park([Parked(one.id, "alpha", clock.now() + 60_000) for one in orders])
    claims = [await queue_store.claim_parked("alpha", 2) for _ in range(4)]
    assert [len(one) for one in claims] == [2, 2, 1, 0]
