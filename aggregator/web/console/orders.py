"""Orders for their owner: found, looked at with everything that happened, cancelled, settled where no rule may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from aggregator.orders import attempt_store, halts, resolve, search_store, store, timeline
from aggregator.orders.cancel_words import tell_asking
from aggregator.orders.model import Attempt, Order, attempt_that_counts
from aggregator.orders.proofs import AfterAbsent, foresee_absent
from aggregator.orders.routing import Market
from aggregator.orders.search_store import OrderSearch
from aggregator.orders.state import OrderState
from aggregator.resellers import store as reseller_store
from aggregator.web.console.deeds import done, reason
from aggregator.web.forms import Fields
from aggregator.web.section import Section
from aggregator.web.visit import NotHere, Page, Visit, Who
from pricing import refund

PAGE = 50

section = Section()


class Line(Struct, frozen=True, kw_only=True):
    """An order as it stands in a list."""

    order: Order
    reseller: str
    attempt: Attempt | None
    """The one that counts."""


@section.get("/console/orders", Who.OWNER)
async def orders(visit: Visit) -> Page:
    names = await reseller_names()
    sought = _sought(visit.query, names)
    found = await search_store.find(sought, limit=PAGE + 1)
    return visit.render(
        "console/orders.html", lines=await lines(found[:PAGE], names), query=visit.query,
        state_options=any_of(state.value for state in OrderState), reseller_options=any_of(sorted(names.values())),
        provider_options=any_of(one.profile.name for one in visit.parts.upstreams), counts=await counts(),
        older=_older(visit.query, found) if len(found) > PAGE else "",
    )  # fmt: skip


@section.get("/console/orders/held", Who.OWNER)
async def held(visit: Visit) -> Page:
    names = await reseller_names()
    found = await search_store.find(OrderSearch(held=True), limit=PAGE)
    return visit.render("console/held_orders.html", lines=await lines(found, names), counts=await counts())


@section.get("/console/orders/{order:int}", Who.OWNER)
async def order(visit: Visit) -> Page:
    found = await order_of(visit)
    names = await reseller_names()
    attempts = await attempt_store.of_order(found.id)
    return visit.render(
        "console/order.html", line=(await lines([found], names))[0], order=found, attempts=attempts,
        steps=await timeline.of_order(found), service=visit.parts.prices.shelf.get(found.service),
        nameless=any(one.upstream_order is None and one.outcome in resolve.UNANSWERED for one in attempts),
        unsure=found.state is OrderState.UNSURE,
        follows=await next_of(visit, found),
        fields=found.type_fields(),
        halted=await halts.why(found.reseller, found.id),
    )  # fmt: skip


@section.post("/console/orders/{order:int}/settle", Who.OWNER)
async def settle(visit: Visit) -> Page:
    """First what it comes to; then, by the second press, the deed."""
    found = await order_of(visit)
    undelivered = visit.form.whole("undelivered", most=found.quantity)
    why = reason(visit, needed=True)
    if not visit.form.flag("sure"):
        due = refund.due(found.charge, undelivered, found.quantity, found.refunded)
        return visit.render(
            "console/settle.html", order=found, undelivered=undelivered, reason=why, due=due,
            kept=found.charge - found.refunded - due, line=(await lines([found], await reseller_names()))[0],
        )  # fmt: skip
    deed = resolve.settle_by_hand(found.id, undelivered, actor=visit.author, reason=why)
    return await done(visit, deed, f"/console/orders/{found.id}", "Settled. The money has moved accordingly.")


@section.post("/console/orders/{order:int}/cancel", Who.OWNER)
async def cancel(visit: Visit) -> Page:
    found = await order_of(visit)
    deed = resolve.call_off(found.id, actor=visit.author, reason=reason(visit))
    if found.state is OrderState.QUEUED:
        told = "Cancelled and refunded."
    else:
        providers = {one.profile.name: one for one in visit.parts.upstreams}
        asking = tell_asking(found, await attempt_store.of_order(found.id), providers)
        told = f"{asking[:1].upper()}{asking[1:]}. What is not delivered is refunded at its end."
    return await done(visit, deed, f"/console/orders/{found.id}", told)


async def order_of(visit: Visit) -> Order:
    found = await store.get(visit.number("order"))
    if found is None:
        raise NotHere
    return found


async def next_of(visit: Visit, order: Order, market: Market | None = None) -> AfterAbsent:
    """What `absent` would come to for this order."""
    attempts = await attempt_store.of_order(order.id)
    service, router = visit.parts.prices.shelf.get(order.service), visit.parts.router
    return await foresee_absent(order, attempts, service, router, market or await router.look())


async def reseller_names() -> dict[int, str]:
    return {reseller.id: reseller.name for reseller, _ in await reseller_store.all_with_balances()}


async def lines(found: Sequence[Order], names: dict[int, str]) -> list[Line]:
    attempts = await attempt_store.of_orders([one.id for one in found])
    return [
        Line(
            order=one, reseller=names.get(one.reseller, str(one.reseller)),
            attempt=attempt_that_counts(attempts[one.id]),
        )
        for one in found
    ]  # fmt: skip


async def counts() -> dict[str, int]:
    """For the tabs."""
    return await store.count_waiting()


def any_of(choices: Iterable[str]) -> list[tuple[str, str]]:
    """The options of a filter."""
    return [
        ("", "Any"),
        *((choice, choice.capitalize() if choice in list(OrderState) else choice) for choice in choices),
    ]


def _sought(query: Fields, names: dict[int, str]) -> OrderSearch:
    state, reseller = query.get("state", ""), query.get("reseller", "")
    known = {name: number for number, name in names.items()}
    return OrderSearch(
        states=(state,) if state in list(OrderState) else (), provider=query.get("provider", "")[:40],
        reseller=known.get(reseller, -1) if reseller else None, held=query.flag("held"),
        text=query.get("q", "").strip()[:500], before=query.number("before", 0, most=2**53) or None,
    )  # fmt: skip


def _older(query: Fields, found: Sequence[Any]) -> str:
    kept = [(name, value) for name, value in query.pairs() if name != "before" and value]
    return urlencode([*kept, ("before", found[PAGE - 1].id)])
