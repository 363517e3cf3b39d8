"""Adds at a panel that misbehaves in every known way, and what each is taken to have come to."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import cycle, islice, product

from msgspec import Struct

from providers.adapter import Adapter
from providers.errors import ProviderError, Refused, Unreachable
from providers.vocabulary import ServiceType, Submission
from tests.providers.misbehaving_server import EITHER, NOT_SENT, ODD, REFUSED, TAKEN, misbehaving
from tests.providers.panel_server import adapter_for

AT_ONCE = 40
MODES = [
    *product(TAKEN, ["taken"]),
    *product([*REFUSED, *NOT_SENT], ["lost"]),
    *product([*EITHER, *ODD], ["taken", "lost"]),
]
"""What it does, and whether it took the order."""
RIGHT = {"taken": {"accepted", "unsure"}, "lost": {"refused", "not sent", "unsure"}}
"""What may be believed of an order, by what became of it."""


class Case(Struct, frozen=True):
    """One add, and what came of it."""

    mode: str
    truth: str
    verdict: str

    @property
    def is_forbidden(self) -> bool:
        """Whether the opposite of the truth is believed: money is lost, or an order bought twice."""
        return self.verdict not in RIGHT[self.truth]


def expected(mode: str) -> str:
    """The verdict that each misbehaviour deserves."""
    told = {"accepted": TAKEN, "refused": REFUSED, "not sent": NOT_SENT}
    return next((verdict for verdict, modes in told.items() if mode in modes), "unsure")


async def try_adds(count: int) -> Sequence[Case]:
    """So many adds, every misbehaviour in turn, many at once; AssertionError where one was sent twice."""
    async with misbehaving() as panel, adapter_for(panel.url, add_timeout_seconds=2, parallel=AT_ONCE) as adapter:
        modes = {
            f"https://x.example/{mode}/{truth}/{number}": mode
            for number, (mode, truth) in enumerate(islice(cycle(MODES), count), 5001)
        }
        lane = asyncio.Semaphore(AT_ONCE)

        async def in_turn(link: str) -> str:
            async with lane:
                return await _verdict_on(adapter, link)

        verdicts = await asyncio.gather(*(in_turn(link) for link in modes))
        assert len(set(panel.seen)) == len(panel.seen), "an add was sent twice"
    # On a machine that stalls, an add may not get through at all.
    return [
        Case(mode, "taken" if link in panel.taken else "lost", told)
        for (link, mode), told in zip(modes.items(), verdicts, strict=True)
    ]


async def _verdict_on(adapter: Adapter, link: str) -> str:
    """What is believed after one add."""
    order = Submission(service="1", type=ServiceType.DEFAULT, link=link, quantity=100)
    try:
        await adapter.add(order)
    except Refused:
        return "refused"
    except Unreachable:
        return "not sent"
    except ProviderError:
        return "unsure"
    return "accepted"
