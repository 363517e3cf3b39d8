"""What the newest ended orders say of each service, counted in the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aggregator.orders.reporting.delivery_stats import FEWEST, Figure
from aggregator.storage import clock, tables
from aggregator.storage.clock import DAY_MS

DAYS = 30
MOST = 50_000
"""Orders, the newest, however many the days hold: reading so many takes half a second."""

_RECENT = """
select service, state, type, runs, quantity, undelivered, ended_at - created_at as took, cancel_wish
from orders where ended_at >= {} order by ended_at desc limit {}
"""
_TIMED = "state = 'completed' and runs = 1 and type <> 'Subscriptions'"
_COUNTED = f"""
select service, count(*) as ended, sum(1.0 * (quantity - undelivered) / quantity) as delivered,
    sum(case when {_TIMED} then 1 else 0 end) as timed, sum(case when {_TIMED} then took else 0 end) as took
from ({_RECENT}) as recent where not cancel_wish group by service having count(*) >= {FEWEST}
"""


async def of_services() -> Mapping[int, Figure]:
    """By our id of the service, for those with enough orders; what a reseller called off says nothing."""
    # SQL: it groups no more rows than so many, by cases.
    rows = await tables.Order.raw(_COUNTED, clock.now() - DAYS * DAY_MS, MOST)
    return {int(row["service"]): _figure(row) for row in rows}


def _figure(row: Mapping[str, Any]) -> Figure:
    ended, timed = int(row["ended"]), int(row["timed"])
    return Figure(
        orders=ended,
        delivered=round(row["delivered"] * 10_000 / ended),  # a share, not money
        seconds=int(row["took"]) // timed // 1000 if timed >= FEWEST else None,
    )
