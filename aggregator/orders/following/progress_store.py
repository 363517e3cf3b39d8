"""Writes down what a round of polls says of orders that go on: a statement for each kind of news, not for each order.

Nothing here moves money; what ends an order is written by itself (`settle`).
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.catalog import store as catalog_store
from aggregator.orders import store
from aggregator.orders.following import charges
from aggregator.orders.following.charges import Costs
from aggregator.orders.model import Order
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.settlement import Announce, Sight
from aggregator.orders.state import EventKind, OrderState
from aggregator.storage import clock
from aggregator.storage.parameters import values_table
from aggregator.storage.sql import execute
from aggregator.storage.tables import Event
from aggregator.storage.transaction import write

_CHARGES = {
    "id": "bigint",
    "highest_charge": "text",
    "last_charge": "text",
    "stated_charges": "text",
    "spent": "bigint",
    "returned": "bigint",
    "overcharge": "text",
    "overcharged_at": "bigint",
}
_ANNOUNCED = {
    "id": "bigint",
    "phase": "text",
    "remains": "bigint",
    "runs_done": "bigint",
    "start_count": "bigint",
    "delivery_seen": "boolean",
}
# Another process may have announced more since the decision was made.
_FURTHEST = "case when orders.phase = 'in_progress' or told.phase = 'pending' then orders.phase else told.phase end"
_SIGHTS = {"id": "bigint", "state": "text", "sight": "text", "sight_at": "bigint", "start_count": "bigint"}
# Another process may have read a number where this one read none.
_START = "case when told.start_count > 0 then told.start_count else coalesce(orders.start_count, told.start_count) end"
_STILL_ASKED = (
    " and exists (select 1 from attempts where attempts.order_id = orders.id and attempts.outcome = 'accepted'"
    " and attempts.superseded_at is null)"
)
"""The id that was asked about is still this order's."""


async def keep_charges(costs: Sequence[Costs], *, provider: str, digits: int) -> None:
    """These attempts at a provider are known to it, and this is what they cost; `digits` = the most that it prints.

    A charge beyond the list has the provider's catalogue read at once: its price may have risen.
    """
    if costs:
        moved = [one.attempt.id for one in costs if one.moved]
        await write(lambda: daily_totals_store.follow(moved, lambda: _keep_charges(costs, provider, digits)))


async def _keep_charges(costs: Sequence[Costs], provider: str, digits: int) -> None:
    query, values = values_table(
        _CHARGES, [charges.values(one.charge) for one in sorted(costs, key=lambda one: one.attempt.id)]
    )
    changes = ", ".join(f"{column} = told.{column}" for column in _CHARGES if column != "id")
    # SQL: an update from rows as one parameter.
    await execute(
        f"update attempts set {changes}, lost_since = null from ({query}) as told where attempts.id = told.id"
        " and attempts.superseded_at is null",
        *values,
    )
    await catalog_store.note_digits(provider, digits)
    above = [(one.attempt.order_id, one.state, text) for one in costs if (text := one.overcharge) is not None]
    if above:
        await store.note_all(above)
        await catalog_store.set_provider(provider, sync_due_at=0)


async def keep(announced: Sequence[tuple[Order, Announce]], sights: Sequence[tuple[Order, Sight]]) -> None:
    """What open orders tell their resellers, which ends a first sight and a hold; and first sights of endings."""
    if announced or sights:
        await write(lambda: _keep(announced, sights))


async def _keep(announced: Sequence[tuple[Order, Announce]], sights: Sequence[tuple[Order, Sight]]) -> None:
    if announced:
        query, values = values_table(
            _ANNOUNCED,
            [
                (order.id, one.phase.value, one.remains, one.runs_done, one.start_count, one.delivery_seen)
                for order, one in announced
            ],
        )
        # SQL: an update from rows as one parameter, that takes no step back.
        await execute(
            f"update orders set phase = {_FURTHEST}, remains = told.remains,"
            # An older reading may be written after a newer one, in another process.
            " runs_done = case when told.runs_done is null or orders.runs_done > told.runs_done"
            " then orders.runs_done else told.runs_done end,"
            f" start_count = {_START}, delivery_seen = told.delivery_seen, sight = null, sight_at = null,"
            f" held = null from ({query}) as told where orders.id = told.id and orders.state = '{OrderState.ACTIVE}'"
            f"{_STILL_ASKED}",
            *values,
        )
    if sights:
        query, values = values_table(
            _SIGHTS,
            [(order.id, order.state.value, one.sight, _since(order, one), one.start_count) for order, one in sights],
        )
        await execute(
            f"update orders set sight = told.sight, sight_at = told.sight_at, start_count = {_START}"
            f" from ({query}) as told where orders.id = told.id and orders.state = told.state"
            f"{_STILL_ASKED}",
            *values,
        )


async def note_start_count(order: Order, provider: str, said: int, *, most: int) -> None:
    """A line in the history about a count that is not told, unless it stands there, or so many do."""
    text = f"{provider} states another start count: {said}"
    # SQL: it inserts unless the line, or so many, are there.
    await Event.raw(
        "insert into events (order_id, state, text, kind, at) select {}, {}, {}, {}, {} where"
        " (select count(*) from events where order_id = {} and kind = {}) < {}"
        " and not exists (select 1 from events where order_id = {} and text = {})",
        order.id,
        order.state.value,
        text,
        EventKind.START_COUNT,
        clock.now(),
        order.id,
        EventKind.START_COUNT,
        most,
        order.id,
        text,
    )


def _since(order: Order, sight: Sight) -> int | None:
    """Since when an ending has been seen that is seen once more."""
    return order.sight_at if order.sight == sight.sight else clock.now()
