"""The price list, and what changed on it: for everybody, and for a reseller at their own prices."""

from __future__ import annotations

import asyncio
from urllib.parse import urlencode

from aggregator.catalog import news_store
from aggregator.people.model import Role
from aggregator.resellers import store as reseller_store
from aggregator.web.kept import made
from aggregator.web.public import feeds
from aggregator.web.public.answers import MOMENT, send, show
from aggregator.web.public.price_list import FLAGS, SORTS, Filters, index_of
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who
from pricing.markup import Buyer

LONGEST_SEARCH = 100
SHOWN_CHANGES = 200
FED_CHANGES = 500
SEARCHES, SEARCHES_SECONDS = 300, 60
"""From one address: more than anybody types, also behind one router. The plain list is made once for all."""

section = Section()


@section.get("/services", Who.ANYONE)
async def services(visit: Visit) -> Page:
    filters, buyer = _filters(visit), await buyer_of(visit)
    if _question(filters):
        await visit.allow(f"search:{visit.address}", calls=SEARCHES, seconds=SEARCHES_SECONDS)
    shelf, figures = visit.parts.prices.shelf, await visit.parts.performance.figures()
    index = await index_of(visit.parts.prices)
    found = await asyncio.to_thread(index.find, filters, buyer, figures)
    key = "" if filters.words else f"services?{_question(filters)}&{found.page}"
    return await show(
        visit, key, (shelf, figures), "public/services.html",
        lambda: {
            "found": found, "filters": filters, "categories": index.categories, "flags": FLAGS, "sorts": SORTS,
            "all": len(shelf), "base": f"/services?{_question(filters)}&",
            "told_times": any(row.figure for row in found.rows),
        },
    )  # fmt: skip


async def buyer_of(visit: Visit) -> Buyer:
    """Whose prices are shown: the reseller's who looks, else those for nobody in particular."""
    person = visit.person
    if person is None or person.role is not Role.RESELLER:
        return Buyer()
    reseller = await reseller_store.get(visit.reseller)
    return Buyer(tier=reseller.tier, reseller=reseller.name)


def _filters(visit: Visit) -> Filters:
    """As far as the address can be understood; what cannot be is left out."""
    asked = visit.query
    words = "".join(letter for letter in asked.get("q", "") if letter.isprintable())
    return Filters(
        words=words.strip()[:LONGEST_SEARCH],
        category=asked.get("category", "")[:500],
        flags=frozenset(flag for flag in FLAGS if asked.flag(flag)),
        sort=asked.choice("sort", SORTS, ""),
        page=asked.number("page"),
    )


def _question(filters: Filters) -> str:
    """The filters as an address has them, without the page."""
    pairs = {"q": filters.words, "category": filters.category, "sort": filters.sort}
    flags = {flag: "1" for flag in FLAGS if flag in filters.flags}
    return urlencode({name: value for name, value in (pairs | flags).items() if value})


@section.get("/services/changes", Who.ANYONE)
async def changes(visit: Visit) -> Page:
    news = await news_store.newest(SHOWN_CHANGES)
    return await show(visit, "", (), "public/changes.html", lambda: {"news": news, "words": feeds.WORDS})


@section.get("/services/changes.json", Who.ANYONE)
async def changes_as_json(visit: Visit) -> Page:
    """`after`: only those told after the one with this id, for whoever asks again and again."""
    news = await news_store.newest(FED_CHANGES, after=visit.query.number("after", 0, most=2**53))
    panel = visit.parts.settings.panel
    told = await asyncio.to_thread(lambda: made(feeds.as_json(panel, news), "application/json"))
    return send(visit, told, MOMENT)


@section.get("/services/changes.atom", Who.ANYONE)
async def changes_as_atom(visit: Visit) -> Page:
    news = await news_store.newest(SHOWN_CHANGES)
    panel = visit.parts.settings.panel
    told = await asyncio.to_thread(lambda: made(feeds.as_atom(panel, news), "application/atom+xml"))
    return send(visit, told, MOMENT)
