"""The providers of a run: sandboxes with money of their own, each behind a proxy; what they saw is the truth.

One of them is dishonest: what it plays, and what must be known of it afterwards, is in `tests.chaos.mallory`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests.chaos.processes import Child, Source
from tests.chaos.proxy import Proxy

PAID_IN = Decimal(100_000)
FIRST_ID = 1000
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
    rows: Sequence[dict[str, object]] = ()
    """Its catalogue, where it has more of one than its rates."""
    door: Callable[[int], Proxy] = Proxy
    """What stands before its port."""


RECIPES = {
    "alpha": Recipe("classic", "perfectpanel", {"1": "1.93", "2": "0.00427", "3": "1.93"}),
    "bravo": Recipe("json", "mystic", {"1": "1.97", "2": "0.00413"}),
    "carol": Recipe("classic", "rental", {"1": "2.01", "3": "2.01"}),
    "mallory": Recipe("classic", "perfectpanel", {"3": "1.87"}),
}
"""The second service is so cheap that its charges are rounded; the third is cheapest at the dishonest provider."""
DISHONEST = frozenset({"mallory"})


class Add(NamedTuple):
    """An `add` as a provider saw it, and how its order stands."""

    provider: str
    link: str
    accepted: bool
    upstream_order: str | None
    undelivered: int
    """Units that it was not paid for, in the end; at a dishonest provider those that it says did not come."""
    quantity: str
    denied: int | None = None
    """Units that a dishonest provider may have said did not come, before it delivered them after all."""
    kept: Decimal = Decimal(0)
    """Of our money, in the end."""
    listed: Decimal = Decimal(0)
    """What its list says the whole order costs."""
    ended: bool = True


class Upstream:
    """One provider."""

    def __init__(
        self, name: str, recipe: Recipe, source: Source, folder: Path, *, lifetime: float, entry: str = ENTRY
    ) -> None:
        self.name = name
        self.recipe = recipe
        self._entry = entry
        catalogue = folder / f"{name}.json"
        rows = recipe.rows or [_row(service, rate) for service, rate in recipe.rates.items()]
        catalogue.write_text(json.dumps(rows))
        self._process = Child(
            source,
            folder / f"{name}.log",
            "sandbox",
            "--port",
            "0",
            "--catalogue",
            str(catalogue),
            "--dialect",
            self.recipe.dialect,
            "--balance",
            str(PAID_IN),
            "--speed",
            str(lifetime),
        )
        self._root = ""
        self.proxy = Proxy(0)

    async def open(self) -> None:
        self._root = await self._process.start(r"on (http\S+)/api/v2")
        self.proxy = self.recipe.door(int(self._root.rpartition(":")[2]))
        await self.proxy.open()

    async def close(self) -> None:
        await self.proxy.close()
        await self._process.kill()

    def as_toml(self) -> str:
        """Its entry in providers.toml."""
        return self._entry.format(name=self.name, port=self.proxy.port, preset=self.recipe.preset)

    async def set_mode(self, mode: str) -> None:
        """`up`, or one of the ways to be away."""
        await self._steer("mode", {"mode": mode})

    async def play(self, tricks: Mapping[str, object]) -> None:
        """These, and no others."""
        honest = {"times": "1", "states": True}
        others = ("keeps", "revives", "negative_start", "busy_cancel", "lost_cancel", "echoes")
        await self._steer("tricks", {**honest, **dict.fromkeys(others, False), **tricks})

    async def give_ids_again(self) -> None:
        """As after a restart without its records."""
        await self._steer("ids", {"next": FIRST_ID})

    async def adds(self) -> list[Add]:
        """Every `add` that arrived while it was up, taken or not."""
        return [self._read(seen) for seen in await self._steer("orders")]

    async def is_balanced(self) -> bool:
        """Whether its own money adds up: a check of the truth itself."""
        state = await self._steer("state")
        return Decimal(state["balance"]) + Decimal(state["charges"]) == PAID_IN

    def _read(self, seen: dict[str, Any]) -> Add:
        if not seen["accepted"]:
            return Add(
                self.name, seen["link"], accepted=False, upstream_order=None, undelivered=0, quantity=seen["quantity"]
            )
        kept, rate, units = Decimal(seen["charge"]), Decimal(self.recipe.rates[seen["service"]]), seen["units"]
        undelivered, denied = int(units - kept * 1000 / rate), None
        if self.name in DISHONEST:
            undelivered = {"Canceled": units, "Partial": seen["remains"]}.get(seen["status"], 0)
            denied = units if seen["status"] == "Completed" else None
        return Add(
            self.name,
            seen["link"],
            accepted=True,
            upstream_order=str(seen["order"]),
            undelivered=undelivered,
            quantity=seen["quantity"],
            denied=denied,
            kept=kept,
            listed=rate * units / 1000,
            ended=seen["status"] in ("Completed", "Partial", "Canceled"),
        )

    async def _steer(self, lever: str, change: dict[str, object] | None = None) -> Any:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            address = f"{self._root}/sandbox/{lever}"
            reply = await (http.post(address, json=change) if change else http.get(address))
        return reply.raise_for_status().json()


def _row(service: str, rate: str) -> dict[str, object]:
    return {
        "service": int(service),
        "name": f"Followers {service}",
        "type": "Default",
        "category": "Instagram",
        "rate": rate,
        "min": 10,
        "max": 1_000_000,
        "refill": True,
        "cancel": True,
        "dripfeed": False,
    }
