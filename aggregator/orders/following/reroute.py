"""Sends an order on that its provider called off before delivering anything, instead of refunding it."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from aggregator.orders import attempt_store, store
from aggregator.orders.dispatching import failover
from aggregator.orders.dispatching.failover import Go
from aggregator.orders.dispatching.routing import Router
from aggregator.orders.model import Attempt, Order
from aggregator.orders.reconciling import reconciliation_store
from aggregator.orders.settling.settlement import Finish
from aggregator.orders.state import OrderState, Outcome
from aggregator.storage import clock
from aggregator.storage.transaction import write


def may_be_rerouted(order: Order, finish: Finish) -> bool:
    """Only what nobody has seen a unit of, nor a run or post that has begun, and what its reseller still wants."""
    untouched = not order.delivery_seen and not order.undelivered and finish.undelivered == order.quantity
    begun = bool(order.runs_done or finish.runs_done)
    return order.state is OrderState.ACTIVE and untouched and not begun and not order.cancel_wish


class _Ended(Exception):
    """The order was settled meanwhile: its attempt must stay the one that is followed."""


class Rerouter:
    """Finds the next provider that has not been tried; the old attempt stays watched, as the owner's risk."""

    def __init__(self, router: Router, wake: Callable[[], None], *, enabled: bool, give_up_ms: int) -> None:
        self._router = router
        self._wake = wake
        self._enabled = enabled
        self._give_up_ms = give_up_ms

    async def reroute(self, order: Order, attempt: Attempt, finish: Finish) -> bool:
        """Put the order back into the queue; False where it must be refunded instead."""
        if not self._enabled or not may_be_rerouted(order, finish) or not await self._has_route(order, attempt):
            return False

        async def work() -> bool:
            called_off = await attempt_store.answer(attempt.id, Outcome.CALLED_OFF, source=[Outcome.ACCEPTED])
            if called_off is None:
                return False
            text = f"{attempt.provider} called it off before any delivery: on to the next"
            await store.note(order.id, OrderState.QUEUED, text)
            if not await store.enqueue(order.id, OrderState.ACTIVE, due_at=clock.now()):
                raise _Ended
            await reconciliation_store.add_due(order, attempt.id, finish.undelivered)
            return True

        try:
            moved = await write(work)
        except _Ended:
            return False
        if moved:
            self._wake()
        return moved

    async def _has_route(self, order: Order, attempt: Attempt) -> bool:
        market = await self._router.look()
        if market.doubts(attempt.provider):
            return False
        attempts = await attempt_store.of_order(order.id)
        tried = [_called_off(one) if one.id == attempt.id else one for one in attempts]
        routes = await self._router.routes(order, tried, market)
        return isinstance(failover.choose(order, tried, routes, now=market.now, give_up_ms=self._give_up_ms), Go)


def _called_off(attempt: Attempt) -> Attempt:
    return replace(attempt, outcome=Outcome.CALLED_OFF)
