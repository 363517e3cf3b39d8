"""How often somebody may call: `burst` calls in a moving window of burst / rate seconds, counted once for all."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import redis

from aggregator.cache.limits import Limits, lenient_window, window
from aggregator.cache.redis import REST_SECONDS
from aggregator.cache.windows import Window, Windows
from tests.servers import RedisServer

SLOW = window(Decimal("0.01"), 5)
SECOND = window(Decimal(2), 2)


@pytest.fixture(params=["memory", "redis"])
async def limits(request: pytest.FixtureRequest) -> AsyncIterator[Limits]:
    """Nothing is counted yet; whoever asks runs once on each kind."""
    opened = Limits("memory://" if request.param == "memory" else request.getfixturevalue("fresh_redis"))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize(
    ("per_second", "burst", "seconds"), [("1", 60, 60.0), ("20", 20, 1.0), ("2", 5, 2.5), ("4", 1, 0.25)]
)
def test_a_window_is_as_long_as_its_calls_take_at_the_rate(per_second: str, burst: int, seconds: float) -> None:
    """What the configuration promises holds for fractions of a second too."""
    found = window(Decimal(per_second), burst)
    assert (found.amount, found.get_expiry()) == (burst, seconds)


@pytest.mark.parametrize(
    ("per_second", "burst", "seconds"), [("1", 60, 58.8), ("20", 20, 0.98), ("0.01", 3, 294.0), ("4", 1, 0.245)]
)
def test_who_calls_us_is_counted_in_a_window_a_little_shorter(per_second: str, burst: int, seconds: float) -> None:
    found = lenient_window(Decimal(per_second), burst)
    assert (found.amount, found.get_expiry()) == (burst, seconds)


async def test_whoever_asks_exactly_at_their_rate_is_never_too_early(limits: Limits) -> None:
    """Call after call comes a hundredth early, as a network makes of an even pace."""
    item: Window = lenient_window(Decimal(2), 2)
    for _ in range(3):
        assert [await limits.hit(item, "key:1") for _ in range(2)] == [0, 0]
        await asyncio.sleep(0.99)


async def test_the_burst_may_go_and_the_next_must_wait(limits: Limits) -> None:
    assert [await limits.hit(SLOW, "key:1") for _ in range(5)] == [0] * 5
    assert 400 < await limits.hit(SLOW, "key:1") <= 500


async def test_calls_at_the_same_moment_are_counted_one_by_one(limits: Limits) -> None:
    """A client with a hundred threads gets no more than one with one."""
    waits = await asyncio.gather(*(limits.hit(SLOW, "key:1") for _ in range(50)))
    assert sorted(waits)[:6].count(0) == 5


async def test_each_key_has_its_own_limit(limits: Limits) -> None:
    for _ in range(5):
        await limits.hit(SLOW, "key:1")
    assert await limits.hit(SLOW, "key:2") == 0


@pytest.mark.parametrize(("per_second", "burst"), [("1", 1), ("4", 5)])
async def test_a_window_moves_on(limits: Limits, per_second: str, burst: int) -> None:
    """Whole or broken seconds: when the window has passed, as many may go again, and no more."""
    item = window(Decimal(per_second), burst)
    assert [await limits.hit(item, "key:1") for _ in range(burst)] == [0] * burst
    assert await limits.hit(item, "key:1") in (1, 2)
    await asyncio.sleep(item.get_expiry() + 0.01)
    assert [await limits.hit(item, "key:1") for _ in range(burst)] == [0] * burst
    assert await limits.hit(item, "key:1") in (1, 2)


async def test_a_refused_call_does_not_lengthen_the_wait(limits: Limits) -> None:
    """Who keeps knocking is let in as soon as who waited."""
    item = window(Decimal(4), 1)
    assert await limits.hit(item, "key:1") == 0
    for _ in range(10):
        await limits.hit(item, "key:1")
    await asyncio.sleep(item.get_expiry() + 0.01)
    assert await limits.hit(item, "key:1") == 0


async def test_a_thousand_callers_leave_no_work_behind(limits: Limits) -> None:
    """What is counted costs at its call and never after: no task, no thread, no timer of anybody's."""
    await limits.hit(SLOW, "key:0")
    threads = threading.active_count()
    for number in range(1000):
        assert await limits.hit(SLOW, f"key:{number}") == 0
    assert len(asyncio.all_tasks()) == 1
    assert threading.active_count() == threads


