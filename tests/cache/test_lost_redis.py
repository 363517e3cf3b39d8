"""A Redis that dies, comes back or forgets everything costs nobody an answer."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from aggregator.cache.limits import Limits, window
from aggregator.cache.redis import REST_SECONDS, RedisCache
from aggregator.cache.status import CachedKind
from tests.servers import RedisServer


async def test_a_dead_redis_answers_like_an_empty_cache(redis_server: RedisServer) -> None:
    """Resellers are answered from the database then."""
    cache = RedisCache(redis_server.url)
    await cache.put_many(CachedKind.JSON, {"1": b"1"})
    redis_server.kill()
    for _ in range(3):
        assert await cache.get_many(CachedKind.JSON, ["1", "2"]) == [None, None]
        await cache.put_many(CachedKind.JSON, {"1": b"1"})
        await cache.clear()
    assert not await cache.healthy()
    await cache.aclose()


async def test_a_redis_that_came_back_is_used_again(redis_server: RedisServer) -> None:
    cache = RedisCache(redis_server.url)
    redis_server.kill()
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [None]
    redis_server.start()
    assert await cache.healthy()
    await asyncio.sleep(REST_SECONDS)
    await cache.put_many(CachedKind.JSON, {"1": b"1"})
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [b"1"]
    await cache.aclose()


async def test_a_flushed_redis_is_an_empty_cache(redis_server: RedisServer) -> None:
    cache = RedisCache(redis_server.url)
    await cache.put_many(CachedKind.JSON, {"1": b"1"})
    redis_server.flush()
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [None]
    await cache.put_many(CachedKind.JSON, {"1": b"2"})
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [b"2"]
    await cache.aclose()


async def test_a_full_redis_is_an_empty_cache(redis_server: RedisServer) -> None:
    """It refuses what is new; what it had may be read or be gone."""
    cache = RedisCache(redis_server.url)
    await cache.put_many(CachedKind.JSON, {"1": b"1"})
    redis_server.fill_up()
    await cache.put_many(CachedKind.JSON, {"2": b"2"})
    assert await cache.get_many(CachedKind.JSON, ["1", "2"]) in ([b"1", None], [None, None])
    await cache.aclose()


async def test_a_redis_that_never_answers_is_not_waited_for() -> None:
    """Something listens there and says nothing: the cache gives up by itself instead of hanging with the reseller."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    listening = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    cache = RedisCache(f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}/0")
    async with asyncio.timeout(20):
        for _ in range(100):
            assert await cache.get_many(CachedKind.JSON, ["1"]) == [None]
        assert not await cache.healthy()
    await cache.aclose()
    listening.close()


async def test_a_redis_that_hangs_up_is_asked_once() -> None:
    """The library would repeat a command ten times, and count ten calls for one."""
    heard: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10_000))
        writer.close()

    listening = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{listening.sockets[0].getsockname()[1]}/0"
    cache, limits = RedisCache(url), Limits(url)
    assert await cache.get_many(CachedKind.JSON, ["1"]) == [None]
    assert len(heard) == 1
    assert await limits.hit(window(Decimal(1), 5), "key:1") == 0
    assert len(heard) == 2
    await limits.aclose()
    await cache.aclose()
    listening.close()


@pytest.mark.parametrize("keys", [1, 100])
async def test_a_port_without_a_redis_is_an_empty_cache(keys: int) -> None:
    cache = RedisCache("redis://127.0.0.1:1/0")
    assert await cache.get_many(CachedKind.JSON, list(map(str, range(keys)))) == [None] * keys
    await cache.aclose()
