"""The API's page and openapi.json, made from what the API reads and writes."""

from __future__ import annotations

from itertools import islice
from typing import Any
from weakref import WeakKeyDictionary

from litestar import Controller, get, post
from litestar.di import NamedDependency

from aggregator.api.guide.errors import errors
from aggregator.api.guide.openapi import document
from aggregator.api.guide.samples import Language
from aggregator.api.sizes import BodySizes
from aggregator.beside import Besides
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.shelf.shelf import Shelf
from aggregator.resellers import keys
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import KeyRules
from aggregator.settings import Settings
from aggregator.web.dependencies import Form, HttpRequest, Parts, SellerId
from aggregator.web.guards import resellers
from aggregator.web.page_cache import made
from aggregator.web.public.answers import MOMENT, send, show
from aggregator.web.public.price_list import row_of
from aggregator.web.public.reference import ENCODINGS, reference
from aggregator.web.responses import Onward, Page, page
from pricing.markup import Buyer

FIRST_SERVICES = 5
KEY_LABEL = "API page"
MOST_KINDS = 32
"""Of buyers with prices of their own whose page is kept."""

_told: WeakKeyDictionary[Prices, Besides[dict[str, Any]]] = WeakKeyDictionary()


class ApiPageController(Controller):
    @get("/api")
    async def api(self, request: HttpRequest, parts: Parts, buyer: NamedDependency[Buyer]) -> Page:
        shelf, context = await _shown(parts, buyer)
        return await show(request, parts.kept, "api", (shelf,), "public/api.html", lambda: context)

    @post("/api/key", guards=[resellers])
    async def insert_key(self, parts: Parts, form: Form, buyer: NamedDependency[Buyer], seller_id: SellerId) -> Page:
        """The page with a new key in its examples: only its hash is kept, so none that is there could be shown."""
        _, context = await _shown(parts, buyer)
        try:
            async with form.once():
                key = await keys.make(seller_id, KeyRules(label=KEY_LABEL))
        except Refusal as error:
            return Onward("/api", str(error), bad=True)
        return page("public/api.html", **context | {"my_key": key})

    @get("/openapi.json")
    async def openapi(self, request: HttpRequest, parts: Parts) -> Page:
        settings = parts.settings
        kept = parts.kept.get(
            "openapi", (settings,), lambda: made(document(settings.panel, settings.limits), "application/json")
        )
        return send(request, kept, MOMENT)


async def _shown(parts: Parts, buyer: Buyer) -> tuple[Shelf, dict[str, Any]]:
    """What the page tells this buyer, worked out once for a shelf; and the shelf."""
    prices, settings, shelf = parts.prices, parts.settings, parts.prices.shelf
    kind = shelf.book.kind_of(buyer)
    context = await _told.setdefault(prices, Besides(MOST_KINDS)).get(
        kind, shelf, lambda _: _context(settings, shelf, kind)
    )
    return shelf, context


def _context(settings: Settings, shelf: Shelf, buyer: Buyer) -> dict[str, Any]:
    return {
        "ref": reference(settings.panel, shelf, buyer),
        "errors": list(errors()),
        "limits": settings.limits,
        "sizes": BodySizes(lambda: shelf, settings.limits.body_kib),
        "languages": list(Language),
        "encodings": ENCODINGS,
        "all": len(shelf),
        "my_key": "",
        "my_key_label": KEY_LABEL,
        "first": [row_of(service, buyer, {}) for service in islice(shelf, FIRST_SERVICES)],
    }
