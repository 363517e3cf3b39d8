"""The providers that a panel under test buys from: sandboxes over HTTP, in a thread of the test or as a process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from anyio.from_thread import start_blocking_portal

from providers.sandbox import Sandbox
from tests.flows.processes import Process
from tests.providers.sandbox_server import serving

FOLLOWERS = {
    "service": 1,
    "name": "Followers",
    "type": "Default",
    "category": "Instagram",
    "rate": "2.00",
    "min": 100,
    "max": 100_000,
    "refill": True,
    "cancel": True,
    "dripfeed": False,
}
"""What a provider of these tests sells: one service."""
ENTRY = """
[[provider]]
name = "{name}"
url = "{url}"
key = "{key}"
preset = "{preset}"
requests_per_second = 1000
burst = 1000
parallel = 4
max_price_rise_percent = 100
"""
PRESETS = {"classic": "perfectpanel", "json": "mystic", "ours": "aggregator"}


class Provider:
    """What a panel's owner knows of a provider, and the sandbox's levers behind it."""

    def __init__(self, url: str, *, dialect: str = "classic", key: str = "sandbox") -> None:
        self._root = url.removesuffix("/api/v2")
        self._preset = PRESETS[dialect]
        self._key = key

    def as_toml(self, name: str) -> str:
        """Its entry in providers.toml."""
        return ENTRY.format(name=name, url=f"{self._root}/api/v2", key=self._key, preset=self._preset)

    def steer(self, lever: str, **change: object) -> Any:
        """Pull a lever of the sandbox; without a change, look at one."""
        with httpx.Client(trust_env=False) as http:
            address = f"{self._root}/sandbox/{lever}"
            reply = http.post(address, json=change) if change else http.get(address)
        assert reply.is_success, reply.text
        return reply.json()

    @property
    def adds(self) -> list[dict[str, Any]]:
        """Every `add` that arrived, taken or not: the truth about what was sent."""
        return list(self.steer("orders"))

    @property
    def taken(self) -> list[dict[str, Any]]:
        """The orders that it took."""
        return [add for add in self.adds if add["accepted"]]


@contextmanager
def provider(
    *, dialect: str = "classic", rate: str = "2.00", balance: str = "1000", speed: float = 0, seconds: float = 0
) -> Iterator[Provider]:
    """A sandbox in a thread of its own, selling followers as its service 1; it thinks about every call for `seconds`.

    At speed 0 its orders live by being asked for.
    """
    row = {**FOLLOWERS, "rate": rate}
    sandbox = Sandbox(dialect="json" if dialect == "json" else "classic", balance=balance, catalogue=[row], speed=speed)

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(seconds)
        await sandbox(scope, receive, send)

    with start_blocking_portal() as portal, portal.wrap_async_context_manager(serving(slow)) as url:
        yield Provider(url, dialect=dialect)


@contextmanager
def process_of(folder: Path) -> Iterator[tuple[Provider, Process]]:
    """Alpha as `aggregator sandbox` in a process of its own, which can be killed."""
    catalogue = folder / "catalogue.json"
    catalogue.write_text(json.dumps([FOLLOWERS]))
    process = Process(folder / "sandbox.log", "sandbox", "--port", "0", "--catalogue", str(catalogue), "--speed", "0")
    try:
        yield Provider(process.wait_for(r"on (http\S+)/api/v2")), process
    finally:
        process.kill()
