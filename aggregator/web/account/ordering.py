"""A new order: the service is chosen, its form is filled in, and the charge is told as one types."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from litestar import Controller, get, post
from msgspec import Struct

from aggregator.api.wire import Action
from aggregator.catalog.shelf.shelf import ShelfService, Terms
from aggregator.errors import NotEnoughFunds, ResellerError
from aggregator.ledger import book
from aggregator.orders.intake.links import is_address
from aggregator.orders.intake.types import taken_by
from aggregator.orders.model import NewOrder
from aggregator.resellers.model import Caller
from aggregator.web.account.buying import TheCaller, acting, ask_of
from aggregator.web.account.fields import field
from aggregator.web.dependencies import Form, HttpRequest, Params, Parts, or_404
from aggregator.web.public.price_list import index_of
from aggregator.web.responses import Onward, Page, page, page_apart
from aggregator.web.texts import told
from pricing.markup import Buyer
from providers.vocabulary import ServiceType

SHOWN = 60
"""Services in the list to choose from; a search finds the others."""


class Quote(Struct, frozen=True, kw_only=True):
    """What the fields come to so far."""

    order: NewOrder | None
    fault: str
    balance: int
    """Of the wallet, in whole 1e-8."""

    @property
    def covered(self) -> bool:
        return self.order is not None and self.order.charge <= self.balance


class OrderingController(Controller):
    path = "/orders"

    @get("/new")
    async def blank(self, request: HttpRequest, parts: Parts, form: Form, params: Params, caller: TheCaller) -> Page:
        number = params.number("service", 0, most=2**53)
        if not number:
            return await page_apart(request, "account/choose.html", **await _choices(parts, params, caller))
        return await _form(parts, form, params, caller, or_404(parts.prices.shelf.get(number)))

    @get("/new/services")
    async def services(self, parts: Parts, params: Params, caller: TheCaller) -> Page:
        return page("account/choices.html", **await _choices(parts, params, caller))

    @get("/quote")
    async def quote(self, parts: Parts, params: Params, caller: TheCaller) -> Page:
        found = await _quote(parts, caller, params.pairs())
        return page("account/quote.html", quote=found, typing=True)

    @post("/new")
    async def place(self, parts: Parts, form: Form, params: Params, caller: TheCaller) -> Page:
        await acting(parts, caller, Action.ADD)
        ask_fields = _own(form.pairs())
        found = await _quote(parts, caller, ask_fields)
        expected = form.number("expected", 0, most=2**62)
        dearer = found.order is not None and bool(expected) and found.order.charge > expected
        if found.order is None or not found.covered or dearer or _is_doubtful(form, found.order.link):
            service = or_404(parts.prices.shelf.get(form.number("service", 0, most=2**53)))
            return await _form(parts, form, params, caller, service, quote=found, dearer=dearer and found.covered)
        try:
            ask = ask_of(ask_fields, request_id=f"web:{form.once_token}")
            number = await parts.placer.place(caller, ask)
        except NotEnoughFunds:
            return await _form(
                parts, form, params, caller, or_404(parts.prices.shelf.get(found.order.service)), quote=found
            )
        return Onward(f"/orders/{number}", f"Order {number} is taken.")


def _is_doubtful(form: Form, link: str) -> bool:
    """Whether to ask if this is a link at all: a text that can be no address is taken on a second press."""
    return not is_address(link) and form.get("sure") != link


async def _quote(parts: Parts, caller: Caller, fields: Iterable[tuple[str, str]]) -> Quote:
    balance = await book.balance(caller.reseller.id)
    try:
        order = parts.placer.quote(caller, ask_of(_own(fields)))
    except ResellerError as error:
        return Quote(order=None, fault=told(error), balance=balance)
    return Quote(order=order, fault="", balance=balance)


def _own(fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that are the order's and not the form's."""
    return [(name, value) for name, value in fields if name not in ("token", "once", "expected", "sure")]


async def _form(
    parts: Parts,
    form: Form,
    params: Params,
    caller: Caller,
    service: ShelfService,
    *,
    quote: Quote | None = None,
    dearer: bool = False,
) -> Page:
    typed = form or params
    if quote is None and typed.get("link"):
        quote = await _quote(parts, caller, typed.pairs())
    taken, open_posts = taken_by(ServiceType(service.type)), parts.settings.limits.open_subscription_posts
    return page(
        "account/new_order.html",
        status=400 if form else 200,
        service=service,
        terms=_terms(caller, service),
        fields=[(name, field(name, open_posts=open_posts), True) for name in taken.needed]
        + [(name, field(name, open_posts=open_posts), False) for name in taken.optional],
        typed=typed,
        quote=quote,
        dearer=dearer,
        typing=False,
        doubtful=quote.order.link if form and quote and quote.order and not is_address(quote.order.link) else "",
        balance=await book.balance(caller.reseller.id),
    )


def _terms(caller: Caller, service: ShelfService) -> Terms:
    return service.terms(Buyer(tier=caller.reseller.tier, reseller=caller.reseller.name))


async def _choices(parts: Parts, params: Params, caller: Caller) -> dict[str, Any]:
    """What the shelf has for the words and the category asked for."""
    words, category = params.text("q", most=100), params.text("category", most=300)
    shelf = parts.prices.shelf
    found = await asyncio.to_thread(lambda: list(search(shelf, words, category)))
    return {
        "found": [(service, _terms(caller, service)) for service in found[:SHOWN]],
        "more": len(found) - SHOWN,
        "words": words,
        "category": category,
        "categories": [name for name, _ in (await index_of(parts.prices)).categories],
    }


def search(shelf: Iterable[ShelfService], words: str, category: str) -> Iterator[ShelfService]:
    """The services of a category that have every word in their id, name or category."""
    wanted = words.casefold().split()
    for service in shelf:
        text = f"{service.id} {service.name} {service.category}".casefold()
        if (not category or service.category == category) and all(word in text for word in wanted):
            yield service
