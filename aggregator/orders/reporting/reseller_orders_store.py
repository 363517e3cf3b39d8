"""A reseller's own orders: found by state, service, id or a piece of the link, and counted."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from aggregator.orders.model import Order
from aggregator.orders.reporting.search_store import LINK_HAS, NEWEST_BY_LINK, order_number, piece_of_link
from aggregator.orders.state import OPEN, OPEN_IN_SQL, OrderState
from aggregator.orders.store import as_order
from aggregator.storage import clock, tables
from aggregator.storage.clock import DAY_MS
from aggregator.storage.id_ranges import first_id
from aggregator.storage.totals import read_total, total

STATES: dict[str, tuple[OrderState, ...]] = {
    "open": tuple(OPEN),
    "completed": (OrderState.COMPLETED,),
    "partial": (OrderState.PARTIAL,),
    "cancelled": (OrderState.CANCELLED,),
}
"""What a reseller may ask for, by a word that tells nothing of how we work."""


class Mine(Struct, frozen=True, kw_only=True):
    """What is asked for; what is left out does not matter."""

    state: str = ""
    service: int | None = None
    text: str = ""
    before: int | None = None
    """The last id of the page before."""


class Counts(Struct, frozen=True, kw_only=True):
    """A reseller's business at a glance; money in whole 1e-8."""

    open: int
    all: int
    month_orders: int
    month_spent: int
    """Charges less refunds of the orders of the last 30 days."""


async def find(reseller: int, mine: Mine, *, limit: int) -> list[Order]:
    """The newest first; a piece of a link is looked for only among the newest of the reseller's orders."""
    conditions, values = ["reseller = {}"], [reseller]
    for condition, value in _asked(mine, reseller):
        conditions.append(condition)
        values += value
    # SQL: conditions put together, with a subselect.
    rows = await tables.Order.raw(
        f"select * from orders where {' and '.join(conditions)} order by id desc limit {{}}", *values, limit
    )
    return [as_order(row) for row in rows]


def _asked(mine: Mine, reseller: int) -> list[tuple[str, list[Any]]]:
    asked: list[tuple[str, list[Any]]] = []
    states = STATES.get(mine.state, ())
    if states:
        asked.append((f"state in ({', '.join(['{}'] * len(states))})", [state.value for state in states]))
    if mine.service is not None:
        asked.append(("service = {}", [mine.service]))
    if mine.before is not None:
        asked.append(("id < {}", [mine.before]))
    text = mine.text.strip()
    number = order_number(text)
    if number is not None and number < 2**63:
        asked.append(("id = {}", [number]))
    elif text:
        newest = "(select id from orders where reseller = {} order by id desc limit 1 offset {})"
        asked.append((f"id > coalesce({newest}, 0)", [reseller, NEWEST_BY_LINK]))
        asked.append((LINK_HAS, [piece_of_link(text)]))
    return asked


async def count(reseller: int) -> Counts:
    """Read from indexes but for the orders of a month: some resellers have a million."""
    month = await first_id(tables.Order, clock.now() - 30 * DAY_MS)
    # SQL: three counts in one statement, with sums in halves.
    # With a plus, no index is taken for it: open orders are fewer than any large reseller's.
    [row] = await tables.Order.raw(
        "select (select count(*) from orders where reseller = {}) as all_orders,"
        f" (select count(*) from orders where state in ({OPEN_IN_SQL}) and +reseller = {{}})"
        " as open_orders,"
        f" count(*) as month_orders, {total('charge - refunded', 'month_spent')}"
        " from orders where reseller = {} and id >= {}",
        reseller,
        reseller,
        reseller,
        month,
    )
    return Counts(
        open=int(row["open_orders"]),
        all=int(row["all_orders"]),
        month_orders=int(row["month_orders"]),
        month_spent=read_total(row, "month_spent"),
    )
