"""The price list, and what changed on it: for everybody, and for a reseller at their own prices."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from litestar import Controller, get
from litestar.di import NamedDependency

from aggregator.catalog.news import news_store
from aggregator.resellers import store as reseller_store
from aggregator.web.dependencies import Address, HttpRequest, Params, Parts, allow
from aggregator.web.page_cache import made
from aggregator.web.public import feeds
from aggregator.web.public.answers import MOMENT, send, show
from aggregator.web.public.price_list import FLAGS, SORTS, Filters, index_of
from aggregator.web.responses import Page
from pricing.markup import Buyer

LONGEST_SEARCH = 100
SHOWN_CHANGES = 200
FED_CHANGES = 500
SEARCHES, SEARCHES_SECONDS = 300, 60
"""From one address: more than anybody types, also behind one router. The plain list is made once for all."""


async def buyer_of(request: HttpRequest) -> Buyer:
    """Whose prices are shown: the reseller's who looks, else those for nobody in particular."""
    if request.user is None or request.user.reseller is None:
        return Buyer()
    reseller = await reseller_store.get(request.user.reseller)
    return Buyer(tier=reseller.tier, reseller=reseller.name)


class ServicesController(Controller):
    path = "/services"

    @get()
    async def services(
        self, request: HttpRequest, parts: Parts, params: Params, address: Address, buyer: NamedDependency[Buyer]
    ) -> Page:
        filters = _filters(params)
        if _question(filters):
            await allow(parts, f"search:{address}", calls=SEARCHES, seconds=SEARCHES_SECONDS)
        shelf, figures = parts.prices.shelf, await parts.performance.figures()
        index = await index_of(parts.prices)
        found = await asyncio.to_thread(index.find, filters, buyer, figures)
        key = "" if filters.words else f"services?{_question(filters)}&{found.page}"
        return await show(
            request,
            parts.kept,
            key,
            (shelf, figures),
            "public/services.html",
            lambda: {
                "found": found,
                "filters": filters,
                "categories": index.categories,
                "flags": FLAGS,
                "sorts": SORTS,
                "all": len(shelf),
                "base": f"/services?{_question(filters)}&",
                "told_times": any(row.figure for row in found.rows),
            },
        )

    @get("/changes")
    async def changes(self, request: HttpRequest, parts: Parts) -> Page:
        news = await news_store.newest(SHOWN_CHANGES)
        return await show(
            request, parts.kept, "", (), "public/changes.html", lambda: {"news": news, "words": feeds.WORDS}
        )

    @get("/changes.json")
    async def changes_as_json(self, request: HttpRequest, parts: Parts, params: Params) -> Page:
        """`after`: only those told after the one with this id, for whoever asks again and again."""
        news = await news_store.newest(FED_CHANGES, after=params.number("after", 0, most=2**53))
        panel = parts.settings.panel
        told = await asyncio.to_thread(lambda: made(feeds.as_json(panel, news), "application/json"))
        return send(request, told, MOMENT)

    @get("/changes.atom")
    async def changes_as_atom(self, request: HttpRequest, parts: Parts) -> Page:
        news = await news_store.newest(SHOWN_CHANGES)
        panel = parts.settings.panel
        told = await asyncio.to_thread(lambda: made(feeds.as_atom(panel, news), "application/atom+xml"))
        return send(request, told, MOMENT)


def _filters(params: Params) -> Filters:
    """As far as the address can be understood; what cannot be is left out."""
    words = "".join(letter for letter in params.get("q", "") if letter.isprintable())
    return Filters(
        words=words.strip()[:LONGEST_SEARCH],
        category=params.get("category", "")[:500],
        flags=frozenset(flag for flag in FLAGS if params.flag(flag)),
        sort=params.choice("sort", SORTS, ""),
        page=params.number("page"),
    )


def _question(filters: Filters) -> str:
    """The filters as an address has them, without the page."""
    pairs = {"q": filters.words, "category": filters.category, "sort": filters.sort}
    flags = {flag: "1" for flag in FLAGS if flag in filters.flags}
    return urlencode({name: value for name, value in (pairs | flags).items() if value})
