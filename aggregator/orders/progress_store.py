"""Writes down what a round of polls says of orders that go on: a statement for each kind of news, not for each order.

Nothing here moves money; what ends an order is written by itself (`settle`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from aggregator.orders.model import Order
from aggregator.orders.settlement import Announce, Sight
from aggregator.orders.state import OrderState
from aggregator.storage import clock
from aggregator.storage.lists import table_of
from aggregator.storage.statements import run
from aggregator.storage.transaction import write

_CHARGES = {"id": "bigint", "highest": "text", "last": "text"}
_ANNOUNCED = {
    "id": "bigint", "phase": "text", "remains": "bigint", "runs_done": "bigint", "start_count": "bigint",
    "delivery_seen": "boolean",
}  # fmt: skip
# Another process may have announced more since the decision was made.
_FURTHEST = "case when orders.phase = 'in_progress' or told.phase = 'pending' then orders.phase else told.phase end"
_SIGHTS = {"id": "bigint", "state": "text", "sight": "text", "sight_at": "bigint", "start_count": "bigint"}


class Charge(NamedTuple):
    """The provider's charge for an attempt, as text: its highest so far, and the last one that was stated."""

    attempt: int
    highest: str | None
    last: str | None


async def keep_charges(charges: Sequence[Charge]) -> None:
    """These attempts are known to their provider, and this is what they cost."""
    if not charges:
        return
    query, values = table_of(_CHARGES, sorted(charges))
    await write(
        lambda: run(
            "update attempts set highest_charge = told.highest, last_charge = told.last, lost_since = null"
            f" from ({query}) as told where attempts.id = told.id",
            *values,
        )
    )


async def keep(announced: Sequence[tuple[Order, Announce]], sights: Sequence[tuple[Order, Sight]]) -> None:
    """What open orders tell their resellers, which ends a first sight and a hold; and first sights of endings."""
    if announced or sights:
        await write(lambda: _keep(announced, sights))


async def _keep(announced: Sequence[tuple[Order, Announce]], sights: Sequence[tuple[Order, Sight]]) -> None:
    if announced:
        query, values = table_of(
            _ANNOUNCED,
            [
                (order.id, one.phase.value, one.remains, one.runs_done, one.start_count, one.delivery_seen)
                for order, one in announced
            ],
        )
        await run(
            f"update orders set phase = {_FURTHEST}, remains = told.remains, runs_done = told.runs_done,"
            " start_count = told.start_count, delivery_seen = told.delivery_seen, sight = null, sight_at = null,"
            f" held = null from ({query}) as told where orders.id = told.id and orders.state = '{OrderState.ACTIVE}'",
            *values,
        )
    if sights:
        query, values = table_of(
            _SIGHTS,
            [(order.id, order.state.value, one.sight, _since(order, one), one.start_count) for order, one in sights],
        )
        await run(
            "update orders set sight = told.sight, sight_at = told.sight_at, start_count = told.start_count"
            f" from ({query}) as told where orders.id = told.id and orders.state = told.state",
            *values,
        )


def _since(order: Order, sight: Sight) -> int | None:
    """Since when an ending has been seen that is seen once more."""
    return order.sight_at if order.sight == sight.sight else clock.now()
