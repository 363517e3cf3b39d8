"""A disk without room: an order is refused whole, and the next one is taken as soon as there is room again."""

from __future__ import annotations

import sqlite3

from aggregator.audit.run import audit
from aggregator.ledger import book
from aggregator.orders.intake import accept_store
from aggregator.orders.intake.accept_store import Accepted
from aggregator.storage.engine import is_unreachable
from aggregator.storage.sql import execute
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, new_order, open_database


async def test_an_order_that_does_not_fit_on_the_disk_leaves_nothing(fresh_sqlite: str) -> None:
    """Whoever asked is told that we are unable, and may ask again."""
    async with open_database(fresh_sqlite):
        ann = await make_reseller(funds=10_000 * SCALE)
        await write(_leave_no_room)
        taken = 0
        while isinstance(verdict := (await accept_store.accept([new_order(ann.id)]))[0], Accepted):
            taken += 1
        assert isinstance(verdict, sqlite3.OperationalError)
        assert is_unreachable(verdict)
        assert await book.balance(ann.id) == (10_000 - 3 * taken) * SCALE
        await accept_order(ann)
        assert await book.balance(ann.id) == (10_000 - 3 * taken - 3) * SCALE
        assert [finding for finding in await audit() if finding.broken] == []


async def _leave_no_room() -> None:
    """For the connection that writes; the error ends that connection, and with it the lack of room."""
    [row] = await execute("pragma page_count")
    await execute(f"pragma max_page_count = {row['page_count']}")
