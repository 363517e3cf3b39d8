"""The shelf as people look through it: by words, category and what a service can do, a page at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from weakref import WeakKeyDictionary

from msgspec import Struct

from aggregator.beside import Beside
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.shelf.shelf import NO_LIMIT, Shelf, ShelfService
from aggregator.orders.reporting.delivery_stats import Figure
from pricing.markup import Buyer
from pricing.money import Rate

PAGE = 50
"""Services on one page."""
Figures: TypeAlias = Mapping[int, Figure]
SORTS: Mapping[str, str] = {
    "": "By category",
    "cheap": "Cheapest first",
    "dear": "Dearest first",
    "quick": "Quickest first",
}
FLAGS: Mapping[str, str] = {"refill": "Refill", "cancel": "Cancel", "dripfeed": "Drip-feed"}


class Filters(Struct, frozen=True, kw_only=True):
    """What somebody looks for."""

    words: str = ""
    """All must be in the name, the category or the id, in any order."""
    category: str = ""
    flags: frozenset[str] = frozenset()
    """Of `FLAGS`: all must be offered."""
    sort: str = ""
    """Of `SORTS`."""
    page: int = 1


class Row(Struct, frozen=True, kw_only=True):
    """A service as one buyer sees it."""

    id: int
    name: str
    category: str
    type: str
    rate: Rate
    minimum: int
    maximum: int | None
    """None = no limit."""
    step: int
    flags: tuple[str, ...]
    description: str
    figure: Figure | None


class Found(Struct, frozen=True, kw_only=True):
    """One page of what was looked for."""

    rows: Sequence[Row]
    count: int
    """On all pages."""
    page: int
    last: int


class Index:
    """One shelf, ready to be searched."""

    def __init__(self, shelf: Shelf) -> None:
        self._services = tuple(shelf)
        counted = Counter(service.category for service in self._services)
        self.categories = sorted(counted.items(), key=lambda pair: pair[0].casefold())
        place = {name: number for number, (name, _) in enumerate(self.categories)}
        self._places = {service.id: (place[service.category], service.id) for service in self._services}
        self._texts = {
            service.id: f"{service.id} {service.name} {service.category}".casefold() for service in self._services
        }

    def find(self, filters: Filters, buyer: Buyer, figures: Figures) -> Found:
        """The page that the filters ask for, or the last one there is."""
        words = filters.words.casefold().split()
        found = [
            service
            for service in self._services
            if service.terms(buyer).sold
            and (not filters.category or service.category == filters.category)
            and all(word in self._texts[service.id] for word in words)
            and (not filters.flags or filters.flags <= set(_flags(service, buyer)))
        ]
        found.sort(key=self._order(filters.sort, buyer, figures))
        last = max(1, -(-len(found) // PAGE))
        page = min(max(1, filters.page), last)
        rows = [row_of(service, buyer, figures) for service in found[(page - 1) * PAGE : page * PAGE]]
        return Found(rows=rows, count=len(found), page=page, last=last)

    def _order(self, sort: str, buyer: Buyer, figures: Figures) -> Callable[[ShelfService], tuple[int, ...]]:
        def rate(service: ShelfService) -> int:
            return service.price(buyer).rate.units

        def seconds(service: ShelfService) -> int:
            told = figures.get(service.id)
            return told.seconds if told and told.seconds is not None else 2**62

        match sort:
            case "cheap":
                return lambda service: (rate(service), service.id)
            case "dear":
                return lambda service: (-rate(service), service.id)
            case "quick":
                return lambda service: (seconds(service), service.id)
        return lambda service: self._places[service.id]


_indexes: WeakKeyDictionary[Prices, Beside[Index]] = WeakKeyDictionary()


async def index_of(prices: Prices) -> Index:
    """Of what is sold now; made once for each shelf, beside the event loop."""
    shelf = prices.shelf
    return await _indexes.setdefault(prices, Beside()).get(shelf, lambda _: Index(shelf))


def row_of(service: ShelfService, buyer: Buyer, figures: Figures) -> Row:
    terms = service.terms(buyer)
    return Row(
        id=service.id,
        name=service.name,
        category=service.category,
        type=service.type,
        rate=terms.price.rate,
        minimum=terms.minimum,
        maximum=None if terms.maximum >= NO_LIMIT else terms.maximum,
        step=terms.step,
        flags=_flags(service, buyer),
        description=service.description.strip(),
        figure=figures.get(service.id),
    )


def _flags(service: ShelfService, buyer: Buyer) -> tuple[str, ...]:
    terms = service.terms(buyer)
    return tuple(flag for flag in FLAGS if getattr(terms, flag))
