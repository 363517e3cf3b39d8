"""What the reseller pays, and what can be promised when several providers offer the same service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from pricing.markup import Price
from pricing.money import MOST_UNITS, Money, Rate, add_percent
from pricing.offer import Offer

_ENDLESS: Final = MOST_UNITS


class Quote(Struct, frozen=True):
    """What a reseller pays for an order."""

    rate: Rate
    charge: Money
    """May be beyond what can be stored (`Money.storable`); such an order is refused as lack of funds."""
    rule: int


def quote(price: Price, quantity: int) -> Quote:
    """The charge for that many billed units at the published rate; a package is one unit."""
    return Quote(price.rate, price.rate.cost(quantity), price.rule)


class LeftOut(Struct, frozen=True):
    """An offer that does not count for a service, and why."""

    offer: Offer
    reason: str


class Combined(Struct, frozen=True, kw_only=True):
    """What is published for a service that several offers can serve."""

    lead: Offer
    """The cheapest: it sets the rate."""
    price: Price
    minimum: int
    maximum: int | None
    step: int
    """The lead's: it takes only multiples of so many units."""
    refill: bool
    cancel: bool
    dripfeed: bool
    offers: tuple[Offer, ...]
    """All that count, the lead among them, in the given order."""
    left_out: tuple[LeftOut, ...]


class _Reach(Struct, frozen=True):
    low: int
    high: int

    def touches(self, other: _Reach) -> bool:
        return other.low <= other.high and other.low <= self.high + 1 and other.high >= self.low - 1

    def join(self, others: Sequence[_Reach]) -> _Reach:
        return _Reach(min(self.low, *(o.low for o in others)), max(self.high, *(o.high for o in others)))


def combine(
    offers: Sequence[Offer], price_of: Callable[[Offer], Price], min_margin_percent: Decimal
) -> Combined | None:
    """One service out of the listed, enabled offers for it; None when none of them has a price.

    The cheapest leads (of equals the first given): its step counts. The others widen its range as long as no quantity
    in between is left unserved, their steps divide the lead's, and the lead's sale rate leaves the least margin over
    their cost. A flag holds only if it holds for all that count. Prices of packages and of 1,000 are never compared:
    the first offer says which is sold.
    """
    lead = find_lead(offers)
    if lead is None:
        return None
    price = price_of(lead)
    excluded = [_exclude(offer, lead, price.rate, min_margin_percent) for offer in offers]
    wideners = [offer for offer, reason in zip(offers, excluded, strict=True) if reason is None]
    reach = _widen(lead, [offer for offer in wideners if offer.is_package or lead.step % offer.step == 0])
    reasons = [reason or _find_gap(offer, reach) for offer, reason in zip(offers, excluded, strict=True)]
    counted = tuple(offer for offer, reason in zip(offers, reasons, strict=True) if reason is None)
    return Combined(
        lead=lead,
        price=price,
        minimum=reach.low,
        maximum=None if reach.high == _ENDLESS else reach.high,
        step=1 if lead.is_package else lead.step,
        refill=all(offer.refill for offer in counted),
        cancel=all(offer.cancel for offer in counted),
        dripfeed=all(offer.dripfeed for offer in counted),
        offers=counted,
        left_out=tuple(LeftOut(offer, reason) for offer, reason in zip(offers, reasons, strict=True) if reason),
    )


def find_lead(offers: Sequence[Offer]) -> Offer | None:
    """The cheapest, whatever is asked for it; None when none has a price."""
    priced = [offer for offer in offers if offer.rate.units > 0]
    rivals = [offer for offer in priced if offer.rate.per == priced[0].rate.per]
    return min(rivals, key=lambda offer: offer.rate.units, default=None)


def _exclude(offer: Offer, lead: Offer, sale: Rate, min_margin_percent: Decimal) -> str | None:
    if offer is lead:
        return None
    if offer.rate.units <= 0:
        return "no price"
    if (offer.type, offer.rate.per) != (lead.type, lead.rate.per):
        return f"of type {offer.type}, the cheapest is {lead.type}"
    if add_percent(offer.rate.units, min_margin_percent) > sale.units:
        return f"costs {offer.rate}, too much for the least margin at {sale}"
    return None


def _reach(offer: Offer) -> _Reach:
    if offer.is_package:
        return _Reach(1, 1)
    return _Reach(offer.minimum, _ENDLESS if offer.maximum is None else offer.maximum)


def _widen(lead: Offer, offers: Sequence[Offer]) -> _Reach:
    reach = _reach(lead)
    while True:
        wider = reach.join([other for other in map(_reach, offers) if reach.touches(other)] or [reach])
        if wider == reach:
            return reach
        reach = wider


def _find_gap(offer: Offer, reach: _Reach) -> str | None:
    if reach.touches(_reach(offer)):
        return None
    return f"its quantities from {offer.minimum} do not join those of the others"
