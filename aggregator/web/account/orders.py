"""A reseller's orders: the list, and one order with its life, its refunds, and what can still be done about it."""

from __future__ import annotations

from urllib.parse import urlencode

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from aggregator.api.ordering import REFILL_TOLD, status_of
from aggregator.api.wire import Action
from aggregator.orders import store
from aggregator.orders.following import cancel_store
from aggregator.orders.model import Order
from aggregator.orders.reporting import receipt, reseller_orders_store
from aggregator.orders.reporting.reseller_orders_store import STATES, Mine
from aggregator.orders.state import OrderState
from aggregator.resellers.model import Caller
from aggregator.web.account.buying import TheCaller, acting
from aggregator.web.dependencies import Id, Params, Parts, SellerId, or_404
from aggregator.web.responses import Onward, Page, page
from pricing.markup import Buyer

ROWS = 50


class Row(Struct, frozen=True, kw_only=True):
    """An order in a list."""

    order: Order
    status: str
    service: str
    """Its name now; "" where we no longer sell it."""


async def order_of(seller_id: SellerId, order_id: Id) -> Order:
    return or_404((await store.of_reseller(seller_id, [order_id])).get(order_id))


class OrdersController(Controller):
    path = "/orders"
    dependencies = {"order": Provide(order_of)}

    @get()
    async def listed(self, parts: Parts, params: Params, seller_id: SellerId) -> Page:
        asked = {
            "state": params.choice("state", STATES, ""),
            "q": params.text("q", most=200),
            "service": params.text("service", most=20),
        }
        mine = Mine(
            state=asked["state"],
            text=asked["q"],
            service=params.number("service", 0, most=2**53) or None,
            before=params.number("before", 0, most=2**53) or None,
        )
        found = await reseller_orders_store.find(seller_id, mine, limit=ROWS + 1)
        kept = {name: value for name, value in asked.items() if value}
        return page(
            "account/orders.html",
            rows=rows_of(parts, found[:ROWS]),
            more=len(found) > ROWS,
            asked=asked,
            kept=kept,
            base=f"/orders?{urlencode(kept)}&",
            before=mine.before,
        )

    @get("/{order_id:int}")
    async def show(self, parts: Parts, caller: TheCaller, order: NamedDependency[Order]) -> Page:
        told = await receipt.of_order(order)
        refused = order.cancel_wish and not order.state.ended and await cancel_store.refusing(order.id) is not None
        return page(
            "account/order.html",
            order=order,
            told=told,
            row=rows_of(parts, [order])[0],
            refills=[(refill, REFILL_TOLD[refill.state].value) for refill in told.refills],
            fields=_shown_fields(order),
            may_cancel=refused or _may_cancel(parts, caller, order),
            refused=refused,
            may_refill=_may_refill(parts, caller, order),
        )

    @post("/{order_id:int}/cancel")
    async def cancel(self, parts: Parts, caller: TheCaller, order_id: Id) -> Page:
        await acting(parts, caller, Action.CANCEL)
        await parts.canceller.cancel(caller.reseller, order_id)
        return Onward(f"/orders/{order_id}", "We call it off as far as it can be. What is not delivered is paid back.")

    @post("/{order_id:int}/refill")
    async def refill(self, parts: Parts, caller: TheCaller, order_id: Id) -> Page:
        await acting(parts, caller, Action.REFILL)
        await parts.refiller.request(caller.reseller.id, order_id)
        return Onward(f"/orders/{order_id}", "The refill is asked for.")


def rows_of(parts: Parts, orders: list[Order]) -> list[Row]:
    """Orders as a list shows them."""
    shelf = parts.prices.shelf
    names = {order.service: service.name for order in orders if (service := shelf.get(order.service))}
    return [Row(order=order, status=status_of(order).value, service=names.get(order.service, "")) for order in orders]


def _shown_fields(order: Order) -> list[tuple[str, str]]:
    """What the type took besides the link, a list as its lines."""
    return [
        (name.replace("_", " ").capitalize(), value if isinstance(value, str) else "\n".join(value))
        for name, value in order.type_fields().items()
    ]


def _may_cancel(parts: Parts, caller: Caller, order: Order) -> bool:
    return order.state is OrderState.QUEUED or (
        not order.state.ended and not order.cancel_wish and _offers(parts, caller, order, refill=False)
    )


def _may_refill(parts: Parts, caller: Caller, order: Order) -> bool:
    return order.state in (OrderState.COMPLETED, OrderState.PARTIAL) and _offers(parts, caller, order, refill=True)


def _offers(parts: Parts, caller: Caller, order: Order, *, refill: bool) -> bool:
    service = parts.prices.shelf.get(order.service)
    terms = service.terms(Buyer(caller.reseller.tier, caller.reseller.name)) if service else None
    return terms is not None and (terms.refill if refill else terms.cancel)
