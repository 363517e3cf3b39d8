"""What an order comes to by the rules of its type: the units that are billed and what the limits apply to."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from aggregator.orders.intake.lines import BLANKS
from aggregator.orders.intake.types import Ask, OrderTerms, Value, read_terms
from providers.vocabulary import Fields, ServiceType


class Wanted(Struct, frozen=True, kw_only=True):
    """What a reseller asks for, read by the rules of its type but not yet judged."""

    link: str
    quantity: int
    """Billed units of all runs or posts."""
    runs: int = 1
    """Runs of a drip-feed, posts of a subscription."""
    least: int
    most: int
    """What the service's limits apply to: the smallest part and the largest whole."""
    drip_feed: bool = False
    only_old_posts: bool = False
    """A subscription of posts that exist already."""
    fields: Fields


def want(kind: ServiceType, ask: Ask, *, open_posts: int) -> Wanted:
    """Raises `ResellerError`. `open_posts` are charged of a subscription that names no number of them."""
    terms = read_terms(kind, ask)
    if kind is ServiceType.SUBSCRIPTIONS:
        return _want_subscription(terms, open_posts)
    fields = terms.fields
    if terms.runs > 1:
        fields = {**fields, "runs": str(terms.runs), "interval": str(terms.interval)}
    total = terms.quantity * terms.runs
    return Wanted(
        link=terms.link,
        quantity=total,
        runs=terms.runs,
        least=terms.quantity,
        most=total,
        drip_feed=terms.runs > 1,
        fields=fields,
    )


def _want_subscription(terms: OrderTerms, open_posts: int) -> Wanted:
    """Charged up front for the most that it may take: every post at the largest quantity."""
    counted = {name: int(str(terms.fields.get(name, 0))) for name in ("min", "posts", "old_posts")}
    only_old = counted["old_posts"] > 0 and terms.fields.get("posts") == "0"
    new = counted["posts"] if counted["posts"] or only_old else open_posts
    posts = new + counted["old_posts"]
    return Wanted(
        link=terms.link or str(terms.fields["username"]),
        quantity=posts * terms.quantity,
        runs=posts,
        least=counted["min"],
        most=terms.quantity,
        only_old_posts=only_old,
        fields=terms.fields,
    )


def fingerprint(ask: Ask, service: int) -> str:
    """What makes it the same request when it is repeated, had it named the service by this id; whatever its encoding.

    Kept with each order: another form of it would take every repeat for a new request.
    """
    extras = sorted((name, _trimmed(value)) for name, value in ask.extras.items())
    return hashlib.sha256(msgspec.json.encode((service, ask.link, ask.quantity, extras))).hexdigest()


def _trimmed(value: Value) -> Value:
    """Blanks around a text make no other request of it."""
    return value.strip(BLANKS) if isinstance(value, str) else [one.strip(BLANKS) for one in value]
