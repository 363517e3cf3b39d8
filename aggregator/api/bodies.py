"""The price list as bytes: made once for each kind of buyer and spelling, until the shelf changes."""

from __future__ import annotations

from collections.abc import Callable

from aggregator.api.spelling import render_services
from aggregator.api.views import ServiceRow, Spelling
from aggregator.catalog.shelf import Shelf, ShelfService
from aggregator.resellers.model import Reseller
from pricing.markup import Buyer


class ServiceBodies:
    """Keeps the bodies of one shelf."""

    def __init__(self, shelf: Callable[[], Shelf]) -> None:
        self._shelf = shelf
        self._of: Shelf | None = None
        self._bodies: dict[tuple[Buyer, Spelling], bytes] = {}

    def body(self, reseller: Reseller, spelling: Spelling) -> bytes:
        shelf = self._shelf()
        if shelf is not self._of:
            self._of, self._bodies = shelf, {}
        own = reseller.name if shelf.book.names_resellers else ""
        key = (Buyer(tier=reseller.tier, reseller=own), spelling)
        if key not in self._bodies:
            self._bodies[key] = render_services([_row(service, key[0]) for service in shelf], spelling)
        return self._bodies[key]


def _row(service: ShelfService, buyer: Buyer) -> ServiceRow:
    terms = service.terms(buyer)
    rate = terms.price.rate
    return ServiceRow(
        service=service.id, name=service.name, type=service.type, category=service.category, rate=rate,
        minimum=terms.minimum, maximum=terms.maximum, refill=terms.refill, cancel=terms.cancel,
        dripfeed=terms.dripfeed, currency=rate.currency, description=service.description,
    )  # fmt: skip
