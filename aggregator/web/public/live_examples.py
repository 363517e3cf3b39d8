"""The examples as this panel would answer them: its own services in place of those of the examples' panel."""

from __future__ import annotations

from functools import lru_cache

from msgspec.structs import replace

from aggregator.api.bodies import row_of
from aggregator.api.guide.examples import Example, Value
from aggregator.api.spelling import render_services
from aggregator.api.views import Spelling
from aggregator.api.wire import Action
from aggregator.catalog.shelf.shelf import Shelf, ShelfService
from pricing.markup import Buyer

LOOKED_AT = 1_000
"""Services of a type among which one with drip-feed is looked for."""
ROWS = 2
"""Services in the reply that is shown."""


def live(example: Example, shelf: Shelf, buyer: Buyer) -> Example:
    """The same request, so that it works here when it is pasted; as it was where nothing of its type is sold."""
    if example.refused:
        return example
    if example.action is Action.SERVICES and len(shelf):
        rows = [row_of(service, buyer) for service in list(shelf)[:ROWS]]
        told = {spelling: render_services(rows, spelling).decode() for spelling in Spelling}
        return replace(example, json=told[Spelling.JSON], classic=told[Spelling.CLASSIC])
    service = service_for(example, shelf, buyer)
    return example if service is None else replace(example, send=_fitted(example, service, buyer))


def service_for(example: Example, shelf: Shelf, buyer: Buyer) -> ShelfService | None:
    """The service that the example orders, if it is sold here under that id, else the first one like it."""
    if example.type is None:
        return None
    drips = "runs" in example.send
    fitting = (
        service
        for service in [shelf.get(int(example.send["service"])), *_by_type(shelf).get(example.type, ())]
        if service is not None and service.type == example.type
        if not drips or service.terms(buyer).dripfeed
    )
    return next(fitting, None)


@lru_cache(maxsize=1)
def _by_type(shelf: Shelf) -> dict[str, list[ShelfService]]:
    """The first services of each type, so that a page looks through no shelf for each of its examples."""
    found: dict[str, list[ShelfService]] = {}
    for service in shelf:
        if len(alike := found.setdefault(service.type, [])) < LOOKED_AT:
            alike.append(service)
    return found


def _fitted(example: Example, service: ShelfService, buyer: Buyer) -> dict[str, Value]:
    """Within what the service takes."""
    terms = service.terms(buyer)
    counts: dict[str, Value] = {
        name: min(max(int(example.send[name]), terms.minimum), terms.maximum)
        for name in ("quantity", "min", "max")
        if name in example.send
    }
    return {**example.send, "service": service.id, **counts}
