"""How soon orders are taken again after the database is back, the process is begun anew, or the cache has died."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.chaos.processes import PATIENCE, ROOT, Stalled, run_to_the_end
from tests.chaos.stage import Stage, staged
from tests.servers import free_port

TIMES = 3
AGAIN_SECONDS = 0.02


class Goal(NamedTuple):
    """In seconds: what is wanted of an idle machine, and what no machine may need."""

    wanted: float
    most: float


GOALS = {"postgresql back": Goal(5, 20), "process killed": Goal(2, 20), "redis dead": Goal(1, 10)}


class Panel:
    """One process as a supervisor would begin it, program loading and all, on a port that stays; and its reseller."""

    def __init__(self, stage: Stage, key: str, port: int) -> None:
        self._stage = stage
        self._key = key
        self._port = port
        self._requests = count()
        self._process: asyncio.subprocess.Process | None = None
        self._http = httpx.AsyncClient(trust_env=False, timeout=10)

    async def start(self) -> None:
        command = ["-m", "aggregator", "serve", "--port", str(self._port), "--config", str(self._stage.config)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR_")}
        with (self._stage.folder / "recovery.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, *command, cwd=ROOT, env=env, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def close(self) -> None:
        await self.kill()
        await self._http.aclose()

    async def until_it(self, *, takes_orders: bool) -> float:
        """Order again and again until it is so; the time. Raises `Stalled`."""
        latest = time.monotonic() + PATIENCE
        while await self._takes_an_order() is not takes_orders:
            if time.monotonic() > latest:
                raise Stalled(f"after {PATIENCE} s orders are still {'refused' if takes_orders else 'taken'}")
            await asyncio.sleep(AGAIN_SECONDS)
        return time.monotonic()

    async def _takes_an_order(self) -> bool:
        request = f"recovery-{next(self._requests)}"
        body = {
            "key": self._key,
            "action": "add",
            "service": 1,
            "quantity": 10,
            "request_id": request,
            "link": f"https://x.example/{request}",
        }
        try:
            return (await self._http.post(f"http://127.0.0.1:{self._port}/api/v2", json=body)).status_code == 201
        except httpx.HTTPError:
            return False


async def _database_back(stage: Stage, panel: Panel) -> float:
    assert stage.postgres is not None
    await asyncio.to_thread(stage.postgres.kill)
    await panel.until_it(takes_orders=False)
    await asyncio.to_thread(stage.postgres.start)
    begun = time.monotonic()
    return await panel.until_it(takes_orders=True) - begun


async def _process_killed(_: Stage, panel: Panel) -> float:
    await panel.kill()
    begun = time.monotonic()
    await panel.start()
    return await panel.until_it(takes_orders=True) - begun


async def _cache_dead(stage: Stage, panel: Panel) -> float:
    assert stage.redis is not None
    await asyncio.to_thread(stage.redis.kill)
    begun = time.monotonic()
    took = await panel.until_it(takes_orders=True) - begun
    await asyncio.to_thread(stage.redis.start)
    return took


EVENTS: dict[str, Callable[[Stage, Panel], Awaitable[float]]] = {
    "postgresql back": _database_back,
    "process killed": _process_killed,
    "redis dead": _cache_dead,
}


async def show(times: int = TIMES) -> bool:
    """Measure each event so often, a line each; whether none was beyond all bounds."""
    with tempfile.TemporaryDirectory(prefix="aggregator-recovery-") as folder:
        async with staged(Path(folder), "postgresql", ()) as stage:
            panel = Panel(stage, await stage.reseller("ann", Decimal(1_000)), free_port())
            try:
                await panel.start()
                await panel.until_it(takes_orders=True)
                return all([await _measure(name, stage, panel, times) for name in EVENTS])
            finally:
                await panel.close()


async def _measure(name: str, stage: Stage, panel: Panel, times: int) -> bool:
    took = [await EVENTS[name](stage, panel) for _ in range(times)]
    goal, worst = GOALS[name], max(took)
    sys.stdout.write(f"recovery after={name!r} times={times} worst={worst:.2f} wanted={goal.wanted} most={goal.most}\n")
    sys.stdout.flush()
    return worst <= goal.most


if __name__ == "__main__":
    sys.exit(run_to_the_end(show(*map(int, sys.argv[1:2]))))
