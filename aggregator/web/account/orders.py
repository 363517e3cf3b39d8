"""A reseller's orders: the list, and one order with its life, its refunds, and what can still be done about it."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import Struct

from aggregator.api.ordering import REFILL_TOLD, status_of
from aggregator.api.wire import Action
from aggregator.orders import cancel_store, mine_store, receipt, store
from aggregator.orders.mine_store import STATES, Mine
from aggregator.orders.model import Order
from aggregator.orders.refill import request_refill
from aggregator.orders.state import OrderState
from aggregator.resellers.model import Caller
from aggregator.web.account.buying import acting, caller_of
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who
from pricing.markup import Buyer

ROWS = 50

section = Section()


class Row(Struct, frozen=True, kw_only=True):
    """An order in a list."""

    order: Order
    status: str
    service: str
    """Its name now; "" where we no longer sell it."""


@section.get("/orders", Who.RESELLER)
async def listed(visit: Visit) -> Page:
    query = visit.query
    asked = {
        "state": query.choice("state", STATES, ""), "q": query.text("q", most=200),
        "service": query.text("service", most=20),
    }  # fmt: skip
    mine = Mine(
        state=asked["state"], text=asked["q"], service=query.number("service", 0, most=2**53) or None,
        before=query.number("before", 0, most=2**53) or None,
    )  # fmt: skip
    found = await mine_store.find(visit.reseller, mine, limit=ROWS + 1)
    kept = {name: value for name, value in asked.items() if value}
    return visit.render(
        "account/orders.html", rows=rows_of(visit, found[:ROWS]), more=len(found) > ROWS, asked=asked, kept=kept,
        base=f"/orders?{urlencode(kept)}&", before=mine.before,
    )  # fmt: skip


@section.get("/orders/{order:int}", Who.RESELLER)
async def show(visit: Visit) -> Page:
    order = await _mine(visit)
    caller = await caller_of(visit)
    told = await receipt.of_order(order)
    refused = order.cancel_wish and not order.state.ended and await cancel_store.refusing(order.id) is not None
    return visit.render(
        "account/order.html", order=order, told=told, row=rows_of(visit, [order])[0],
        refills=[(refill, REFILL_TOLD[refill.state].value) for refill in told.refills],
        fields=_shown_fields(order), may_cancel=refused or _may_cancel(visit, caller, order), refused=refused,
        may_refill=_may_refill(visit, caller, order),
    )  # fmt: skip


@section.post("/orders/{order:int}/cancel", Who.RESELLER)
async def cancel(visit: Visit) -> Page:
    number = visit.number("order")
    caller = await acting(visit, Action.CANCEL)
    await visit.parts.canceller.cancel(caller.reseller, number)
    return visit.go(f"/orders/{number}", "We call it off as far as it can be. What is not delivered is paid back.")


@section.post("/orders/{order:int}/refill", Who.RESELLER)
async def refill(visit: Visit) -> Page:
    number = visit.number("order")
    await acting(visit, Action.REFILL)
    await request_refill(visit.reseller, number, visit.parts.prices.shelf)
    return visit.go(f"/orders/{number}", "The refill is asked for.")


def rows_of(visit: Visit, orders: list[Order]) -> list[Row]:
    """Orders as a list shows them."""
    shelf = visit.parts.prices.shelf
    names = {order.service: service.name for order in orders if (service := shelf.get(order.service))}
    return [Row(order=order, status=status_of(order).value, service=names.get(order.service, "")) for order in orders]


async def _mine(visit: Visit) -> Order:
    number = visit.number("order")
    order = (await store.of_reseller(visit.reseller, [number])).get(number)
    if order is None:
        raise NotHere
    return order


def _shown_fields(order: Order) -> list[tuple[str, str]]:
    """What the type took besides the link, a list as its lines."""
    return [
        (name.replace("_", " ").capitalize(), value if isinstance(value, str) else "\n".join(value))
        for name, value in order.type_fields().items()
    ]


def _may_cancel(visit: Visit, caller: Caller, order: Order) -> bool:
    return order.state is OrderState.QUEUED or (
        not order.state.ended and not order.cancel_wish and _offers(visit, caller, order, refill=False)
    )


def _may_refill(visit: Visit, caller: Caller, order: Order) -> bool:
    return order.state is OrderState.COMPLETED and _offers(visit, caller, order, refill=True)


def _offers(visit: Visit, caller: Caller, order: Order, *, refill: bool) -> bool:
    service = visit.parts.prices.shelf.get(order.service)
    terms = service.terms(Buyer(caller.reseller.tier, caller.reseller.name)) if service else None
    return terms is not None and (terms.refill if refill else terms.cancel)
