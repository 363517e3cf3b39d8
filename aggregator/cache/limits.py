"""Rate limits: moving windows for resellers' keys and the pace towards providers, shared where there is a Redis."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import NamedTuple

from aggregator.batching import Batcher
from aggregator.cache.redis import PREFIX, RedisBreaker, connect
from aggregator.cache.windows import Window, Windows

_OURS = PREFIX + "limits:"
_JOINED = 64
_LENIENCY = Decimal("0.98")
# One call for many hits. The moments of the last calls are a list, newest first, on the clock of Redis in microseconds;
# the window is full while the last of them is inside it. Where that clock was set back, the newest is taken for now.
_SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local waits = {}
for n, key in ipairs(KEYS) do
  local calls, window = tonumber(ARGV[2 * n - 1]), tonumber(ARGV[2 * n])
  local newest = redis.call('LINDEX', key, 0)
  if newest and tonumber(newest) > now then
    for at, moment in ipairs(redis.call('LRANGE', key, 0, -1)) do
      redis.call('LSET', key, at - 1, string.format('%.0f', moment - newest + now))
    end
    redis.call('PEXPIRE', key, math.ceil(window / 1000))
  end
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
        self._local = Windows()
        self._shared = None if url.startswith("memory:") else SharedWindows(url)

    async def hit(self, item: Window, name: str) -> int:
        """0 when the call may go, else the whole seconds until the next may."""
        return math.ceil(await self.wait(item, name))

    async def wait(self, item: Window, name: str) -> float:
        """The same in seconds and parts of them."""
        wait = await self._shared.hit(Hit(name, item)) if self._shared is not None else None
        return self._local.hit(item, name) if wait is None else wait

    async def aclose(self) -> None:
        if self._shared is not None:
            await self._shared.aclose()


class SharedWindows:
    """The windows in Redis, exact for all processes; what comes at the same moment is counted in one call."""

    def __init__(self, url: str) -> None:
        redis = connect(url)
        self._patience = RedisBreaker(redis)
        self._script = redis.register_script(_SCRIPT)
        self.hit: Batcher[Hit, float | None] = Batcher(self._count, max_size=_JOINED, concurrency=2)
        """Seconds to wait; None where Redis is away."""

    async def _count(self, hits: list[Hit]) -> list[float | None]:
        keys = [_OURS + hit.name for hit in hits]
        windows = [number for hit in hits for number in (hit.item.amount, round(hit.item.seconds * 1_000_000))]
        away: list[int | None] = [None] * len(hits)
        waits = await self._patience.attempt(lambda: self._script(keys, windows), away)
        return [None if wait is None else wait / 1_000_000 for wait in waits]

    async def aclose(self) -> None:
        await self._patience.aclose()
