"""How often: moving windows for the keys of resellers and the pace towards providers, shared where there is a Redis."""

from __future__ import annotations

import math
import time
from decimal import Decimal
from typing import NamedTuple

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from aggregator.cache.redis import PREFIX, Patience, connect
from aggregator.joined import Joined

_OURS = PREFIX + "limits:"
_JOINED = 64
_LENIENCY = Decimal("0.98")
# One call for many hits: the library's own script takes a round trip for each. The moments of the last calls are a
# list, newest first, on the clock of Redis in microseconds; the window is full while the last of them is inside it.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local waits = {}
for n, key in ipairs(KEYS) do
  local calls, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local oldest = redis.call('LINDEX', key, calls - 1)
  if oldest and tonumber(oldest) > now - window then
    waits[n] = tonumber(oldest) + window - now
  else
    redis.call('LPUSH', key, string.format('%.0f', now))
    redis.call('LTRIM', key, 0, calls - 1)
    redis.call('PEXPIRE', key, math.ceil(window / 1000))
    waits[n] = 0
  end
end
return waits
"""


class Window(RateLimitItemPerSecond):
    """So many calls in a moving window of any length; the library's own are of whole seconds."""

    __slots__ = ("seconds",)

    def __init__(self, calls: int, seconds: float) -> None:
        super().__init__(calls)
        self.seconds = seconds

    def get_expiry(self) -> float:  # type: ignore[override]  # only ever added to a time
        return self.seconds


class Hit(NamedTuple):
    """One call that wants to go."""

    name: str
    item: Window


def window(per_second: Decimal, burst: int) -> Window:
    """`burst` calls in a moving window of burst / per_second seconds."""
    return Window(burst, float(burst / per_second))


def lenient_window(per_second: Decimal, burst: int) -> Window:
    """The same for who calls us, 2 % shorter.

    Who asks exactly at a rate is never quite exact: a call that is early by its network's whim is no excess.
    """
    return Window(burst, float(burst / per_second * _LENIENCY))


class Limits:
    """Counts hits; falls back on counting in the process while Redis is away: never unlimited, never closed."""

    def __init__(self, url: str) -> None:
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared = None if url.startswith("memory:") else SharedWindows(url)

    async def hit(self, item: Window, name: str) -> int:
        """0 when the call may go, else the whole seconds until the next may."""
        return math.ceil(await self.wait(item, name))

    async def wait(self, item: Window, name: str) -> float:
        """The same in seconds and parts of them."""
        wait = await self._shared.hit(Hit(name, item)) if self._shared is not None else None
        return await self._count_here(item, name) if wait is None else wait

    async def _count_here(self, item: Window, name: str) -> float:
        if await self._local.hit(item, name):
            return 0.0
        stats = await self._local.get_window_stats(item, name)
        return max(0.001, stats.reset_time - time.time())

    async def aclose(self) -> None:
        if self._shared is not None:
            await self._shared.aclose()


class SharedWindows:
    """The windows in Redis, exact for all processes; what comes at the same moment is counted in one call."""

    def __init__(self, url: str) -> None:
        redis = connect(url)
        self._patience = Patience(redis)
        self._script = redis.register_script(_SCRIPT)
        self.hit: Joined[Hit, float | None] = Joined(self._count, most=_JOINED, lanes=2)
        """Seconds to wait; None where Redis is away."""

    async def _count(self, hits: list[Hit]) -> list[float | None]:
        keys = [_OURS + hit.name for hit in hits]
        windows = [number for hit in hits for number in (hit.item.amount, round(hit.item.seconds * 1_000_000))]
        away: list[int | None] = [None] * len(hits)
        waits = await self._patience.attempt(lambda: self._script(keys, windows), away)
        return [None if wait is None else wait / 1_000_000 for wait in waits]

    async def aclose(self) -> None:
        await self._patience.aclose()
