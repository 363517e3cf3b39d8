"""What a panel did with an order, against what we take it to have done: never the opposite, in any misbehaviour."""

from __future__ import annotations

import asyncio
from collections import Counter
from itertools import product

from msgspec import Struct

from providers.adapter import Adapter
from providers.errors import ProviderError, Refused, Unreachable
from providers.vocabulary import ServiceType, Submission
from tests.providers.misbehaving_server import EITHER, NOT_SENT, ODD, REFUSED, TAKEN, misbehaving
from tests.providers.panel_server import adapter_for

TIMES = 3
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


def expected(mode: str) -> str:
    """The verdict that each misbehaviour deserves."""
    told = {"accepted": TAKEN, "refused": REFUSED, "not sent": NOT_SENT}
    return next((verdict for verdict, modes in told.items() if mode in modes), "unsure")


async def verdict_on(adapter: Adapter, link: str) -> str:
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


async def test_no_order_is_taken_for_what_it_is_not() -> None:
    """Every misbehaviour, with the order taken and not, several times and many at once; each is sent only once."""
    async with misbehaving() as panel, adapter_for(panel.url, add_timeout_seconds=2, parallel=AT_ONCE) as adapter:
        links = {
            f"https://x.example/{mode}/{truth}/{number}": (mode, truth)
            for number, (mode, truth) in enumerate(MODES * TIMES, 5001)
        }
        lane = asyncio.Semaphore(AT_ONCE)

        async def in_turn(link: str) -> str:
            async with lane:
                return await verdict_on(adapter, link)

        verdicts = await asyncio.gather(*(in_turn(link) for link in links))
        cases = [Case(mode, truth, told) for (mode, truth), told in zip(links.values(), verdicts, strict=True)]
        assert sorted(panel.seen) == sorted(links)
        assert {link for link, (_, truth) in links.items() if truth == "taken"} == panel.taken

    forbidden = [case for case in cases if case.verdict not in RIGHT[case.truth]]
    assert forbidden == []
    assert {(case.mode, case.verdict) for case in cases if case.verdict != expected(case.mode)} == set()
    assert len(cases) >= 300
    assert len({case.mode for case in cases}) >= 40
    matrix = Counter((case.truth, case.verdict) for case in cases)
    assert set(matrix) == {("taken", "accepted"), ("taken", "unsure"), ("lost", "refused"), ("lost", "not sent"),
                           ("lost", "unsure")}  # fmt: skip
