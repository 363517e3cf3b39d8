"""Which provider gets an order, who is next, and why not the others."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from pricing.money import Money, remove_percent
from pricing.offer import Offer


class Candidate(Struct, frozen=True, kw_only=True):
    """An offer and what is known of its provider at this moment."""

    offer: Offer
    enabled: bool = True
    healthy: bool = True
    funds: Money | None = None
    """Our balance there, in our currency; None = unknown, which forbids nothing."""
    held: str | None = None
    """Why the owner must look first (a price jump, a shrunken catalogue, ...)."""
    spent: bool = False
    """The provider refused this order for what it is."""
    busy: bool = False
    """Too many adds there have no known outcome yet."""
    postponed: bool = False
    """The provider refused this order for the moment, in this round."""
    takes_link: bool = True
    """False: the provider is sent only addresses, and the order's link can be none."""
    link_runs: bool = False
    """Another order for the same link runs there, and the two would disturb each other."""
    last: str | None = None
    """Why it comes after all others that are usable, whatever it costs."""
    too_large: int | None = None
    """The provider takes no request of so many bytes, and this order's is no smaller; None = its size is no matter."""


class Route(Struct, frozen=True, kw_only=True):
    """An offer's place among the ways that an order can go."""

    offer: Offer
    cost: Money
    margin: Money
    """The charge less the cost; negative where the order would lose money."""
    usable: bool
    reason: str
    permanent: bool
    """Not usable, and no waiting changes that for this order."""
    last: str | None = None


class _Job(Struct, frozen=True):
    quantity: int
    least: int
    most: int
    drip_feed: bool
    only_old_posts: bool
    charge: Money
    min_margin_percent: Decimal
    order_type: str | None


def rank(
    candidates: Iterable[Candidate],
    *,
    quantity: int,
    charge: Money,
    min_margin_percent: Decimal,
    order_type: str | None = None,
    least: int | None = None,
    most: int | None = None,
    drip_feed: bool = False,
    only_old_posts: bool = False,
) -> list[Route]:
    """The usable routes, cheapest first, then the others likewise, each with its reason; equals as they were given.

    Candidates that are to be last come after the other usable ones.

    `quantity` in billed units, `charge` what the reseller paid for it. With `order_type` an offer of another type is
    never usable. An order of many runs says in `least` and `most` what the limits apply to, and in `drip_feed` that
    only an offer with it will do; a subscription of `only_old_posts` is no order for whoever may add new ones.
    Raises CurrencyMismatch if offers, funds and charge are not all in one currency.
    """
    job = _Job(
        quantity=quantity,
        least=quantity if least is None else least,
        most=quantity if most is None else most,
        drip_feed=drip_feed,
        only_old_posts=only_old_posts,
        charge=charge,
        min_margin_percent=min_margin_percent,
        order_type=order_type,
    )
    routes = sorted((_judge(candidate, job) for candidate in candidates), key=_standing)
    return [_name_place(route, place) for place, route in enumerate(routes)]


def _standing(route: Route) -> tuple[bool, bool, int]:
    return not route.usable, route.usable and route.last is not None, route.cost.units


def _judge(candidate: Candidate, job: _Job) -> Route:
    for_good = _refuse_for_good(candidate, job)
    reason = for_good or _refuse_for_now(candidate, job)
    cost = candidate.offer.rate.cost(job.quantity)
    return Route(
        offer=candidate.offer,
        cost=cost,
        margin=job.charge - cost,
        usable=reason is None,
        reason=reason or "",
        permanent=for_good is not None,
        last=candidate.last,
    )


def _name_place(route: Route, place: int) -> Route:
    if not route.usable:
        return route
    if route.last is not None:
        return replace(route, reason=f"last: {route.last}")
    return replace(route, reason="next cheapest" if place else "cheapest")


def _refuse_for_good(candidate: Candidate, job: _Job) -> str | None:
    if candidate.spent:
        return "refused this order"
    if candidate.too_large is not None:
        return f"its text is too large: nothing of {candidate.too_large // 1024} KiB and more is taken there"
    return _refuse_kind(candidate, job) or _refuse_quantity(candidate.offer, job)


def _refuse_quantity(offer: Offer, job: _Job) -> str | None:
    if offer.accepts(job.least) and offer.accepts(job.most):
        return None
    if job.least % offer.step or job.most % offer.step:
        return f"quantity no multiple of {offer.step}"
    if offer.maximum is None:
        return f"quantity below {offer.minimum}"
    return f"quantity outside {offer.minimum}-{offer.maximum}"


def _refuse_kind(candidate: Candidate, job: _Job) -> str | None:
    """Whatever its quantity."""
    offer = candidate.offer
    if job.order_type not in (None, offer.type):
        return f"of type {offer.type}, the order is {job.order_type}"
    if job.drip_feed and not offer.dripfeed:
        return "has no drip-feed"
    if job.only_old_posts and offer.unlimited_at_zero:
        return "posts=0 may mean unlimited there"
    return None if candidate.takes_link else "takes only addresses as links"


def _refuse_for_now(candidate: Candidate, job: _Job) -> str | None:
    hindrances = (
        (not candidate.enabled, "disabled"),
        (candidate.held is not None, f"held: {candidate.held}"),
        (not candidate.healthy, "resting after failures"),
        (candidate.busy, "too many orders there without a known outcome"),
        (candidate.postponed, "refused for the moment"),
        (candidate.link_runs, "another order for this link runs there"),
    )
    told = next((reason for hinders, reason in hindrances if hinders), None)
    return told or _refuse_cost(candidate.offer, job) or _refuse_funds(candidate, job)


def _refuse_cost(offer: Offer, job: _Job) -> str | None:
    cost = offer.rate.cost(job.quantity)
    if not cost.storable:
        return "costs more than can be kept"
    if offer.rate.least_charge(job.quantity, job.min_margin_percent) <= job.charge:
        return None
    most = Money(remove_percent(job.charge.units, job.min_margin_percent), job.charge.currency)
    return f"costs {cost.text(2)}, above {most.text(2)} that the least margin allows"


def _refuse_funds(candidate: Candidate, job: _Job) -> str | None:
    cost = candidate.offer.rate.cost(job.quantity)
    if candidate.funds is None or candidate.funds >= cost:
        return None
    return f"out of funds: {candidate.funds} of {cost}"
