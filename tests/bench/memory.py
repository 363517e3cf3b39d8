"""What one `serve` holds with a large catalogue and many statuses that are asked for."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import httpx
from msgspec import Struct

from tests.bench import calls
from tests.bench.seed import seed
from tests.bench.stage import Site

SERVICES, STATUSES, GOAL = 20_000, 100_000, 250


class Memory(Struct, frozen=True):
    """In MiB."""

    started: float  # MiB
    full: float  # MiB
    goal: int = GOAL

    @property
    def line(self) -> str:
        """For the eye."""
        told = f"{self.started:.0f} MiB started, {self.full:.0f} MiB full, goal <= {self.goal}"
        missed = "" if self.full <= self.goal else " MISSED"
        return f"memory of serve, {SERVICES:,} services, {STATUSES:,} statuses: {told}{missed}"


def tell() -> Memory:
    """Fill a panel on the embedded default, ask it for everything, and look."""
    with tempfile.TemporaryDirectory(prefix="aggregator-bench-") as name:
        folder = Path(name)
        database = f"sqlite:///{folder}/panel.sqlite"
        seeded = asyncio.run(seed(database, services=SERVICES, orders=STATUSES))
        served = Site(folder / "memory", database, "memory://").serve()
        try:
            started = served.memory_mib
            with httpx.Client(base_url=f"http://127.0.0.1:{served.port}", trust_env=False, timeout=60) as http:
                for request in [*calls.statuses(seeded), *calls.services(seeded)]:
                    http.post("/api/v2", content=request.partition("\r\n\r\n")[2]).raise_for_status()
            return Memory(started, served.memory_mib)
        finally:
            served.stop()
