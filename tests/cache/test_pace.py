"""Turns at a provider: who waits gets one in its kind, and no kind is starved."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

import pytest

from aggregator.cache.pace import Line
from aggregator.cache.turns import is_turn_of_read, next_read
from aggregator.cache.windows import Window


class Gate:
    """A pace that a test opens: so many turns, and no more."""

    def __init__(self) -> None:
        self.free = 0

    async def ask(self, _: Window) -> float:
        if self.free:
            self.free -= 1
            return 0.0
        return 0.001


async def given(waiting: Mapping[str, int], turns: int, periods: Mapping[str, float] | None = None) -> list[str]:
    """Which kinds got the first turns of all that wait."""
    gate, order = Gate(), list[str]()
    line = Line(gate.ask, Window(1, 1), periods or {})

    async def wait(kind: str) -> None:
        await line.turn(kind)
        order.append(kind)

    tasks = [asyncio.create_task(wait(kind)) for kind, many in waiting.items() for _ in range(many)]
    await asyncio.sleep(0.01)
    gate.free = turns
    while len(order) < turns:  # noqa: ASYNC110  # turns are given in the background
        await asyncio.sleep(0.002)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return order


async def test_reads_get_a_fifth_at_least_and_half_at_most_while_adds_wait() -> None:
    """Every kind of read gets its turns, whichever was never asked first."""
    got = await given({"add": 200, "status": 50, "balance": 50, "services": 50}, 100, {"status": 9e9, "balance": 9e9})
    told = Counter(got)
    reads = sum(many for kind, many in told.items() if kind != "add")
    assert 20 <= reads <= 50
    assert min(told[kind] for kind in ("status", "balance", "services")) >= 1


async def test_reads_that_are_overdue_get_half() -> None:
    got = await given({"add": 200, "status": 100}, 100, {"status": 1e-9})
    assert Counter(got) == {"add": 50, "status": 50}


async def test_writes_of_every_kind_go_in_their_turn_and_reads_take_what_is_left() -> None:
    got = await given({"cancel": 1, "add": 2, "balance": 3}, 6, {"balance": 9e9})
    assert sorted(got) == ["add", "add", "balance", "balance", "balance", "cancel"]
    assert got[-1] == "balance"


async def test_who_gives_up_takes_nobodys_turn() -> None:
    gate = Gate()
    line = Line(gate.ask, Window(1, 1), {})
    first, second = (asyncio.create_task(line.turn("add")) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    gate.free = 1
    await asyncio.wait_for(second, 5)
    with pytest.raises(asyncio.CancelledError):
        await first


@pytest.mark.parametrize(
    ("overdue", "row", "turn"),
    [
        ({}, 99, False),
        ({"status": 0.5}, 3, False),
        ({"status": 0.5}, 4, True),
        ({"status": 1.0}, 1, True),
        ({"status": 1.0}, 0, False),
    ],
)
def test_when_a_read_goes_before_a_write(overdue: dict[str, float], row: int, turn: bool) -> None:
    assert is_turn_of_read(overdue, writes_in_a_row=row) is turn


def test_of_the_reads_that_wait_the_most_overdue_goes() -> None:
    assert next_read({"status": 0.5, "services": 0.9, "balance": 0.1}) == "services"
    assert next_read({}) is None
