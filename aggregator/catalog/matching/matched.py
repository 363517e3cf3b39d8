"""What looks like the same thing in the catalogues of today: worked out once for a shelf, beside the event loop."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from aggregator.beside import Beside, IsWanted
from aggregator.catalog.matching.matching import Suggestion, suggest
from aggregator.catalog.shelf.offers import Offers
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.upstream.upstreams import Upstreams
from pricing.offer import Offer

_found: WeakKeyDictionary[Prices, Beside[list[Suggestion]]] = WeakKeyDictionary()


async def matches(prices: Prices, upstreams: Upstreams) -> list[Suggestion]:
    """The surest first; given up when everybody who waits for it has left."""
    shelf, together = prices.shelf, [entry.offers for entry in prices.services.services]
    sources = await prices.sources(upstreams)

    def compute(wanted: IsWanted) -> list[Suggestion]:
        return suggest(_sellable(sources), together=together, wanted=wanted)

    return await _found.setdefault(prices, Beside()).get(shelf, compute)


def _sellable(offers: Offers) -> list[Offer]:
    found = (offers.get(ref.provider, ref.service) for ref, _ in offers.listed() if offers.is_enabled(ref.provider))
    return [offer for offer in found if isinstance(offer, Offer)]
