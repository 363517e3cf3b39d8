"""What another markup would change: every price that moves, and every one that would be below its cost."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from aggregator.catalog.shelf.shelf import NOBODY, Shelf, ShelfService
from pricing.markup import Buyer, Price
from pricing.money import print_units


class PriceChange(Struct, frozen=True, kw_only=True):
    """One service for one buyer; prices per 1,000 (per package) in the panel's currency."""

    service: int
    name: str
    now: str | None
    """None = not for sale so far."""
    new: str
    cost: str
    margin: str
    by_rule: str
    """What the rule makes of it, before the least margin raises it."""
    rule: int
    below_cost: bool
    """Whether the rule by itself would sell it at a loss."""


def compare(now: Shelf, new: Iterable[ShelfService], buyer: Buyer = NOBODY) -> list[PriceChange]:
    """The services whose price differs, and those that only the least margin keeps above their cost."""
    rows = []
    for service in new:
        price, before = service.price(buyer), now.get(service.id)
        old = before.price(buyer).rate if before else None
        if old is None or old.units != price.rate.units or price.sells_below_cost:
            rows.append(
                PriceChange(
                    service=service.id,
                    name=service.name,
                    now=str(old) if old else None,
                    new=str(price.rate),
                    cost=str(price.cost),
                    margin=margin(price),
                    by_rule=str(price.by_rule),
                    rule=price.rule,
                    below_cost=price.sells_below_cost,
                )
            )
    return rows


def margin(price: Price) -> str:
    """What is left of a price over its cost."""
    return print_units(price.rate.units - price.cost.units)
