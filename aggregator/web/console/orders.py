"""Orders for their owner: found, looked at with everything that happened, cancelled, settled where no rule may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from msgspec import Struct

from aggregator.orders import attempt_store, halts, store
from aggregator.orders.aftersales.cancel_words import tell_asking
from aggregator.orders.dispatching.routing import Market
from aggregator.orders.model import Attempt, Order, attempt_that_counts
from aggregator.orders.reporting import search_store, timeline
from aggregator.orders.reporting.search_store import OrderSearch
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import resolve
from aggregator.orders.unsure.proofs import AfterAbsent, foresee_absent
from aggregator.resellers import store as reseller_store
from aggregator.web.console.deeds import done, reason
from aggregator.web.dependencies import Author, Form, Id, Params, Parts, or_404
from aggregator.web.responses import Page, page
from pricing import refund

PAGE = 50


class Line(Struct, frozen=True, kw_only=True):
    """An order as it stands in a list."""

    order: Order
    reseller: str
    attempt: Attempt | None
    """The one that counts."""


async def order_of(order_id: Id) -> Order:
    return or_404(await store.get(order_id))


class OrdersController(Controller):
    path = "/orders"
    dependencies = {"order": Provide(order_of)}

    @get()
    async def orders(self, parts: Parts, params: Params) -> Page:
        names = await reseller_names()
        sought = _sought(params, names)
        found = await search_store.find(sought, limit=PAGE + 1)
        return page(
            "console/orders.html",
            lines=await lines(found[:PAGE], names),
            query=params,
            state_options=any_of(state.value for state in OrderState),
            reseller_options=any_of(sorted(names.values())),
            provider_options=any_of(one.profile.name for one in parts.upstreams),
            counts=await store.count_waiting(),
            older=_older(params, found) if len(found) > PAGE else "",
        )

    @get("/held")
    async def held(self) -> Page:
        names = await reseller_names()
        found = await search_store.find(OrderSearch(held=True), limit=PAGE)
        return page("console/held_orders.html", lines=await lines(found, names), counts=await store.count_waiting())

    @get("/{order_id:int}")
    async def show(self, parts: Parts, order: NamedDependency[Order]) -> Page:
        names = await reseller_names()
        attempts = await attempt_store.of_order(order.id)
        return page(
            "console/order.html",
            line=(await lines([order], names))[0],
            order=order,
            attempts=attempts,
            steps=await timeline.of_order(order),
            service=parts.prices.shelf.get(order.service),
            nameless=any(one.upstream_order is None and one.outcome in resolve.UNANSWERED for one in attempts),
            unsure=order.state is OrderState.UNSURE,
            follows=await next_of(parts, order),
            fields=order.type_fields(),
            halted=await halts.why(order.reseller, order.id),
        )

    @post("/{order_id:int}/settle")
    async def settle(self, form: Form, author: Author, order: NamedDependency[Order]) -> Page:
        """First what it comes to; then, by the second press, the deed."""
        undelivered = form.whole("undelivered", most=order.quantity)
        why = reason(form, needed=True)
        if not form.flag("sure"):
            due = refund.due(order.charge, undelivered, order.quantity, order.refunded)
            return page(
                "console/settle.html",
                order=order,
                undelivered=undelivered,
                reason=why,
                due=due,
                kept=order.charge - order.refunded - due,
                line=(await lines([order], await reseller_names()))[0],
            )
        return await done(
            resolve.settle_by_hand(order.id, undelivered, actor=author, reason=why),
            f"/console/orders/{order.id}",
            "Settled. The money has moved accordingly.",
        )

    @post("/{order_id:int}/cancel")
    async def cancel(self, parts: Parts, form: Form, author: Author, order: NamedDependency[Order]) -> Page:
        queued = order.state is OrderState.QUEUED
        return await done(
            resolve.call_off(order.id, actor=author, reason=reason(form)),
            f"/console/orders/{order.id}",
            "Cancelled and refunded." if queued else await _asking(parts, order),
        )


async def _asking(parts: Parts, order: Order) -> str:
    """Who is asked to call it off, or why nobody is."""
    providers = {one.profile.name: one for one in parts.upstreams}
    asking = tell_asking(order, await attempt_store.of_order(order.id), providers)
    return f"{asking[:1].upper()}{asking[1:]}. What is not delivered is refunded at its end."


async def next_of(parts: Parts, order: Order, market: Market | None = None) -> AfterAbsent:
    """What `absent` would come to for this order."""
    attempts = await attempt_store.of_order(order.id)
    service, router = parts.prices.shelf.get(order.service), parts.router
    return await foresee_absent(order, attempts, service, router, market or await router.look())


async def reseller_names() -> dict[int, str]:
    return {reseller.id: reseller.name for reseller, _ in await reseller_store.all_with_balances()}


async def lines(found: Sequence[Order], names: dict[int, str]) -> list[Line]:
    attempts = await attempt_store.of_orders([one.id for one in found])
    return [
        Line(
            order=one,
            reseller=names.get(one.reseller, str(one.reseller)),
            attempt=attempt_that_counts(attempts[one.id]),
        )
        for one in found
    ]


def any_of(choices: Iterable[str]) -> list[tuple[str, str]]:
    """The options of a filter."""
    return [
        ("", "Any"),
        *((choice, choice.capitalize() if choice in list(OrderState) else choice) for choice in choices),
    ]


def _sought(params: Params, names: dict[int, str]) -> OrderSearch:
    state, reseller = params.get("state", ""), params.get("reseller", "")
    known = {name: number for number, name in names.items()}
    return OrderSearch(
        states=(state,) if state in list(OrderState) else (),
        provider=params.get("provider", "")[:40],
        reseller=known.get(reseller, -1) if reseller else None,
        held=params.flag("held"),
        text=params.get("q", "").strip()[:500],
        before=params.number("before", 0, most=2**53) or None,
    )


def _older(params: Params, found: Sequence[Any]) -> str:
    kept = [(name, value) for name, value in params.pairs() if name != "before" and value]
    return urlencode([*kept, ("before", found[PAGE - 1].id)])
