"""Suggests which services of different providers are the same thing, so that one can stand in for the other."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec import Struct

from aggregator.beside import GivenUp, IsWanted
from aggregator.catalog.traits import FOREVER, Traits, fold, read_traits
from aggregator.settings import OfferRef
from pricing.offer import Offer

LEAST_SCORE = 60
"""Of 100; below it two services are not worth the owner's look."""
MOST_PRICE_RATIO = 3
"""Nobody asks so many times the price for the same thing."""

MOST_PAIRS = 20_000
"""Compared in one block: a catalogue of one name ten thousand times would take minutes."""
MOST_WORDS_APART = 3
SPEEDS_APART = ((100, 20), (10, 12), (3, 5), (0, 0))
"""From so many times the speed on, so many points off."""
RANGES_APART = 30
NAMED_BY_THE_REST = frozenset({"traffic", "referrals", "proxy", "reviews", "clicks", "installs"})
"""Goods of which the other words say where they come from or go to: these must be the same."""
REAL = frozenset({"real", "organic", "active", "high quality"})
_WARNED = re.compile(r"\b(?:dont|do not|not for) order")
_NUMBER = re.compile(r"\d+[km]?")

Likeness = tuple[int, str] | None
"""Points off and why; None = these two are not the same thing."""


class Pair(Struct, frozen=True):
    """Two offers of different providers, how alike they are (0 to 100), and what speaks for it and against."""

    first: Offer
    second: Offer
    score: int
    reasons: tuple[str, ...]


class Suggestion(Struct, frozen=True):
    """Offers that may be sold as one service, the cheapest first; the score is that of the least alike two."""

    offers: tuple[Offer, ...]
    score: int
    reasons: tuple[str, ...]


def suggest(
    offers: Iterable[Offer], *, together: Iterable[Sequence[OfferRef]] = (), wanted: IsWanted = lambda: True
) -> list[Suggestion]:
    """The best groups first, no offer in two of them, at most one of each provider in any.

    `together`: what is sold as one service already; it is not suggested again. Raises `GivenUp` once it is not
    `wanted` any more.
    """
    known = {ref for refs in together for ref in refs}
    fresh = [offer for offer in offers if OfferRef(offer.provider, offer.service) not in known]
    blocks = _block(fresh, wanted)
    pairs = sorted((pair for block in blocks for pair in _pairs(block, wanted)), key=_standing)
    return sorted(_group(pairs), key=lambda group: (-group.score, group.offers[0].name))


def _standing(pair: Pair) -> tuple[int, str, str]:
    return -pair.score, pair.first.service, pair.second.service


def _block(offers: Iterable[Offer], wanted: IsWanted) -> Iterator[list[tuple[Offer, Traits]]]:
    """Offers that agree in all that may not differ."""
    blocks: dict[object, list[tuple[Offer, Traits]]] = defaultdict(list)
    for offer in offers:
        if not wanted():
            raise GivenUp
        traits = read_traits(offer.name, offer.category)
        if traits.platforms and traits.goods and not _WARNED.search(fold(f"{offer.name} {offer.category}")):
            key = (offer.type, traits.platforms, traits.goods, traits.places, traits.senses, traits.lasts)
            blocks[key].append((offer, traits))
    for block in blocks.values():
        if len({offer.provider for offer, _ in block}) > 1:
            yield block


def _pairs(block: list[tuple[Offer, Traits]], wanted: IsWanted) -> Iterator[Pair]:
    for (one, its), (other, others) in _near(block):
        if not wanted():
            raise GivenUp
        if one.provider != other.provider and (pair := compare(one, its, other, others)) is not None:
            yield pair


def _near(block: list[tuple[Offer, Traits]]) -> Iterator[tuple[tuple[Offer, Traits], tuple[Offer, Traits]]]:
    """Every two of a block; of a large one those that lie near each other by their words and their price."""
    ordered, reach = block, len(block)
    if reach * (reach - 1) // 2 > MOST_PAIRS:
        ordered = sorted(block, key=lambda one: (sorted(one[1].rest), one[0].rate.units))
        reach = max(1, MOST_PAIRS // reach)
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 : place + 1 + reach]:
            yield one, other


def compare(one: Offer, its: Traits, other: Offer, others: Traits) -> Pair | None:
    """How alike two offers are that agree in all that may not differ; None where they are not the same thing."""
    verdicts: list[Likeness] = [
        _compare_refill(_guarantee(one, its), _guarantee(other, others)),
        _compare_words(its, others),
        _compare_qualities(its.qualities, others.qualities),
        _compare_prices(one, other),
        _compare_speeds(its.speed, others.speed),
        _compare_ranges(one, other),
    ]
    if None in verdicts:
        return None
    told = [verdict for verdict in verdicts if verdict is not None]
    score = 100 - sum(points for points, _ in told)
    reasons = (_tell_common(its), *(reason for _, reason in told if reason))
    return Pair(one, other, score, reasons) if score >= LEAST_SCORE else None


