"""Decides which change of a service waits for the owner, by what was last believed of it."""

from __future__ import annotations

from decimal import Decimal

from aggregator.catalog.model import Hold, HoldKind, ListingRow
from aggregator.catalog.traits import read_traits, similarity
from providers.vocabulary import ServiceType

FACTORS = (10, 100, 1000)
"""A price that changed by about one of these, up or down, is for another number of units, or a slip of its point."""
FACTOR_PERCENT = 2
"""How near that is."""
STRANGE, STRANGE_WITH_TYPE = 25, 50
"""Percent of words two names share; below it they do not name one thing, if the type changed as well below more."""
SHOWN = 80
"""Characters of a name in a reason."""


def judge(accepted: ListingRow, now: ListingRow, *, max_rise_percent: Decimal | None) -> Hold | None:
    """What the owner must look at first; None where the change is an ordinary one (PROTOCOL.md, "Catalogue").

    Without a limit for rises every price is believed, in whatever currency.
    """
    if is_another_service(accepted, now):
        was, is_ = (f"{row.name[:SHOWN]} ({row.type})" for row in (accepted, now))
        return Hold(kind=HoldKind.REUSED, reason=f"the id was {was}, and is now {is_}", accepted=accepted)
    if max_rise_percent is None:
        return None
    if accepted.currency and now.currency and accepted.currency != now.currency:
        reason = f"the currency changed from {accepted.currency} to {now.currency}"
        return Hold(kind=HoldKind.CURRENCY, reason=reason, accepted=accepted)
    return _judge_price(accepted, now, max_rise_percent)


def _judge_price(accepted: ListingRow, now: ListingRow, max_rise_percent: Decimal) -> Hold | None:
    percent = rise_percent(accepted, now)
    if percent is None or not (percent > max_rise_percent or _is_by_factor(accepted, now)):
        return None
    if percent > 0:
        kind, word = HoldKind.DEARER, "rose"
    else:
        kind, word = HoldKind.CHEAPER, "fell"
    reason = f"price {word} from {accepted.rate} to {now.rate}, by {_round(abs(percent))} %"
    return Hold(kind=kind, reason=reason, accepted=accepted)


def overcharged(listed: ListingRow, *, stated: str, noise: str) -> Hold:
    """The hold on a service that takes more than it lists; both rates in its currency."""
    reason = f"it takes {stated} where it lists {listed.rate}"
    if listed.rate and Decimal(listed.rate) > 0:
        reason += f", {_round((Decimal(stated) - Decimal(listed.rate)) * 100 / Decimal(listed.rate))} % more"
    return Hold(kind=HoldKind.OVERCHARGED, reason=reason, accepted=listed, stated=stated, noise=noise)


def renew(earlier: Hold | None, new: Hold | None, now: ListingRow, *, before: ListingRow) -> Hold | None:
    """The hold from now on: what the owner was asked, or rejected, already is not asked again.

    No catalogue lifts a hold for what a service did, unless it explains that, as a list that asks for what it takes.
    What was rejected stays so, even if such a change is no longer held, until something else than what stood there
    `before` is asked.
    """
    if earlier is not None and earlier.is_of_deeds and not earlier.is_explained(now):
        return new if new is not None and new.takes_off_sale else earlier
    if earlier is not None and new is not None and earlier.reason == new.reason:
        return earlier
    if earlier is not None and earlier.rejected and new is None and _asks_the_same(before, now):
        return earlier
    return new


def _asks_the_same(before: ListingRow, now: ListingRow) -> bool:
    return (before.rate, before.currency, before.type) == (now.rate, now.currency, now.type)


def rise_percent(before: ListingRow, now: ListingRow) -> Decimal | None:
    """By how much a price rose (below 0: fell); None where the two cannot be compared."""
    if before.flaw or now.flaw or not before.rate or not now.rate or not _is_same_unit(before, now):
        return None
    old, new = Decimal(before.rate), Decimal(now.rate)
    return (new - old) * 100 / old if old > 0 and new > 0 else None


def _is_by_factor(before: ListingRow, now: ListingRow) -> bool:
    """Of two prices that can be compared; measured from either of them."""
    low, high = sorted(Decimal(row.rate or 0) for row in (before, now))
    return any(abs(high - factor * low) * 100 <= FACTOR_PERCENT * max(high, factor * low) for factor in FACTORS)


def is_another_service(before: ListingRow, now: ListingRow) -> bool:
    """Whether an id came to mean another thing: another platform, another good, or hardly a word in common."""
    if (before.name, before.category, before.type) == (now.name, now.category, now.type):
        return False
    if not _is_same_unit(before, now):
        return True
    old, new = read_traits(before.name, before.category), read_traits(now.name, now.category)
    if _differ(old.platforms, new.platforms) or _differ(old.goods, new.goods):
        return True
    least = STRANGE if before.type == now.type else STRANGE_WITH_TYPE
    return similarity(before.name, now.name) < least


def _is_same_unit(before: ListingRow, now: ListingRow) -> bool:
    return ServiceType(before.type).is_package == ServiceType(now.type).is_package


def _differ(old: frozenset[str], new: frozenset[str]) -> bool:
    return bool(old) and bool(new) and old.isdisjoint(new)


def _round(percent: Decimal) -> str:
    """Whole from 10 on, else with one decimal, so that no rise is said to be by 0."""
    return f"{percent:.0f}" if percent >= 10 else f"{percent:.1f}"  # noqa: PLR2004  # told above
