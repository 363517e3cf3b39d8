"""What is large is worked out beside the event loop, once for all, and no longer than somebody waits for it."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from structlog.testing import capture_logs

from aggregator.beside import Beside, Besides, GivenUp, Wanted
from aggregator.watchdog import Watchdog

SOURCE = object()


async def test_those_who_wait_together_share_one_computation_and_later_ones_its_result() -> None:
    beside, runs, go_on = Beside[int](), list[int](), threading.Event()

    def compute(_: Wanted) -> int:
        runs.append(threading.get_ident())
        go_on.wait(10)
        return 7

    waiting = [asyncio.create_task(beside.get(SOURCE, compute)) for _ in range(20)]
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*waiting) == [7] * 20
    assert await beside.get(SOURCE, compute) == 7
    assert len(runs) == 1
    assert runs != [threading.get_ident()]
    assert await beside.get(object(), compute) == 7
    assert len(runs) == 2


async def test_it_is_given_up_when_the_last_one_leaves_and_not_before() -> None:
    beside, begun, ended = Beside[int](), threading.Event(), threading.Event()

    def compute(wanted: Wanted) -> int:
        begun.set()
        while wanted():
            time.sleep(0.001)
        ended.set()
        raise GivenUp

    one, other = [asyncio.create_task(beside.get(SOURCE, compute)) for _ in range(2)]
    await asyncio.to_thread(begun.wait, 10)
    one.cancel()
    await asyncio.wait([one])
    assert not await asyncio.to_thread(ended.wait, 0.1)
    other.cancel()
    await asyncio.wait([other])
    assert await asyncio.to_thread(ended.wait, 10)
    assert await beside.get(SOURCE, lambda _: 3) == 3


async def test_a_failure_is_told_and_not_kept() -> None:
    beside = Beside[int]()

    def fail(_: Wanted) -> int:
        raise LookupError

    with pytest.raises(LookupError):
        await beside.get(SOURCE, fail)
    assert await beside.get(SOURCE, lambda _: 3) == 3


async def test_each_kind_of_a_source_is_worked_out_once_and_no_more_of_them_are_kept_than_allowed() -> None:
    besides, made = Besides[str](2), list[str]()

    def compute(kind: str) -> str:
        made.append(kind)
        return kind

    async def get(kind: str) -> str:
        return await besides.get(kind, SOURCE, lambda _: compute(kind))

    assert [await get(kind) for kind in ("one", "other", "one", "other")] == ["one", "other", "one", "other"]
    assert made == ["one", "other"]
    await get("third")
    await get("one")
    assert made == ["one", "other", "third", "one"]


async def test_a_loop_that_stood_still_is_told_with_what_held_it() -> None:
    stalls = list[float]()
    watchdog = Watchdog(stalls.append)
    with capture_logs() as told:
        watchdog.start()
        await asyncio.sleep(0.1)
        _hold_everybody_up()
        await asyncio.sleep(0.2)
        watchdog.stop()
    assert stalls
    assert any(line["event"] == "loop.stood_still" and "_hold_everybody_up" in line["held_by"] for line in told)


def _hold_everybody_up() -> None:
    time.sleep(1)
