"""The reseller calls an order off: at once while it has not left, else as a wish that its provider must grant."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.catalog.shelf import Shelf
from aggregator.errors import CancelRefused, OrderNotFound
from aggregator.orders import store
from aggregator.orders.model import Order
from aggregator.orders.settle import settle
from aggregator.orders.state import OrderState
from aggregator.orders.track import Tracker
from aggregator.resellers.model import Reseller
from pricing.markup import Buyer


class Canceller:
    """Cancels for resellers."""

    def __init__(self, shelf: Callable[[], Shelf], tracker: Tracker, wake: Callable[[], None]) -> None:
        self._shelf = shelf
        self._tracker = tracker
        self._wake = wake

    async def cancel(self, reseller: Reseller, order_id: int) -> int:
        """Cancel a queued order, or remember the wish for one that has left; the number of the request.

        Repeats are answered alike. Raises `OrderNotFound`, also for another's order, and `CancelRefused` for one
        that has ended, or runs where cancelling is not offered.
        """
        order = await self._load(reseller, order_id)
        while order.state is OrderState.QUEUED:
            ended = await settle(order, order.quantity, note="cancelled by the reseller")
            if ended is not None:
                await self._tracker.refresh([ended])
                return order_id
            order = await self._load(reseller, order_id)
        if order.state is not OrderState.CANCELLED and not order.cancel_wish:
            await self._wish(order, reseller)
        return order_id

    async def _load(self, reseller: Reseller, order_id: int) -> Order:
        order = (await store.of_reseller(reseller.id, [order_id])).get(order_id)
        if order is None:
            raise OrderNotFound
        return order

    async def _wish(self, order: Order, reseller: Reseller) -> None:
        service = self._shelf().get(order.service)
        offered = service is not None and service.terms(Buyer(reseller.tier, reseller.name)).cancel
        if order.state is OrderState.ACTIVE and not offered:
            raise CancelRefused
        if not await store.wish_cancel(order.id):
            raise CancelRefused
        self._wake()
