"""One contract for both status caches: bytes under names, many at once, gone at any moment without harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
import redis

from aggregator.cache.limits import Limits, window
from aggregator.cache.memory import MemoryCache
from aggregator.cache.redis import RedisCache
from aggregator.cache.status import KEEP_SECONDS, CachedKind, StatusCache


@pytest.fixture(params=["memory", "redis"])
async def cache(request: pytest.FixtureRequest) -> AsyncIterator[StatusCache]:
    """An empty cache; whoever asks runs once on each kind."""
    opened: StatusCache = (
        MemoryCache() if request.param == "memory" else RedisCache(request.getfixturevalue("fresh_redis"))
    )
    yield opened
    await opened.aclose()


async def test_what_was_put_comes_back_in_the_order_asked(cache: StatusCache) -> None:
    """A hundred statuses are one question, and each answer stands where its order was asked."""
    await cache.put_many(CachedKind.JSON, {str(number): b"%d" % number for number in range(100)})
    asked = [str(number) for number in reversed(range(100))]
    assert await cache.get_many(CachedKind.JSON, asked) == [b"%d" % number for number in reversed(range(100))]


async def test_what_was_never_put_is_none(cache: StatusCache) -> None:
    """An order without a kept reply does not shift the others."""
    await cache.put_many(CachedKind.JSON, {"2": b"two"})
    assert await cache.get_many(CachedKind.JSON, ["1", "2", "3"]) == [None, b"two", None]


async def test_any_bytes_survive(cache: StatusCache) -> None:
    """Replies hold every letter of the world, and nobody here reads them."""
    value = bytes(range(256)) * 100
    await cache.put_many(CachedKind.READING, {"1": value, "2": b""})
    assert await cache.get_many(CachedKind.READING, ["1", "2"]) == [value, b""]


async def test_a_later_value_takes_the_place_of_an_earlier_one(cache: StatusCache) -> None:
    """An order that moved on is told as it is now."""
    await cache.put_many(CachedKind.JSON, {"1": b"PENDING"})
    await cache.put_many(CachedKind.JSON, {"1": b"COMPLETED"})
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [b"COMPLETED"]


async def test_what_was_read_earlier_fills_gaps_only(cache: StatusCache) -> None:
    """Whoever looked an order up before it was settled does not put the old answer over the new one."""
    await cache.put_many(CachedKind.JSON, {"1": b"COMPLETED"})
    await cache.fill_many(CachedKind.JSON, {"1": b"PENDING", "2": b"PENDING"})
    await cache.fill_many(CachedKind.JSON, {})
    assert await cache.get_many(CachedKind.JSON, ["1", "2"]) == [b"COMPLETED", b"PENDING"]


async def test_one_key_may_be_asked_twice(cache: StatusCache) -> None:
    await cache.put_many(CachedKind.JSON, {"1": b"x"})
    assert await cache.get_many(CachedKind.JSON, ["1", "1"]) == [b"x", b"x"]


async def test_nothing_is_asked_and_nothing_is_put_without_trouble(cache: StatusCache) -> None:
    await cache.put_many(CachedKind.JSON, {})
    assert await cache.get_many(CachedKind.JSON, []) == []


async def test_a_cleared_cache_is_empty(cache: StatusCache) -> None:
    """After a decision from outside every reply is made anew."""
    await cache.put_many(CachedKind.JSON, dict.fromkeys(map(str, range(2500)), b"old"))
    await cache.clear()
    assert await cache.get_many(CachedKind.JSON, list(map(str, range(2500)))) == [None] * 2500


async def test_a_cache_that_is_there_is_healthy(cache: StatusCache) -> None:
    assert await cache.healthy()


async def test_a_full_memory_forgets_the_oldest() -> None:
    """A busy panel does not grow until the machine is full."""
    cache = MemoryCache(most=100)
    for number in range(1000):
        await cache.put_many(CachedKind.JSON, {str(number): b"%d" % number, "7": b"again"})
        kept = await cache.get_many(CachedKind.JSON, list(map(str, range(1000))))
        assert 100 >= sum(one is not None for one in kept) >= min(50, number)
        assert (kept[number], kept[7]) == (b"%d" % number if number != 7 else b"again", b"again")


async def test_memory_keeps_nothing_for_ever() -> None:
    """A reply whose refresh was lost mends itself, whatever is put and asked for meanwhile."""
    hour = [0.0]  # seconds
    cache = MemoryCache(clock=lambda: hour[0])
    await cache.put_many(CachedKind.JSON, {"1": b"stale"})
    for second in range(0, KEEP_SECONDS + 1, KEEP_SECONDS // 10):
        hour[0] = float(second)
        await cache.put_many(CachedKind.JSON, {"2": b"fresh"})
        found = await cache.get_many(CachedKind.JSON, ["1", "2"])
        assert found[1] == b"fresh"
        assert found[0] == (b"stale" if second < KEEP_SECONDS / 3 else found[0])
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [None]


async def test_memory_that_nobody_came_to_for_long_is_empty() -> None:
    hour = [0.0]  # seconds
    cache = MemoryCache(clock=lambda: hour[0])
    await cache.put_many(CachedKind.JSON, {"1": b"stale"})
    hour[0] = KEEP_SECONDS + 1.0
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [None]


async def test_redis_keeps_nothing_for_ever(fresh_redis: str) -> None:
    """A reply whose refresh was lost mends itself, whichever process kept it."""
    cache = RedisCache(fresh_redis)
    await cache.put_many(CachedKind.JSON, {"1": b"1"})
    await cache.put_many(CachedKind.READING, {"1": b"2"})
    with redis.Redis.from_url(fresh_redis) as client:
        lives = [client.ttl(key) for key in client.scan_iter()]
    assert len(lives) == 2
    assert all(0 < life <= KEEP_SECONDS for life in lives)
    await cache.aclose()


async def test_two_processes_see_each_others_replies(fresh_redis: str) -> None:
    one, other = RedisCache(fresh_redis), RedisCache(fresh_redis)
    await one.put_many(CachedKind.JSON, {"7": b"COMPLETED"})
    assert await other.get_many(CachedKind.JSON, ["7"]) == [b"COMPLETED"]
    await one.aclose()
    await other.aclose()


async def test_a_value_of_another_kind_is_no_value(fresh_redis: str) -> None:
    """Somebody else's list under our name is a missing entry, not an error, and the others are still answered."""
    cache = RedisCache(fresh_redis)
    await cache.put_many(CachedKind.JSON, {"1": b"1", "2": b"2"})
    with redis.Redis.from_url(fresh_redis) as client:
        for key in list(client.scan_iter("*json:1")):
            client.delete(key)
            client.rpush(key, "what is this")
    assert await cache.get_many(CachedKind.JSON, ["1", "2"]) == [None, b"2"]
    await cache.aclose()


async def test_forgetting_replies_forgets_no_limit(fresh_redis: str) -> None:
    """An owner's decision must not let a throttled key, or a provider's pace, begin from zero."""
    cache, limits = RedisCache(fresh_redis), Limits(fresh_redis)
    assert await limits.hit(window(Decimal("0.01"), 1), "key:1") == 0
    await cache.clear()
    assert await limits.hit(window(Decimal("0.01"), 1), "key:1") > 0
    await cache.aclose()
    await limits.aclose()


async def test_forgetting_replies_leaves_others_data_alone(fresh_redis: str) -> None:
    """A Redis may serve more than us."""
    cache = RedisCache(fresh_redis)
    with redis.Redis.from_url(fresh_redis) as client:
        client.set("another program", "its value")
        await cache.clear()
        assert client.get("another program") == b"its value"
    await cache.aclose()
