"""How often: the limit of each reseller's key and the pace towards each provider, shared where there is a Redis."""

from __future__ import annotations

import asyncio
import math
import time
from decimal import Decimal
from typing import Any

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import MovingWindowRateLimiter
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from aggregator.cache.redis import ANSWER_SECONDS, PREFIX, REST_SECONDS
from providers.adapter import Profile

log = structlog.get_logger(__name__)


class Window(RateLimitItemPerSecond):
    """So many calls in a moving window of any length; the library's own are of whole seconds."""

    __slots__ = ("seconds",)

    def __init__(self, calls: int, seconds: float) -> None:
        super().__init__(calls)
        self.seconds = seconds

    def get_expiry(self) -> float:  # type: ignore[override]  # only ever added to a time
        return self.seconds


def window(per_second: Decimal, burst: int) -> Window:
    """`burst` calls in a moving window of burst / per_second seconds."""
    return Window(burst, float(burst / per_second))


class Limits:
    """Counts hits; falls back on counting in the process while Redis is away: never unlimited, never closed."""

    def __init__(self, url: str) -> None:
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._redis = None if url.startswith("memory:") else _redis(url)
        self._shared = MovingWindowRateLimiter(self._redis) if self._redis else None
        self._rest_until = 0.0  # seconds

    async def hit(self, item: Window, name: str) -> int:
        """0 when the call may go, else the whole seconds until the next may."""
        limiter = self._shared if self._shared and time.monotonic() >= self._rest_until else self._local
        try:
            return await _hit(limiter, item, name)
        except (RedisError, OSError, TimeoutError) as error:
            self._rest_until = time.monotonic() + REST_SECONDS
            log.warning("limits.unavailable", error=type(error).__name__)
            return await _hit(self._local, item, name)

    async def aclose(self) -> None:
        if self._redis is not None:
            await _bridge(self._redis).storage.aclose()


def _redis(url: str) -> RedisStorage:
    patient: dict[str, Any] = {"retry": Retry(NoBackoff(), 0)}  # limits passes it on to redis-py, untyped
    storage = RedisStorage(
        f"async+{url}",
        implementation="redispy",
        key_prefix=PREFIX + "limits",
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        **patient,
    )
    # Redis lets keys live for whole seconds only, and the library's script hands it the window as it is.
    bridge = _bridge(storage)
    script = bridge.SCRIPT_ACQUIRE_MOVING_WINDOW.replace(b"KEYS[1], expiry)", b"KEYS[1], math.ceil(expiry))")
    bridge.lua_acquire_moving_window = bridge.storage.register_script(script)
    return storage


def _bridge(storage: RedisStorage) -> RedispyBridge:
    assert isinstance(storage.bridge, RedispyBridge)
    return storage.bridge


async def _hit(limiter: MovingWindowRateLimiter, item: Window, name: str) -> int:
    if await limiter.hit(item, name):
        return 0
    stats = await limiter.get_window_stats(item, name)
    return max(1, math.ceil(stats.reset_time - time.time()))


class SharedPace:
    """Implements `providers.adapter.Pace`: reads wait a little longer, so that an `add` finds room."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def turn(self, profile: Profile, *, urgent: bool) -> None:
        if profile.requests_per_second <= 0:
            return
        item = window(Decimal(str(profile.requests_per_second)), profile.burst)
        pause = 1 / profile.requests_per_second  # seconds
        while await self._limits.hit(  # noqa: ASYNC110  # other processes spend the same turns, no event tells
            item, f"provider:{profile.name}"
        ):
            await asyncio.sleep(min(1.0, pause if urgent else 2 * pause))
