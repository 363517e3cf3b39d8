"""The dishonest provider: the tricks that it plays in a storm, and what the panel must know of them afterwards.

Each comparison is a function of its own. Those in `HELD` count in every storm; the others only where they are asked for
(`--strict`), until the panel does what they ask. A comparison moves from one to the other by its name alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from random import Random
from typing import NamedTuple

from tests.chaos.books import Books, Row
from tests.chaos.checker import Evidence
from tests.chaos.figures import Figures
from tests.chaos.upstreams import DISHONEST, Add, Upstream

TRICKS: tuple[Mapping[str, object], ...] = (
    {}, {"times": "1.07"}, {"times": "1.3", "states": False}, {"keeps": True}, {"revives": True}, {"echoes": True},
    {"negative_start": True, "busy_cancel": True}, {"lost_cancel": True}, {"times": "2", "revives": True},
)  # fmt: skip
TURN_SECONDS = 0.7
"""How long one lasts."""
IDS_AGAIN = 8
"""In a strict storm ids are given again after so many turns, and each time after that."""
TOLD_OF_AN_ID = ("of another order", "by decision")
TOLERATED = Decimal(3).scaleb(-8)
"""Costs are rounded at each of its steps."""


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
    """The days' cost is the money that all providers really kept, to the rounding of each order."""
    kept = sum((add.kept for adds in known.evidence.truth.values() for add in adds), Decimal(0))
    told = Decimal(known.figures.cost).scaleb(-8)
    tolerated = TOLERATED * sum(map(len, known.evidence.truth.values()))
    return [f"the days cost {told}, the providers kept {kept}"] if abs(told - kept) > tolerated else []


def overcharges_are_held(known: Known) -> list[str]:
    """Whatever order's status said that it costs more than the list was shown to the owner."""
    return [
        f"order {row['id']}: {attempt['provider']} says {attempt['last_charge']} for {add.listed}"
        for row, attempt, add in _dishonest(known)
        if attempt["outcome"] == "accepted" and Decimal(attempt["last_charge"] or 0) > add.listed * Decimal("1.02")
        and not any(text.startswith("held") for text in known.events.get(row["id"], ()))
    ]  # fmt: skip


def revivals_are_told(known: Known) -> list[str]:
    """Whatever was called off, bought elsewhere and delivered after all stands in its order's history as our cost."""
    return [
        f"order {row['id']}: {attempt['provider']} called {add.upstream_order} off and kept {add.kept}"
        for row, attempt, add in _dishonest(known)
        if attempt["outcome"] == "called_off" and add.undelivered == 0
        and not any("owner's cost" in text for text in known.events.get(row["id"], ()))
    ]  # fmt: skip


def drifts_are_alarming(known: Known) -> list[str]:
    """Where a provider kept more than its statuses say, an alarm names it and its balance."""
    faults = []
    for name in DISHONEST:
        mine = [(attempt, add) for _, attempt, add in _dishonest(known) if add.provider == name]
        kept = sum((add.kept for _, add in mine), Decimal(0))
        said = sum((Decimal(attempt["last_charge"] or 0) for attempt, _ in mine), Decimal(0))
        alarmed = any(name in alarm and "balance" in alarm for alarm in known.figures.alarms)
        if kept > said + TOLERATED * len(mine) and not alarmed:
            faults.append(f"{name} kept {kept}, its statuses say {said}; alarms: {known.figures.alarms}")
    return faults


def ids_given_again_are_told(known: Known) -> list[str]:
    """Of several orders under one id all but one say so in their history, or were decided about."""
    untold: dict[str, list[int]] = {}
    for row in known.evidence.orders:
        told = any(word in text for text in known.events.get(row["id"], ()) for word in TOLD_OF_AN_ID)
        for add in known.evidence.truth[row["link"]]:
            if add.accepted and add.provider in DISHONEST and not told:
                untold.setdefault(f"{add.provider}:{add.upstream_order}", []).append(row["id"])
    return [f"orders {orders} are all {one}, and nobody was told" for one, orders in untold.items() if len(orders) > 1]


HELD: tuple[Comparison, ...] = (ids_given_again_are_told, revivals_are_told)
"""What the panel does by now."""
ALL: tuple[Comparison, ...] = (*HELD, costs_are_what_was_kept, overcharges_are_held, drifts_are_alarming)


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
