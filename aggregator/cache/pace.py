"""The pace towards each provider (an outgoing rate limit): who waits gets a turn, in its kind.

It is shared by all processes where there is a Redis.

Each process hands out the turns that it gets by the same rule (`turns`), so that in none of them orders starve reads.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

from aggregator.cache.limits import Limits, window
from aggregator.cache.turns import is_turn_of_read, next_read
from aggregator.cache.windows import Window
from providers.adapter import WRITES, Profile

LONGEST_SLEEP = 1.0  # seconds
USUAL_SECONDS = 30.0
"""Between two reads of a kind that nobody gave a period."""
NEVER = 1e9
"""How overdue a kind is that never had a turn."""


class SharedPace:
    """Implements `providers.adapter.Pace`."""

    def __init__(self, limits: Limits, periods: Mapping[str, float] | None = None) -> None:  # seconds
        """`periods`: how often each kind of read is usually wanted, by its action."""
        self._limits = limits
        self._periods = periods or {}
        self._lines: dict[str, Line] = {}

    async def turn(self, profile: Profile, action: str) -> None:
        if profile.requests_per_second > 0:
            await self._line(profile).turn(action)

    def _line(self, profile: Profile) -> Line:
        name = f"provider:{profile.name}"
        item = window(Decimal(str(profile.requests_per_second)), profile.burst)
        line = self._lines.get(name)
        if line is None:
            line = self._lines[name] = Line(lambda one: self._limits.wait(one, name), item, self._periods)
        line.item = item
        return line


class Line:
    """Those of one process who wait for a turn at one provider."""

    def __init__(
        self, ask: Callable[[Window], Awaitable[float]], item: Window, periods: Mapping[str, float]
    ) -> None:  # seconds
        """`ask` takes the next turn of all processes and returns 0, or says how long there is none."""
        self.item = item
        self._ask = ask
        self._periods = periods
        self._writes: deque[asyncio.Future[None]] = deque()
        self._reads: dict[str, deque[asyncio.Future[None]]] = {}
        self._last: dict[str, float] = {}  # seconds on the monotonic clock: each kind of read's last turn
        self._writes_in_a_row = 0
        self._handing_out: asyncio.Task[None] | None = None

    async def turn(self, action: str) -> None:
        """Return when it is this call's turn."""
        if not self._waits() and not await self._ask(self.item):
            self._note(action)
            return
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue(action).append(mine)
        if self._handing_out is None or self._handing_out.done():
            self._handing_out = asyncio.create_task(self._hand_out())
        await mine

    def _queue(self, action: str) -> deque[asyncio.Future[None]]:
        return self._writes if action in WRITES else self._reads.setdefault(action, deque())

    async def _hand_out(self) -> None:
        while self._waits():
            wait = await self._ask(self.item)
            if wait:
                await asyncio.sleep(min(LONGEST_SLEEP, wait))
            elif self._waits():
                self._give_one()

    def _waits(self) -> bool:
        """Whether anybody does; who has given up is forgotten."""
        for queue in (self._writes, *self._reads.values()):
            while queue and queue[0].done():
                queue.popleft()
        return bool(self._writes) or any(self._reads.values())

    def _give_one(self) -> None:
        overdue = self._overdue()
        if not self._writes or is_turn_of_read(overdue, writes_in_a_row=self._writes_in_a_row):
            kind = next_read(overdue)
            assert kind is not None
            self._note(kind)
            self._reads[kind].popleft().set_result(None)
        else:
            self._note("add", waiting=bool(overdue))
            self._writes.popleft().set_result(None)

    def _overdue(self) -> dict[str, float]:  # periods
        """For each kind of read that waits: how long ago its last turn was, in its periods."""
        now = time.monotonic()
        return {
            kind: (now - self._last[kind]) / self._periods.get(kind, USUAL_SECONDS) if kind in self._last else NEVER
            for kind, queue in self._reads.items()
            if queue
        }

    def _note(self, action: str, *, waiting: bool = False) -> None:
        """A turn was given; `waiting`: to a write, while reads wait."""
        if action in WRITES:
            self._writes_in_a_row = self._writes_in_a_row + 1 if waiting else 0
        else:
            self._last[action] = time.monotonic()
            self._writes_in_a_row = 0
