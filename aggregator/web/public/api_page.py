"""The API's page and openapi.json, made from what the API reads and writes."""

from __future__ import annotations

from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from aggregator.api.guide.errors import errors
from aggregator.api.guide.openapi import document
from aggregator.api.guide.samples import Language
from aggregator.api.sizes import BodySizes
from aggregator.beside import Besides
from aggregator.catalog.prices import Prices
from aggregator.catalog.shelf import Shelf
from aggregator.resellers import keys
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import KeyRules
from aggregator.settings import Settings
from aggregator.web.kept import made
from aggregator.web.public.answers import MOMENT, send, show
from aggregator.web.public.price_list import row_of
from aggregator.web.public.reference import ENCODINGS, reference
from aggregator.web.public.services import buyer_of
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who
from pricing.markup import Buyer

FIRST_SERVICES = 5
KEY_LABEL = "API page"
_JSON = "application/json"

MOST_KINDS = 32
"""Of buyers with prices of their own whose page is kept."""

section = Section()
_told: WeakKeyDictionary[Prices, Besides[dict[str, Any]]] = WeakKeyDictionary()


@section.get("/api", Who.ANYONE)
async def api(visit: Visit) -> Page:
    shelf, context = await _shown(visit)
    return await show(visit, "api", (shelf,), "public/api.html", lambda: context)


@section.post("/api/key", Who.RESELLER)
async def insert_key(visit: Visit) -> Page:
    """The page with a new key in its examples: only its hash is kept, so none that is there could be shown."""
    _, context = await _shown(visit)
    try:
        async with visit.once():
            key = await keys.make(visit.reseller, KeyRules(label=KEY_LABEL))
    except Refusal as error:
        return visit.go("/api", str(error), bad=True)
    return visit.render("public/api.html", **context | {"my_key": key})


async def _shown(visit: Visit) -> tuple[Shelf, dict[str, Any]]:
    """What the page tells this buyer, worked out once for a shelf; and the shelf."""
    prices, settings, buyer = visit.parts.prices, visit.parts.settings, await buyer_of(visit)
    shelf = prices.shelf
    kind = shelf.book.kind_of(buyer)
    context = await _told.setdefault(prices, Besides(MOST_KINDS)).get(
        kind, shelf, lambda _: _context(settings, shelf, kind)
    )
    return shelf, context


def _context(settings: Settings, shelf: Shelf, buyer: Buyer) -> dict[str, Any]:
    return {
        "ref": reference(settings.panel, shelf, buyer), "errors": list(errors()), "limits": settings.limits,
        "sizes": BodySizes(lambda: shelf, settings.limits.body_kib),
        "languages": list(Language), "encodings": ENCODINGS, "all": len(shelf), "my_key": "", "my_key_label": KEY_LABEL,
        "first": [row_of(service, buyer, {}) for service in islice(shelf, FIRST_SERVICES)],
    }  # fmt: skip


@section.get("/openapi.json", Who.ANYONE)
async def openapi(visit: Visit) -> Page:
    settings = visit.parts.settings
    kept = visit.parts.kept.get("openapi", (settings,), lambda: made(document(settings.panel, settings.limits), _JSON))
    return send(visit, kept, MOMENT)
