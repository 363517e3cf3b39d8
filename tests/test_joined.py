"""Questions asked at the same moment leave together; each gets its own answer, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from aggregator.batching import Batcher


class Desk:
    """Answers a question with its double; keeps the batches in which they came."""

    def __init__(self, *, most: int = 100, concurrency: int = 1) -> None:
        self.batches: list[list[int]] = []
        self.asked, self.open = asyncio.Event(), asyncio.Event()
        self.open.set()
        self.ask: Batcher[int, int] = Batcher(self._answer, max_size=most, concurrency=concurrency)

    async def _answer(self, batch: list[int]) -> list[int | Exception]:
        self.batches.append(batch)
        self.asked.set()
        await self.open.wait()
        if batch == [666]:
            raise ConnectionError
        return [ValueError(number) if number < 0 else 2 * number for number in batch]


async def test_what_comes_at_once_is_one_batch_in_its_order() -> None:
    desk = Desk()
    assert await asyncio.gather(*map(desk.ask, range(10))) == [2 * number for number in range(10)]
    assert desk.batches == [list(range(10))]


async def test_while_one_batch_is_away_the_next_gathers() -> None:
    """So batches grow with the load by themselves."""
    desk = Desk()
    desk.open.clear()
    first = asyncio.create_task(desk.ask(1))
    await desk.asked.wait()
    later = [asyncio.create_task(desk.ask(number)) for number in (2, 3, 4)]
    await asyncio.sleep(0)
    desk.open.set()
    assert await asyncio.gather(first, *later) == [2, 4, 6, 8]
    assert desk.batches == [[1], [2, 3, 4]]


async def test_no_batch_is_larger_than_it_may_be() -> None:
    desk = Desk(most=4, concurrency=2)
    await asyncio.gather(*map(desk.ask, range(10)))
    assert [len(batch) for batch in desk.batches] == [4, 4, 2]


async def test_a_failure_of_one_is_no_failure_of_its_neighbours() -> None:
    answers = await asyncio.gather(*map(Desk().ask, (1, -1, 2)), return_exceptions=True)
    assert [answers[0], answers[2]] == [2, 4]
    assert isinstance(answers[1], ValueError)


async def test_a_batch_that_fails_is_told_to_all_and_the_next_is_asked() -> None:
    desk = Desk()
    with pytest.raises(ConnectionError):
        await desk.ask(666)
    assert await desk.ask(1) == 2


@pytest.mark.parametrize(("apart", "batches"), [(True, [[1, 666, 2], [1], [666], [2]]), (False, [[1, 666, 2]])])
async def test_a_batch_that_fails_for_one_is_asked_one_by_one_where_that_helps(
    *, apart: bool, batches: list[list[int]]
) -> None:
    asked: list[list[int]] = []

    async def answer(batch: list[int]) -> list[int]:
        asked.append(batch)
        if 666 in batch:
            raise ConnectionError
        return batch

    ask: Batcher[int, int] = Batcher(answer, max_size=10, retry_alone=lambda _: apart)
    answers = await asyncio.gather(*map(ask, (1, 666, 2)), return_exceptions=True)
    assert asked == batches
    assert [answer for answer in answers if isinstance(answer, int)] == ([1, 2] if apart else [])
    assert isinstance(answers[1], ConnectionError)


async def test_who_stops_waiting_stops_nobody_else() -> None:
    """A client that hangs up must not take others' orders with it."""
    desk = Desk()
    desk.open.clear()
    gone, stays = asyncio.create_task(desk.ask(1)), asyncio.create_task(desk.ask(2))
    await desk.asked.wait()
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    desk.open.set()
    assert await stays == 4
    assert desk.batches == [[1, 2]]


async def test_what_one_caller_was_in_the_middle_of_is_nothing_to_the_others() -> None:
    """A transaction of the first must not become one of all."""
    mood: ContextVar[str] = ContextVar("mood", default="calm")

    async def tell(batch: list[int]) -> list[str]:
        return [mood.get()] * len(batch)

    ask: Batcher[int, str] = Batcher(tell, max_size=10)
    mood.set("busy")
    assert await ask(1) == "calm"
