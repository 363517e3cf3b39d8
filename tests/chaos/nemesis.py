"""Breaks things, one blow after the other, as the load goes on."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress

import asyncpg
import httpx

from tests.chaos.load import Load
from tests.chaos.plan import SECONDS_A_BLOW, Blow, Plan
from tests.chaos.stage import Served, Stage
from tests.chaos.upstreams import Upstream

FROZEN_SECONDS = 4
"""Longer than an attempt may take; the leases run out meanwhile."""
UP_SECONDS = 5
LATE_FACTOR = 4
"""When the load stalls, the next blow falls after so many times its interval: everything may be down."""


class Nemesis:
    """Carries a plan's blows out; `blows` counts them by kind."""

    def __init__(self, stage: Stage, plan: Plan, load: Load) -> None:
        self._stage = stage
        self._plan = plan
        self._load = load
        self._lasting: set[asyncio.Task[None]] = set()
        self.blows: Counter[str] = Counter()

    async def run(self) -> None:
        """All blows; returns when the last one is over."""
        for blow in self._plan.blows:
            await self._wait_for(blow.at)
            self.blows[blow.kind] += 1
            await self._strike(blow)
        if self._lasting:
            await asyncio.wait(self._lasting)

    async def _wait_for(self, at: float) -> None:
        latest = time.monotonic() + LATE_FACTOR * SECONDS_A_BLOW[self._plan.database]
        while self._load.through < at and time.monotonic() < latest:  # noqa: ASYNC110  # the load only counts
            await asyncio.sleep(0.03)

    async def _strike(self, blow: Blow) -> None:
        served = self._stage.served[blow.target % len(self._stage.served)]
        upstream = self._stage.upstreams[blow.target % len(self._stage.upstreams)]
        match blow.kind:
            case "kill":
                await self._kill(served)
            case "kill_at" | "hitch":
                await self._arm(served, blow.point)
            case "deploy":
                served.child.tell(signal.SIGTERM)
            case "full":
                self._last(self._fill(1.0))
            case "freeze":
                self._last(self._freeze(served))
            case "away":
                self._last(self._away(upstream, ("down", "hang", "html")[blow.target % 3], 1.0))
            case "cut":
                upstream.proxy.cut()
            case "deafen":
                self._last(upstream.proxy.deafen(0.3))
            case _:
                await self._strike_below(blow.kind)

    async def _strike_below(self, kind: str) -> None:
        """What we stand on: SQLite lives and dies with us."""
        stage = self._stage
        match kind:
            case "cut_database" if stage.database_proxy:
                stage.database_proxy.cut()
            case "deafen_database" if stage.database_proxy:
                self._last(stage.database_proxy.deafen(0.2))
            case "restart_database" if stage.postgres:
                await asyncio.to_thread(stage.postgres.kill)
                await asyncio.to_thread(stage.postgres.start)
            case "kill_cache" if stage.redis:
                await asyncio.to_thread(stage.redis.kill)
                await asyncio.sleep(0.5)
                await asyncio.to_thread(stage.redis.start)
            case "flush_cache" if stage.redis:
                await asyncio.to_thread(stage.redis.flush)

    async def _kill(self, served: Served) -> None:
        """As soon as it works; sooner where it cannot come up, as without its database."""
        with suppress(TimeoutError):
            await asyncio.wait_for(served.up.wait(), UP_SECONDS)
        served.child.tell(signal.SIGKILL)

    async def _arm(self, served: Served, point: str) -> None:
        """Kill it; when it comes back, it will fail by itself."""
        served.failpoints = point
        await self._kill(served)
        if point.endswith(":stop"):
            self._last(self._thaw_often(served))

    async def _freeze(self, served: Served) -> None:
        served.child.tell(signal.SIGSTOP)
        try:
            await asyncio.sleep(FROZEN_SECONDS / 2)
            if self._stage.postgres:  # whoever is frozen in a write holds all of SQLite
                with suppress(TimeoutError):  # and some rows of PostgreSQL
                    await asyncio.wait_for(self._stage.books.let_leases_run_out(), FROZEN_SECONDS / 2)
            await asyncio.sleep(FROZEN_SECONDS / 2)
        finally:
            served.child.tell(signal.SIGCONT)

    async def _thaw_often(self, served: Served) -> None:
        for _ in range(3):
            await asyncio.sleep(FROZEN_SECONDS)
            served.child.tell(signal.SIGCONT)

    async def _fill(self, seconds: float) -> None:
        disk, pids = self._stage.disk, self._stage.pids
        try:
            await asyncio.to_thread(disk.fill, pids)
            await asyncio.sleep(seconds)
        finally:
            disk.free(pids)

    async def _away(self, upstream: Upstream, mode: str, seconds: float) -> None:
        await upstream.set_mode(mode)
        await asyncio.sleep(seconds)
        await upstream.set_mode("up")

    def _last(self, trouble: Coroutine[object, object, None]) -> None:
        """Trouble that goes on while the next blow falls."""
        task = asyncio.create_task(_tolerate(trouble))
        self._lasting.add(task)
        task.add_done_callback(self._lasting.discard)


async def _tolerate(trouble: Coroutine[object, object, None]) -> None:
    """A database that is away cannot be moved on in time."""
    try:
        await trouble
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error, httpx.HTTPError) as error:
        print(f"a blow failed: {error}")  # noqa: T201  # seen with pytest -s
