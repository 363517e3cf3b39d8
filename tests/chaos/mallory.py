"""The dishonest provider: the tricks that it plays in a storm, and what the panel must know of them afterwards.

Each comparison is a function of its own. Those in `HELD` count in every storm; the others only where they are asked for
(`--strict`), until the panel does what they ask. A comparison moves from one to the other by its name alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import NamedTuple

from tests.chaos.books import Books, Row
from tests.chaos.checker import Evidence
from tests.chaos.figures import Figures
from tests.chaos.upstreams import DISHONEST, Add, Upstream

TRICKS: tuple[Mapping[str, object], ...] = (
    {},
    {"times": "1.07"},
    {"times": "1.3", "states": False},
    {"keeps": True},
    {"revives": True},
    {"echoes": True},
    {"negative_start": True, "busy_cancel": True},
    {"lost_cancel": True},
    {"times": "2", "revives": True},
)
TURN_SECONDS = 0.7
"""How long one lasts."""
IDS_AGAIN = 8
"""In a strict storm ids are given again after so many turns, and each time after that."""
TOLD_OF_AN_ID = ("of another order", "by decision")
TOLERATED = Decimal(3).scaleb(-8)
"""Costs are rounded at each of its steps."""
MANY, GROSS = 3, Decimal("1.5")
"""So many orders above the list are too many, and so many times the list once is too much."""
NOISE, LAST_DIGITS = Decimal("0.0002"), Decimal("0.001")
"""What is never told of a balance: a share of what all orders cost, charged and paid back, and rounding."""


class Known(NamedTuple):
    """What a run left behind, and what the panel makes of it."""

    evidence: Evidence
    figures: Figures
    events: dict[int, list[str]]
    """The history of each order."""


Comparison = Callable[[Known], list[str]]


async def deceive(upstreams: list[Upstream], seed: int, *, strict: bool) -> None:
    """Play one set of tricks after the other, until cancelled; at the end of a run it is honest again."""
    random, turn = Random(seed), 0
    liars = [upstream for upstream in upstreams if upstream.name in DISHONEST]
    try:
        while True:
            turn += 1
            for liar in liars:
                await liar.play(random.choice(TRICKS))
                if strict and turn % IDS_AGAIN == 0:
                    await liar.give_ids_again()
            await asyncio.sleep(TURN_SECONDS)
    finally:
        for liar in liars:
            await liar.play({})


async def know(books: Books, evidence: Evidence, figures: Figures) -> Known:
    """Read what else the comparisons need."""
    events: dict[int, list[str]] = {}
    for row in await books.rows("select order_id, text from events order by id"):
        events.setdefault(row["order_id"], []).append(row["text"])
    return Known(evidence, figures, events)


def taken(evidence: Evidence) -> int:
    """How many orders it took: without any a storm says nothing of it."""
    return sum(add.accepted and add.provider in DISHONEST for adds in evidence.truth.values() for add in adds)


def costs_are_what_was_kept(known: Known) -> list[str]:
    """The days' cost is what honest providers kept, to the rounding of each order.

    Of what the dishonest one keeps beyond its words no figure can tell: between its list, its words and the truth.
    """
    ranges = [_range(known, add) for adds in known.evidence.truth.values() for add in adds if add.accepted]
    least, most = (sum(ends, Decimal(0)) for ends in zip(*ranges, strict=True)) if ranges else (Decimal(0), Decimal(0))
    told, tolerated = Decimal(known.figures.cost).scaleb(-8), TOLERATED * len(ranges)
    agreed = least - tolerated <= told <= most + tolerated
    return [] if agreed else [f"the days cost {told}, the providers kept {least} to {most}"]


def _range(known: Known, add: Add) -> tuple[Decimal, Decimal]:
    """What an order at a provider may count as."""
    if add.provider not in DISHONEST:
        return add.kept, add.kept
    share = add.listed * (int(add.quantity) - add.undelivered) / int(add.quantity)
    if len(known.evidence.under(add)) == 1 and _attempts_at(known, add):
        return min(add.kept, share), max(add.kept, share)
    # Its statuses were those of another order, or of none.
    stated = (
        _stated(attempt) for _, attempt, _ in _dishonest(known) if attempt["upstream_order"] == add.upstream_order
    )
    return Decimal(0), max((add.kept, share, *stated))


def _stated(attempt: Row) -> Decimal:
    """The highest that its provider stated for it."""
    return max((Decimal(charge) for charge, *_ in json.loads(attempt["stated_charges"] or "[]")), default=Decimal(0))


def _attempts_at(known: Known, add: Add) -> bool:
    return any(one == add for _, _, one in _dishonest(known))


def overcharges_are_held(known: Known) -> list[str]:
    """Whatever delivered order's status said that it costs more than its list says so in its history.

    And where one did by half, or three did at all, the owner is told that no more orders go there.
    """
    dear = [
        (row["id"], add.listed, Decimal(attempt["last_charge"] or 0), add.provider)
        for row, attempt, add in _dishonest(known)
        if all(one.undelivered == 0 and one.ended for one in known.evidence.under(add))
    ]
    above = [one for one in dear if one[2] > one[1] * Decimal("1.02")]
    faults = [
        f"order {order}: {provider} says {said} for {listed}"
        for order, listed, said, provider in above
        if not any("charges" in text and "was expected" in text for text in known.events.get(order, ()))
    ]
    many = len({order for order, *_ in above}) >= MANY
    if many or any(said >= listed * GROSS for _, listed, said, _ in above):
        held = any("takes more than it lists" in alarm for alarm in known.figures.alarms)
        faults += [] if held else [f"nobody is told of {above}; alarms: {known.figures.alarms}"]
    return faults


def revivals_are_told(known: Known) -> list[str]:
    """Whatever was called off, bought elsewhere and delivered after all stands in its order's history as our cost."""
    return [
        f"order {row['id']}: {attempt['provider']} called {add.upstream_order} off and kept {add.kept}"
        for row, attempt, add in _dishonest(known)
        if attempt["outcome"] == "called_off"
        and add.undelivered == 0
        and not any("owner's cost" in text for text in known.events.get(row["id"], ()))
    ]


