"""Adds that nobody answered, at a provider that gives evidence: how many settle by themselves, and whether rightly."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path

from aggregator.orders.model import Order
from aggregator.orders.state import Outcome
from aggregator.orders.unsure import resolve
from aggregator.orders.unsure.evidence_store import Seen
from tests.builders import open_database, order_now
from tests.evidence.inquiries import WAYS, Inquiry, attempts_of, deciders, inquiry, looks_at
from tests.orders.panels import poll

AT_ONCE = 2
"""Unsure orders at a time; a provider with more of them is given no further ones (`unsure_in_flight`)."""
LOOKS = 6
EACH = 20
"""Rounds for one panel."""


async def try_unsure(way: str, seed: int, count: int) -> Counter[str]:
    """So many unsure orders, half of them taken: how many were `settled`, and how many of those `wrong`.

    Beside each few an order is bought and answered, and one is cut short, as everywhere.
    """
    dice, seen = random.Random(f"{way} {seed}"), Counter[str]()
    offers, more = WAYS[way]
    while seen["orders"] < count:
        with tempfile.TemporaryDirectory(prefix="aggregator-unsure-") as folder:
            url = f"sqlite:///{folder}/unsure.sqlite"
            async with open_database(url), inquiry(Path(folder), url, offers=offers, more=more) as case:
                await case.settle_down()
                for number in range(EACH):
                    seen += await _round(case, dice, number)
                    if seen["orders"] >= count:
                        break
    return seen


async def _round(case: Inquiry, dice: random.Random, number: int) -> Counter[str]:
    unsure = [
        await case.order(f"{number}/{n}/{dice.choice(['lost', 'lostno'])}", quantity=dice.randrange(100, 6_000))
        for n in range(dice.randint(1, AT_ONCE))
    ]
    await case.order(f"{number}/partial/{dice.randrange(1, 100)}", quantity=dice.randrange(100, 6_000))
    await poll(case.panel)
    await poll(case.panel)
    await case.panel.syncer.sync("alpha")
    await case.look(LOOKS)
    seen = Counter(orders=len(unsure))
    for order in unsure:
        told = await _told(order)
        seen += Counter(settled=told is not None, wrong=told is not None and told != bool(case.taken(order)))
        await _end(case, order)
    return seen


async def _told(order: Order) -> bool | None:
    """Whether the add was taken, by evidence; None where none tells."""
    if await deciders(order):
        return (await attempts_of(order))[0].outcome is Outcome.ACCEPTED
    if any(look.verdict is Seen.ACCEPTED for look in await looks_at(order)):
        return True
    return None


async def _end(case: Inquiry, order: Order) -> None:
    """What no evidence has ended the owner does, with what he sees in the provider's own pages.

    What was not taken is not sent again: it would be lost on the same way as before.
    """
    there = [str(seen.order) for seen in case.alpha.orders if seen.link == order.link and seen.accepted]
    if (await order_now(order.id)).state == "unsure":
        if there:
            await resolve.found(order.id, there[0], actor="owner", reason="seen there")
        else:
            await resolve.absent(order.id, actor="owner", reason="not there", settle_ms=0)
    if not there:
        await resolve.call_off(order.id, actor="owner", reason="enough")
