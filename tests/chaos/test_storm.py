"""One seed of the storm on each database: what resellers were told, the books and the providers agree to the cent."""

from __future__ import annotations

import asyncio

from tests.chaos.plan import draw
from tests.chaos.storm import rage

ORDERS, KILLS = 150, 10
"""So few that they fit beside all other tests; `make chaos` has many more. A tenth of the orders cannot be paid."""
SECONDS = 300
"""After which a run is stalled, on any machine."""


async def test_no_order_and_no_cent_goes_wrong_while_processes_die() -> None:
    """Killed, frozen, deployed, cut off and without room, on SQLite and on PostgreSQL beside each other."""
    plans = [draw(1, database, orders=ORDERS, kills=KILLS) for database in ("sqlite", "postgresql")]
    reports = await asyncio.gather(*(rage(plan, most=SECONDS) for plan in plans))
    assert [report.faults for report in reports] == [[], []]
    assert all(report.kills >= KILLS and report.orders and report.dishonest for report in reports), [
        report.line for report in reports
    ]
