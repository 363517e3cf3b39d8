"""The status cache of many processes: Redis, which may be slow, flushed or dead without anyone being wronged."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from aggregator.cache.status import KEEP_SECONDS

T = TypeVar("T")
log = structlog.get_logger(__name__)

PREFIX = "aggregator:"
"""Of everything that we keep in Redis, the limits among it; the cache itself is below `_OURS` and alone forgotten."""
_OURS = PREFIX + "status:"
ANSWER_SECONDS = 0.5
"""redis-py would wait and repeat for seconds; a cache that is slower than the database is none."""
REST_SECONDS = 1.0
"""How long a Redis that failed is left alone."""


def connect(url: str) -> Redis:
    """A client without the silent repeats that redis-py makes by default (they count things twice)."""
    return Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        max_connections=64,
    )


class RedisCache:
    """Implements `StatusCache`."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._rest_until = 0.0  # seconds

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        if not keys:
            return []
        missing: list[bytes | None] = [None] * len(keys)
        return await self._try(lambda: self._get(keys), missing)

    async def _get(self, keys: Sequence[str]) -> list[bytes | None]:
        values = await self._redis.mget([_OURS + key for key in keys])
        return [value if isinstance(value, bytes) else None for value in values]

    async def put_many(self, values: Mapping[str, bytes]) -> None:
        if values:
            await self._try(lambda: self._put(values), None)

    async def _put(self, values: Mapping[str, bytes]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, value in values.items():
                pipe.set(_OURS + key, value, ex=KEEP_SECONDS)
            await pipe.execute()

    async def clear(self) -> None:
        await self._try(self._forget, None)

    async def _forget(self) -> None:
        cursor = None
        while cursor != 0:
            cursor, keys = await self._redis.scan(cursor or 0, match=_OURS + "*", count=1000)
            if keys:
                await self._redis.unlink(*keys)

    async def healthy(self) -> bool:
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def aclose(self) -> None:
        await self._redis.aclose()

    async def _try(self, call: Callable[[], Awaitable[T]], otherwise: T) -> T:
        if time.monotonic() < self._rest_until:
            return otherwise
        try:
            return await call()
        except (RedisError, OSError, TimeoutError) as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            log.warning("cache.unavailable", error=type(error).__name__)
            return otherwise
