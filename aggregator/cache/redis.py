"""The status cache of many processes: Redis, which may be slow, flushed or dead without anyone being wronged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar, cast

import structlog
from hiredis import pack_command
from redis.asyncio import Connection, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from aggregator.batching import Batcher
from aggregator.cache.status import KEEP_SECONDS, CachedKind

T = TypeVar("T")
log = structlog.get_logger(__name__)

PREFIX = "aggregator:"
"""Of everything that we keep in Redis, the limits among it; the cache itself is below `_OURS` and alone forgotten."""
_OURS = PREFIX + "status:"
ANSWER_SECONDS = 0.5
"""redis-py would wait and repeat for seconds; a cache that is slower than the database is none."""
REST_SECONDS = 1.0
"""How long a Redis that failed is left alone at most once it is back."""
_JOINED = 32
_LANES = 2


class _Connection(Connection):
    """redis-py writes commands in Python; hiredis, which reads its replies, can write them as well."""

    def pack_command(self, *args: Any) -> list[bytes]:
        return [pack_command((*args[0].split(), *args[1:]))]  # "SCRIPT LOAD" is two words


def connect(url: str) -> Redis:
    """A client without the silent repeats that redis-py makes by default (they count things twice).

    Its answers are waited for as long as the caller does: a time limit for each read would cost as much as the read.
    """
    return Redis.from_url(
        url,
        connection_class=_Connection,
        retry=Retry(NoBackoff(), 0),
        socket_timeout=None,
        socket_connect_timeout=ANSWER_SECONDS,
        max_connections=64,
    )


class RedisBreaker:
    """Waits half a second for a Redis, once: one that failed is left alone until it answers a look from aside."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._looking: asyncio.Task[None] | None = None

    async def attempt(self, call: Callable[[], Awaitable[T]], otherwise: T) -> T:
        """What Redis says, or `otherwise` where it is away."""
        if self._looking is not None:
            return otherwise
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await call()
        except (RedisError, OSError, TimeoutError) as error:
            if self._looking is None:
                log.warning("redis.unavailable", error=type(error).__name__)
                self._looking = asyncio.create_task(self._look())
            return otherwise

    async def healthy(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return bool(await self._redis.ping())
        except (RedisError, OSError, TimeoutError):
            return False

    async def _look(self) -> None:
        back = False
        while not back:
            await asyncio.sleep(REST_SECONDS / 4)
            back = await self.healthy()
        self._looking = None

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        await self._redis.aclose()


class RedisCache:
    """Implements `StatusCache`. What several ask at the same moment is one question to Redis."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url)
        self._patience = RedisBreaker(self._redis)
        self._joined: Batcher[list[str], list[bytes | None]] = Batcher(
            self._get_for_all, max_size=_JOINED, concurrency=_LANES
        )

    async def get_many(self, kind: CachedKind, ids: Sequence[str]) -> list[bytes | None]:
        return await self._joined(_names(kind, ids)) if ids else []

    async def _get_for_all(self, asked: list[list[str]]) -> list[list[bytes | None]]:
        names = list(chain.from_iterable(asked))
        nothing: list[bytes | None] = [None] * len(names)
        values = iter(await self._patience.attempt(lambda: self._get(names), nothing))
        return [list(islice(values, len(each))) for each in asked]

    async def _get(self, names: list[str]) -> list[bytes | None]:
        return cast("list[bytes | None]", await self._redis.mget(names))  # bytes, as nothing here decodes them

    async def put_many(self, kind: CachedKind, values: Mapping[str, bytes]) -> None:
        if values:
            await self._patience.attempt(lambda: self._put(kind, values), None)

    async def fill_many(self, kind: CachedKind, values: Mapping[str, bytes]) -> None:
        if values:
            await self._patience.attempt(lambda: self._put(kind, values, only_absent=True), None)

    async def _put(self, kind: CachedKind, values: Mapping[str, bytes], *, only_absent: bool = False) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for name, value in zip(_names(kind, values), values.values(), strict=True):
                pipe.set(name, value, ex=KEEP_SECONDS, nx=only_absent)
            await pipe.execute()

    async def clear(self) -> None:
        cursor: int | None = 0
        while cursor is not None:
            cursor = await self._patience.attempt(partial(self._forget, cursor), None)

    async def _forget(self, cursor: int) -> int | None:
        """Forget a part of what is there; where the next part begins, None at the end."""
        following, keys = await self._redis.scan(cursor, match=_OURS + "*", count=1000)
        if keys:
            await self._redis.unlink(*keys)
        return int(following) or None

    async def healthy(self) -> bool:
        return await self._patience.healthy()

    async def aclose(self) -> None:
        await self._patience.aclose()


def _names(kind: CachedKind, ids: Iterable[str]) -> list[str]:
    """By which Redis knows these entries."""
    beginning = f"{_OURS}{kind.value}:"
    return [beginning + one for one in ids]