def test_whoever_has_gone_is_forgotten() -> None:
    now = [0.0]
    windows = Windows(clock=lambda: now[0])
    for number in range(10_000):
        now[0] += 0.01
        assert windows.hit(SECOND, f"{number}") == 0
    assert len(windows) <= 101


def test_a_count_never_lets_more_through_than_the_window_holds() -> None:
    """Also of somebody who calls all the time, and is refused most of it."""
    dice, now, gone = random.Random(3), [0.0], list[float]()
    windows = Windows(clock=lambda: now[0])
    for _ in range(5000):
        now[0] += dice.random() / 20
        if windows.hit(SECOND, "key:1") == 0:
            gone.append(now[0])
        windows.hit(SECOND, f"key:{dice.random()}")
    assert all(later - first >= 1 for first, later in zip(gone, gone[2:], strict=False))
    assert len(gone) > now[0]


async def test_a_clock_of_redis_that_was_set_back_makes_nobody_wait_for_it(fresh_redis: str) -> None:
    """The moments that were kept lie an hour ahead: the windows are as full as they were, and no longer."""
    limits = Limits(fresh_redis)
    item = window(Decimal(4), 2)
    assert [await limits.hit(item, "key:1") for _ in range(2)] == [0, 0]
    with redis.Redis.from_url(fresh_redis) as client:
        [key] = client.keys("*key:1")
        for at, moment in enumerate(client.lrange(key, 0, -1)):
            client.lset(key, at, str(int(moment) + 3_600_000_000))
    assert await limits.hit(item, "key:1") == 1
    await asyncio.sleep(item.get_expiry() + 0.01)
    assert await limits.hit(item, "key:1") == 0
    await limits.aclose()


async def test_two_processes_share_the_count_exactly(fresh_redis: str) -> None:
    """A second web process does not double what a key may do."""
    one, other = Limits(fresh_redis), Limits(fresh_redis)
    waits = await asyncio.gather(*(limits.hit(SLOW, "key:1") for limits in (one, other) for _ in range(20)))
    assert waits.count(0) == 5
    await one.aclose()
    await other.aclose()


async def test_without_redis_each_process_counts_for_itself(redis_server: RedisServer) -> None:
    """Never unlimited, never closed."""
    limits = Limits(redis_server.url)
    assert await limits.hit(SLOW, "key:1") == 0
    redis_server.kill()
    assert [await limits.hit(SLOW, "key:1") for _ in range(5)] == [0] * 5
    assert await limits.hit(SLOW, "key:1") > 0
    await limits.aclose()


async def test_a_full_redis_limits_as_none_would(redis_server: RedisServer) -> None:
    """Never unlimited, never closed."""
    limits = Limits(redis_server.url)
    redis_server.fill_up()
    assert [await limits.hit(SLOW, "key:1") for _ in range(5)] == [0] * 5
    assert await limits.hit(SLOW, "key:1") > 0
    await limits.aclose()


async def test_a_redis_that_came_back_counts_for_all_again(redis_server: RedisServer) -> None:
    one, other = Limits(redis_server.url), Limits(redis_server.url)
    redis_server.kill()
    assert await one.hit(SLOW, "key:1") == 0
    redis_server.start()
    await asyncio.sleep(REST_SECONDS)
    waits = [await limits.hit(SLOW, "key:1") for limits in (one, other) for _ in range(5)]
    assert waits.count(0) == 5
    await one.aclose()
    await other.aclose()


async def test_a_redis_that_forgot_our_script_is_told_again(fresh_redis: str) -> None:
    """Somebody's SCRIPT FLUSH must not count as a dead Redis."""
    limits = Limits(fresh_redis)
    assert await limits.hit(SLOW, "key:1") == 0
    with redis.Redis.from_url(fresh_redis) as client:
        client.script_flush()
    other = Limits(fresh_redis)
    waits = [await limiter.hit(SLOW, "key:1") for limiter in (limits, other) for _ in range(4)]
    assert waits.count(0) == 4
    await limits.aclose()
    await other.aclose()