def drifts_are_alarming(known: Known) -> list[str]:
    """Where a provider kept more than our orders should have cost, less what it said is due back, an alarm says so."""
    faults = []
    for name in DISHONEST:
        taken = [add for adds in known.evidence.truth.values() for add in adds if add.accepted and add.provider == name]
        kept, due, noise = sum((add.kept for add in taken), Decimal(0)), *_due(known, name)
        alarmed = any(f"balance of {name} lost" in alarm for alarm in known.figures.alarms)
        if kept > due + noise and not alarmed:
            faults.append(f"{name} kept {kept} where {due} was due; alarms: {known.figures.alarms}")
    return faults


def _due(known: Known, provider: str) -> tuple[Decimal, Decimal]:
    """What all that it may have taken should have cost after the refunds that it told of; and how far that may be off.

    What the owner settled is no word of its own.
    """
    due = listed = Decimal(0)
    for row in known.evidence.orders:
        settled = any("by decision" in text for text in known.events.get(row["id"], ()))
        for attempt in known.evidence.attempts[row["id"]]:
            if attempt["provider"] != provider or not _may_cost(attempt):
                continue
            cost, back = Decimal(attempt["cost_theirs"]), 0
            if attempt["outcome"] == "called_off":
                back = row["quantity"]
            elif attempt["outcome"] == "accepted" and not settled:
                back = row["undelivered"]
            listed += cost
            due += cost * (row["quantity"] - back) / row["quantity"]
    return due, listed * NOISE + LAST_DIGITS


def _may_cost(attempt: Row) -> bool:
    if attempt["outcome"] == "absent":
        return attempt["upstream_order"] is not None
    return attempt["outcome"] not in ("refused", "not_sent")


def ids_given_again_are_told(known: Known) -> list[str]:
    """Of several orders under one id all but one say so in their history, or were decided about."""
    untold: dict[str, list[int]] = {}
    for row in known.evidence.orders:
        told = any(word in text for text in known.events.get(row["id"], ()) for word in TOLD_OF_AN_ID)
        for add in known.evidence.truth[row["link"]]:
            if add.accepted and add.provider in DISHONEST and not told:
                untold.setdefault(f"{add.provider}:{add.upstream_order}", []).append(row["id"])
    return [f"orders {orders} are all {one}, and nobody was told" for one, orders in untold.items() if len(orders) > 1]


HELD: tuple[Comparison, ...] = (
    ids_given_again_are_told,
    revivals_are_told,
    costs_are_what_was_kept,
    overcharges_are_held,
    drifts_are_alarming,
)
"""What the panel does by now."""
ALL: tuple[Comparison, ...] = (*HELD,)


def compare(known: Known, *, strict: bool) -> list[str]:
    """What the panel does not know, or tells wrongly, of the dishonest provider."""
    return [f"{one.__name__}: {fault}" for one in (ALL if strict else HELD) for fault in one(known)]


def _dishonest(known: Known) -> Iterator[tuple[Row, Row, Add]]:
    """Each attempt that a dishonest provider took, with its order and its truth."""
    for row in known.evidence.orders:
        adds = {(add.provider, add.upstream_order): add for add in known.evidence.truth[row["link"]] if add.accepted}
        for attempt in known.evidence.attempts[row["id"]]:
            add = adds.get((attempt["provider"], attempt["upstream_order"]))
            if add is not None and add.provider in DISHONEST:
                yield row, attempt, add
