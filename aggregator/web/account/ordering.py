"""A new order: the service is chosen, its form is filled in, and the charge is told as one types."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from aggregator.api.wire import Action
from aggregator.catalog.shelf import ShelfService, Terms
from aggregator.errors import NotEnoughFunds, ResellerError
from aggregator.ledger import book
from aggregator.orders.links import is_address
from aggregator.orders.model import NewOrder
from aggregator.orders.types import taken_by
from aggregator.resellers.model import Caller
from aggregator.web.account.buying import acting, ask_of, caller_of
from aggregator.web.account.fields import field
from aggregator.web.public.price_list import index_of
from aggregator.web.section import Section
from aggregator.web.texts import told
from aggregator.web.visit import NotHere, Page, Visit, Who
from pricing.markup import Buyer
from providers.vocabulary import ServiceType

SHOWN = 60
"""Services in the list to choose from; a search finds the others."""

section = Section()


class Quote(Struct, frozen=True, kw_only=True):
    """What the fields come to so far."""

    order: NewOrder | None
    fault: str
    balance: int
    """Of the wallet, in whole 1e-8."""

    @property
    def covered(self) -> bool:
        return self.order is not None and self.order.charge <= self.balance


@section.get("/orders/new", Who.RESELLER)
async def blank(visit: Visit) -> Page:
    number = visit.query.number("service", 0, most=2**53)
    caller = await caller_of(visit)
    if not number:
        return await visit.render_apart("account/choose.html", **await _choices(visit, caller))
    return await _form(visit, caller, _service(visit, number))


@section.get("/orders/new/services", Who.RESELLER)
async def services(visit: Visit) -> Page:
    return visit.part("account/choices.html", **await _choices(visit, await caller_of(visit)))


@section.get("/orders/quote", Who.RESELLER)
async def quote(visit: Visit) -> Page:
    found = await _quote(visit, await caller_of(visit), visit.query.pairs())
    return visit.part("account/quote.html", quote=found, typing=True)


@section.post("/orders/new", Who.RESELLER)
async def place(visit: Visit) -> Page:
    caller = await acting(visit, Action.ADD)
    ask_fields = _own(visit.form.pairs())
    found = await _quote(visit, caller, ask_fields)
    expected = visit.form.number("expected", 0, most=2**62)
    dearer = found.order is not None and bool(expected) and found.order.charge > expected
    if found.order is None or not found.covered or dearer or _is_doubtful(visit, found.order.link):
        service = _service(visit, visit.form.number("service", 0, most=2**53))
        return await _form(visit, caller, service, quote=found, dearer=dearer and found.covered)
    try:
        ask = ask_of(ask_fields, request_id=f"web:{visit.once_token}")
        number = await visit.parts.placer.place(caller, ask)
    except NotEnoughFunds:
        return await _form(visit, caller, _service(visit, found.order.service), quote=found)
    return visit.go(f"/orders/{number}", f"Order {number} is taken.")


def _is_doubtful(visit: Visit, link: str) -> bool:
    """Whether to ask if this is a link at all: a text that can be no address is taken on a second press."""
    return not is_address(link) and visit.form.get("sure") != link


async def _quote(visit: Visit, caller: Caller, fields: Iterable[tuple[str, str]]) -> Quote:
    balance = await book.balance(visit.reseller)
    try:
        order = visit.parts.placer.quote(caller, ask_of(_own(fields)))
    except ResellerError as error:
        return Quote(order=None, fault=told(error), balance=balance)
    return Quote(order=order, fault="", balance=balance)


def _own(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that are the order's and not the form's."""
    return [(name, value) for name, value in fields if name not in ("token", "once", "expected", "sure")]


async def _form(
    visit: Visit, caller: Caller, service: ShelfService, *, quote: Quote | None = None, dearer: bool = False
) -> Page:
    typed = visit.form or visit.query
    if quote is None and typed.get("link"):
        quote = await _quote(visit, caller, typed.pairs())
    taken, open_posts = taken_by(ServiceType(service.type)), visit.parts.settings.limits.open_subscription_posts
    return visit.render(
        "account/new_order.html", status=400 if visit.form else 200, service=service, terms=_terms(caller, service),
        fields=[(name, field(name, open_posts=open_posts), True) for name in taken.needed]
        + [(name, field(name, open_posts=open_posts), False) for name in taken.optional],
        typed=typed, quote=quote, dearer=dearer, typing=False,
        doubtful=quote.order.link if visit.form and quote and quote.order and not is_address(quote.order.link) else "",
        balance=await book.balance(visit.reseller),
    )  # fmt: skip


def _service(visit: Visit, number: int) -> ShelfService:
    service = visit.parts.prices.shelf.get(number)
    if service is None:
        raise NotHere
    return service


def _terms(caller: Caller, service: ShelfService) -> Terms:
    return service.terms(Buyer(tier=caller.reseller.tier, reseller=caller.reseller.name))


async def _choices(visit: Visit, caller: Caller) -> dict[str, Any]:
    """What the shelf has for the words and the category asked for."""
    words, category = visit.query.text("q", most=100), visit.query.text("category", most=300)
    shelf = visit.parts.prices.shelf
    found = await asyncio.to_thread(lambda: list(search(shelf, words, category)))
    categories = [name for name, _ in (await index_of(visit.parts.prices)).categories]
    return {
        "found": [(service, _terms(caller, service)) for service in found[:SHOWN]], "more": len(found) - SHOWN,
        "words": words, "category": category, "categories": categories,
    }  # fmt: skip


def search(shelf: Iterable[ShelfService], words: str, category: str) -> Iterator[ShelfService]:
    """The services of a category that have every word in their id, name or category."""
    wanted = words.casefold().split()
    for service in shelf:
        text = f"{service.id} {service.name} {service.category}".casefold()
        if (not category or service.category == category) and all(word in text for word in wanted):
            yield service
