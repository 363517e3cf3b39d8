"""The rows that a provider's balance is reconciled with: our attempts there, and what should have come back."""

from __future__ import annotations

import msgspec

from aggregator.orders.attempt_store import as_attempt
from aggregator.orders.model import Order
from aggregator.orders.reconciling.reconciliation import ExpectedRefund, Purchase, refund_of
from aggregator.storage import clock
from aggregator.storage.id_ranges import first_id, from_id_on
from aggregator.storage.tables import Attempt as AttemptTable
from aggregator.storage.tables import DueRefund

_PURCHASE = ", ".join(f"a.{name}" for name in Purchase.__struct_fields__)
_OUT_OF_ORDER_MS = 600_000
"""Longer than any transaction: so far the times of rows may be behind those of rows with lower ids."""


async def add_due(order: Order, attempt: int, undelivered: int) -> None:
    """Units did not come, by the provider's word, beside what it had told of before; inside the deed's transaction.

    The word is as old as its first sight.
    """
    units = undelivered - order.undelivered
    rows = await AttemptTable.select().where(AttemptTable.id == attempt)
    if units <= 0 or not rows:
        return
    one = as_attempt(rows[0])
    seen_at = order.sight_at or clock.now()
    since = min(max(one.whole_at or 0, one.created_at), seen_at)
    row = DueRefund(provider=one.provider, order_id=order.id, attempt=attempt, units=units, since=since, at=seen_at)
    await DueRefund.insert(row)


async def refunds(provider: str, *, currency: str, since: int) -> list[ExpectedRefund]:
    """What should have come back from a provider, by its words since a moment, for what was bought in a currency."""
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await DueRefund.raw(
        f"select d.units, d.since as begun, d.at as said, o.quantity, {_PURCHASE} from due_refunds d"
        " join orders o on o.id = d.order_id join attempts a on a.id = d.attempt"
        " where d.provider = {} and d.at > {} and a.currency = {} order by d.at, d.id",
        provider,
        since,
        currency,
    )
    return [
        refund_of(
            msgspec.convert(dict(row), Purchase),
            units=int(row["units"]),
            quantity=int(row["quantity"]),
            since=int(row["begun"]),
            at=int(row["said"]),
        )
        for row in rows
    ]


async def purchases(provider: str, *, since: int, until: int) -> list[Purchase]:
    """Every try at a provider that began between two moments."""
    first = await first_id(AttemptTable, since - _OUT_OF_ORDER_MS)
    # SQL: SQLite is told to go by ids, whatever index there is.
    rows = await AttemptTable.raw(
        f"select {', '.join(Purchase.__struct_fields__)} from {from_id_on(AttemptTable)}"
        " where id >= {} and provider = {} and created_at >= {} and created_at <= {} order by id",
        first,
        provider,
        since,
        until,
    )
    return [msgspec.convert(dict(row), Purchase) for row in rows]


async def rename_provider(old: str, new: str) -> None:
    await DueRefund.update({DueRefund.provider: new}).where(DueRefund.provider == old)