def _tell_common(its: Traits) -> str:
    lasts = [] if its.lasts is None else [f"{its.lasts} s"]
    return " ".join(
        ["both", *sorted(its.platforms), *sorted(its.places), *sorted(its.senses), *sorted(its.goods), *lasts]
    )


def _guarantee(offer: Offer, its: Traits) -> tuple[bool, int | None]:
    """Whether it is refilled, by its name or else its flag, and for how many days."""
    return (offer.refill if its.refill is None else its.refill), its.refill_days


def _compare_refill(one: tuple[bool, int | None], other: tuple[bool, int | None]) -> Likeness:
    if one[0] != other[0] or (one[1] != other[1] and None not in (one[1], other[1])):
        return None
    if not one[0]:
        return 0, "both without refill"
    if one[1] != other[1]:
        return 8, "both refilled, one does not say how long"
    return 0, "both refilled" + {None: "", FOREVER: " for ever"}.get(one[1], f" for {one[1]} days")


def _compare_words(one: Traits, other: Traits) -> Likeness:
    """Words that nobody here knows may mean anything: each that only one name has counts against."""
    mine, theirs = one.rest - other.rest, other.rest - one.rest
    apart = sorted(mine | theirs)
    if not apart:
        return 0, ""
    if one.goods & NAMED_BY_THE_REST or len(apart) > MOST_WORDS_APART:
        return None
    return len(apart) * (18 if mine and theirs else 10), "only one says " + ", ".join(apart)


def _compare_qualities(one: frozenset[str], other: frozenset[str]) -> Likeness:
    apart = sorted(one ^ other)
    if ("bot" in apart and (one | other) & REAL) or {"high quality", "low quality"} <= set(apart):
        return None
    return len(apart) * 6, f"only one says {', '.join(apart)}" if apart else ""


def _compare_prices(one: Offer, other: Offer) -> Likeness:
    low, high = sorted((one.rate.units, other.rate.units))
    if low <= 0 or high > low * MOST_PRICE_RATIO or one.rate.per != other.rate.per:
        return None
    percent = (high - low) * 100 // low
    return percent // 6, f"prices {percent} % apart"


def _compare_speeds(one: int | None, other: int | None) -> Likeness:
    if not one or not other:
        return 0, ""
    times = max(one, other) // min(one, other)
    points = next(points for least, points in SPEEDS_APART if times >= least)
    return points, f"one is {times} times as fast" if points else ""


def _compare_ranges(one: Offer, other: Offer) -> Likeness:
    """What is bought whole says in its name how much is inside."""
    if _is_whole(one) or _is_whole(other):
        alike = one.minimum == other.minimum and _is_whole(one) and _is_whole(other)
        return (0, "") if alike and numbers(one.name) == numbers(other.name) else None
    if not (one.accepts(max(one.minimum, other.minimum)) and other.accepts(max(one.minimum, other.minimum))):
        return None
    if one.maximum and other.maximum:
        times = max(one.maximum, other.maximum) // max(1, min(one.maximum, other.maximum))
        return (5, f"one takes {times} times as many") if times >= RANGES_APART else (0, "")
    return 0, ""


def _is_whole(offer: Offer) -> bool:
    return offer.is_package or offer.minimum == offer.maximum


def numbers(name: str) -> frozenset[str]:
    """The numbers of a name as they are written."""
    return frozenset(_NUMBER.findall(fold(name)))


def _group(pairs: Iterable[Pair]) -> list[Suggestion]:
    """Take the best pairs first; an offer joins a group only where it is like all that are in it."""
    pairs = list(pairs)
    alike = {frozenset((_ref(pair.first), _ref(pair.second))): pair for pair in pairs}
    groups: dict[OfferRef, list[Offer]] = {}
    for pair in pairs:
        one, other = groups.get(_ref(pair.first)), groups.get(_ref(pair.second))
        if one is None and other is None:
            groups[_ref(pair.first)] = groups[_ref(pair.second)] = [pair.first, pair.second]
        elif one is None or other is None:
            group, joining = (other, pair.first) if one is None else (one, pair.second)
            if group is not None and _fits(joining, group, alike):
                group.append(joining)
                groups[_ref(joining)] = group
    return [_as_suggestion(group, alike) for group in {id(group): group for group in groups.values()}.values()]


def _fits(offer: Offer, group: list[Offer], alike: Mapping[frozenset[OfferRef], Pair]) -> bool:
    return all(
        member.provider != offer.provider and frozenset((_ref(member), _ref(offer))) in alike for member in group
    )


def _as_suggestion(group: list[Offer], alike: Mapping[frozenset[OfferRef], Pair]) -> Suggestion:
    offers = sorted(group, key=lambda offer: offer.rate.units)
    pairs = [alike[frozenset((_ref(one), _ref(other)))] for one, other in combinations(offers, 2)]
    worst = min(pairs, key=lambda pair: pair.score)
    return Suggestion(tuple(offers), worst.score, worst.reasons)


def _ref(offer: Offer) -> OfferRef:
    return OfferRef(offer.provider, offer.service)
