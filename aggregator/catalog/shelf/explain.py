"""Why a price is what it is: each step from what the provider asks to what we publish, and every other offer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from msgspec import Struct

from aggregator.catalog.shelf.offers import Offers
from aggregator.catalog.shelf.preview import margin
from aggregator.catalog.shelf.shelf import ShelfService
from aggregator.settings import OfferRef
from aggregator.storage import clock
from pricing.markup import Buyer
from pricing.offer import Offer


class OfferTold(Struct, frozen=True, kw_only=True):
    """One offer that is named for the service, and why it was chosen or not."""

    provider: str
    service: str
    cost: str | None
    """None = it has no price."""
    chosen: bool
    reason: str


class Explanation(Struct, frozen=True, kw_only=True):
    """The steps in their order; prices per 1,000 (per package), percents as plain decimals."""

    service: int
    name: str
    tier: str
    provider: str
    provider_service: str
    provider_rate: str
    provider_currency: str
    fx: str
    fx_margin_percent: str
    cost: str
    rule: int
    """Its number in markup.toml; 0 = the default."""
    percent: str
    fixed: str
    unrounded: str
    by_rule: str
    least: str
    min_margin_percent: str
    raised: bool
    rate: str
    margin: str
    offers: list[OfferTold]


def explain(service: ShelfService, buyer: Buyer, sources: Offers) -> Explanation:
    """How the price of a service came about for a buyer."""
    terms = service.terms(buyer)
    price, lead = terms.price, terms.combined.lead
    source = sources.source(lead.provider, lead.service)
    reasons = {OfferRef(out.offer.provider, out.offer.service): out.reason for out in terms.combined.left_out}
    return Explanation(
        service=service.id,
        name=service.name,
        tier=buyer.tier,
        provider=lead.provider,
        provider_service=lead.service,
        provider_rate=source.rate,
        provider_currency=source.currency,
        fx=_plain(source.fx),
        fx_margin_percent=_plain(source.fx_margin_percent),
        cost=str(price.cost),
        rule=price.rule,
        percent=_plain(price.percent),
        fixed=_plain(price.fixed),
        unrounded=str(price.unrounded),
        by_rule=str(price.by_rule),
        least=str(price.floor),
        min_margin_percent=_plain(price.min_margin_percent),
        raised=price.raised,
        rate=str(price.rate),
        margin=margin(price),
        offers=list(_offers(service, lead, {**reasons, **service.left_out})),
    )


def _offers(service: ShelfService, lead: Offer, reasons: Mapping[OfferRef, str]) -> Iterator[OfferTold]:
    """Every offer that is named for the service, the priced ones first; the others have no cost."""
    costs = {OfferRef(offer.provider, offer.service): offer.rate for offer in service.offers}
    shut = {OfferRef(offer.provider, offer.service): _tell_shut(service, offer) for offer in service.offers}
    chosen = OfferRef(lead.provider, lead.service)
    for ref in [*costs, *(ref for ref in service.left_out if ref not in costs)]:
        cost = str(costs[ref]) if ref in costs else None
        reason = "cheapest" if ref == chosen else reasons.get(ref) or f"costs {cost}, no less than {lead.rate}"
        reason += shut.get(ref, "")
        yield OfferTold(provider=ref.provider, service=ref.service, cost=cost, chosen=ref == chosen, reason=reason)


def _tell_shut(service: ShelfService, offer: Offer) -> str:
    """Why an offer whose price counts takes no orders now, or only those that no other can; what is held counts not."""
    rest = service.rest_of(offer)
    if rest > clock.now():
        return f"; rests until {clock.tell(rest)}, since it cancelled too many"
    last = service.last_of(offer)
    return f"; gets orders last: {last}" if last is not None else ""


def _plain(amount: Decimal) -> str:
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
