"""The reseller calls an order off: at once while it has not left, else as a wish that its provider must grant."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.catalog.shelf.shelf import Shelf
from aggregator.errors import CancelRefused, OrderNotFound
from aggregator.orders import store
from aggregator.orders.following import cancel_store
from aggregator.orders.model import Order
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState
from aggregator.orders.track import Tracker
from aggregator.resellers.model import Reseller
from pricing.markup import Buyer


class Canceller:
    """Cancels for resellers."""

    def __init__(self, shelf: Callable[[], Shelf], tracker: Tracker, wake: Callable[[str], None]) -> None:
        """`wake` is told the name of a provider that has something to be asked."""
        self._shelf = shelf
        self._tracker = tracker
        self._wake = wake

    async def cancel(self, reseller: Reseller, order_id: int) -> None:
        """Cancel a queued order, or remember the wish for one that has left.

        Repeats are answered alike, and hurry nobody. Raises `OrderNotFound`, also for another's order, and
        `CancelRefused` for one that has ended, whatever ended it, runs where cancelling is not offered, or whose
        provider has refused: that one is asked again when its reseller asks an hour later.
        """
        order = await self._load(reseller, order_id)
        if order.state.ended:
            raise CancelRefused(of_order=True)
        if order.state is OrderState.QUEUED:
            done = await self._end(order)
        elif order.cancel_wish:
            done = await self._repeat(order)
        else:
            done = await self._wish(order, reseller)
        if not done:  # it moved in this very moment
            await self.cancel(reseller, order_id)

    async def _load(self, reseller: Reseller, order_id: int) -> Order:
        order = (await store.of_reseller(reseller.id, [order_id])).get(order_id)
        if order is None:
            raise OrderNotFound
        return order

    async def _end(self, order: Order) -> bool:
        ended = await settle(order, order.quantity, note="cancelled by the reseller")
        if ended is not None:
            await self._tracker.refresh([ended])
        # Where it stands still since a red audit, the wish is remembered.
        return ended is not None or await store.request_cancel(order.id, [OrderState.QUEUED])

    async def _repeat(self, order: Order) -> bool:
        """The wish stands; where its provider has refused, the reseller is told so."""
        refusing = await cancel_store.refusing(order.id)
        if refusing is None:
            return True
        if not order.state.ended and await cancel_store.ask_again(refusing):
            self._wake(refusing.provider)
        raise CancelRefused(of_order=True)

    async def _wish(self, order: Order, reseller: Reseller) -> bool:
        service = self._shelf().get(order.service)
        offered = service is not None and service.terms(Buyer(reseller.tier, reseller.name)).cancel
        if order.state is OrderState.ACTIVE and not offered:
            # Whoever sells on from us would believe of all orders what is said of the service.
            raise CancelRefused(of_order=service is None)
        wished = await store.request_cancel(order.id)
        if wished and (serving := await cancel_store.serving(order.id)):
            self._wake(serving.provider)
        return wished
