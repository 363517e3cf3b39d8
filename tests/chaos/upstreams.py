"""The providers of a run: sandboxes with money of their own, each behind a proxy; what they saw is the truth."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.chaos.processes import Child, Source
from tests.chaos.proxy import Proxy

PAID_IN = Decimal(100_000)
ENTRY = """
[[provider]]
name = "{name}"
url = "http://127.0.0.1:{port}/api/v2"
key = "sandbox"
preset = "{preset}"
requests_per_second = 2000
burst = 2000
parallel = 16
timeout_seconds = 2
"""


class Recipe(NamedTuple):
    """What a provider speaks, and what it asks for its services (of 1,000)."""

    dialect: str
    preset: str
    rates: dict[str, str]


RECIPES = {
    "alpha": Recipe("classic", "perfectpanel", {"1": "1.93", "2": "0.00427"}),
    "bravo": Recipe("json", "mystic", {"1": "1.97", "2": "0.00413"}),
    "carol": Recipe("classic", "rental", {"1": "2.01"}),
}
"""The second service is so cheap that its charges are rounded."""


class Add(NamedTuple):
    """An `add` as a provider saw it, and how its order stands."""

    provider: str
    link: str
    accepted: bool
    upstream_order: str | None
    undelivered: int
    """Units that it was not paid for, in the end."""
    quantity: str


class Upstream:
    """One provider."""

    def __init__(self, name: str, source: Source, folder: Path, *, lifetime: float) -> None:
        self.name = name
        self.recipe = RECIPES[name]
        catalogue = folder / f"{name}.json"
        catalogue.write_text(json.dumps([_row(service, rate) for service, rate in self.recipe.rates.items()]))
        self._process = Child(
            source, folder / f"{name}.log", "sandbox", "--port", "0", "--catalogue", str(catalogue),
            "--dialect", self.recipe.dialect, "--balance", str(PAID_IN), "--speed", str(lifetime),
        )  # fmt: skip
        self._root = ""
        self.proxy = Proxy(0)

    async def open(self) -> None:
        self._root = await self._process.start(r"on (http\S+)/api/v2")
        self.proxy = Proxy(int(self._root.rpartition(":")[2]))
        await self.proxy.open()

    async def close(self) -> None:
        await self.proxy.close()
        await self._process.kill()

    def as_toml(self) -> str:
        """Its entry in providers.toml."""
        return ENTRY.format(name=self.name, port=self.proxy.port, preset=self.recipe.preset)

    async def set_mode(self, mode: str) -> None:
        """`up`, or one of the ways to be away."""
        await self._steer("mode", {"mode": mode})

    async def adds(self) -> list[Add]:
        """Every `add` that arrived while it was up, taken or not."""
        return [self._read(seen) for seen in await self._steer("orders")]

    async def is_balanced(self) -> bool:
        """Whether its own money adds up: a check of the truth itself."""
        state = await self._steer("state")
        return Decimal(state["balance"]) + Decimal(state["charges"]) == PAID_IN

    def _read(self, seen: dict[str, Any]) -> Add:
        undelivered = 0
        if seen["accepted"]:
            paid = Decimal(seen["charge"]) * 1000 / Decimal(self.recipe.rates[seen["service"]])
            undelivered = int(seen["units"] - paid)
        order = None if seen["order"] is None else str(seen["order"])
        return Add(self.name, seen["link"], seen["accepted"], order, undelivered, seen["quantity"])

    async def _steer(self, lever: str, change: dict[str, object] | None = None) -> Any:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            address = f"{self._root}/sandbox/{lever}"
            reply = await (http.post(address, json=change) if change else http.get(address))
        return reply.raise_for_status().json()


def _row(service: str, rate: str) -> dict[str, object]:
    return {
        "service": int(service), "name": f"Followers {service}", "type": "Default", "category": "Instagram",
        "rate": rate, "min": 10, "max": 1_000_000, "refill": True, "cancel": True, "dripfeed": False,
    }  # fmt: skip
