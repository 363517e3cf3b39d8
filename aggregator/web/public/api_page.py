"""The API's page and openapi.json, made from what the API reads and writes."""

from __future__ import annotations

from itertools import islice
from typing import Any

from aggregator.api.guide.errors import errors
from aggregator.api.guide.openapi import document
from aggregator.api.guide.samples import Language
from aggregator.api.sizes import BodySizes
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

section = Section()


@section.get("/api", Who.ANYONE)
async def api(visit: Visit) -> Page:
    settings, shelf, buyer = visit.parts.settings, visit.parts.prices.shelf, await buyer_of(visit)
    return show(visit, "api", (shelf,), "public/api.html", lambda: _context(settings, shelf, buyer))


@section.post("/api/key", Who.RESELLER)
async def insert_key(visit: Visit) -> Page:
    """The page with a new key in its examples: only its hash is kept, so none that is there could be shown."""
    settings, shelf, buyer = visit.parts.settings, visit.parts.prices.shelf, await buyer_of(visit)
    try:
        async with visit.once():
            key = await keys.make(visit.reseller, KeyRules(label=KEY_LABEL))
    except Refusal as error:
        return visit.go("/api", str(error), bad=True)
    return visit.render("public/api.html", **_context(settings, shelf, buyer) | {"my_key": key})


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
