"""Our panel over real HTTP, its providers behind it, and customers who call it as their clients do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from aggregator.app import Panel
from aggregator.resellers import accounts
from aggregator.storage.tables import TABLES
from pricing.money import parse_units
from providers.sandbox import Sandbox
from tests.catalog.panels import panel_over
from tests.providers.sandbox_server import serving

SERVICES = """
import_rest = false
[[service]]
id = 1
name = "Instagram Followers - Premium"
category = "Instagram"
offers = ["alpha:7101"]
[[service]]
id = 2
name = "Comments"
category = "Instagram"
offers = ["alpha:7102"]
"""
PACE = """
[pace]
poll_seconds = 0.05
confirm_seconds = 0
"""
NO_LIMIT = "[limits]\nrequests_per_second = 0\nfailed_keys_per_minute = 0\n"


def goods() -> list[dict[str, Any]]:
    """What the provider sells, in words that must never reach a reseller."""
    usual = {"category": "ZZ upstream category", "refill": True, "cancel": False, "dripfeed": False}
    return [
        {
            "service": 7101,
            "name": "ZZ upstream followers",
            "type": "Default",
            "rate": "2.00",
            "min": "100",
            "max": "100000",
            **usual,
        },
        {
            "service": 7102,
            "name": "ZZ upstream comments",
            "type": "Custom Comments",
            "rate": "12.34",
            "min": "1",
            "max": "500",
            **usual,
        },
    ]


class Client:
    """Somebody with a key, and the ways in which such people write."""

    def __init__(self, http: httpx.AsyncClient, key: str) -> None:
        self.http = http
        self.key = key

    async def json(self, action: str, **fields: object) -> httpx.Response:
        """As the specification's customers do."""
        return await self.http.post("/api/v2", json={"key": self.key, "action": action, **fields})

    async def form(self, action: str, **fields: object) -> httpx.Response:
        """As everybody else does."""
        return await self.http.post("/api/v2", data={"key": self.key, "action": action, **fields})

    async def buy(self, word: str = "", *, quantity: int = 1000, **fields: object) -> int:
        """The id of a new order whose link holds this word."""
        link = f"https://x.example/u/{word}"
        reply = await self.json("add", service=1, link=link, quantity=quantity, **fields)
        assert reply.status_code == 201, reply.text
        return int(reply.json()["order"])


class Served:
    """A panel that answers at an address."""

    def __init__(self, panel: Panel, sandbox: Sandbox, http: httpx.AsyncClient, url: str) -> None:
        self.panel = panel
        self.sandbox = sandbox
        self.http = http
        self.url = url

    async def reseller(self, name: str, funds: str = "150", *, spelling: str = "auto", tier: str = "") -> Client:
        """A new reseller with a key and money."""
        new = await accounts.add(name, currency="USD", funds=parse_units(funds), tier=tier, spelling=spelling)
        return Client(self.http, new.key)

    async def everything(self) -> dict[str, list[Any]]:
        """Every row of every table, to see that nothing has changed."""
        return {table._meta.tablename: await table.select().order_by(table._meta.primary_key) for table in TABLES}


@asynccontextmanager
async def served(
    folder: Path, database_url: str, *, panel: str = "", limits: str = NO_LIMIT, **texts: str
) -> AsyncIterator[Served]:
    """A panel that sells two services of one provider; `panel` and `limits` are lines of aggregator.toml.

    Nothing is dispatched until a test starts the work.
    """
    sandbox = Sandbox(catalogue=goods(), speed=0, id_from=880_001)
    files: Mapping[str, str] = {"services": SERVICES, "aggregator": panel + PACE + limits, **texts}
    async with panel_over(folder, database_url, {"alpha": sandbox}, **files) as built:
        await built.syncer.sync("alpha")
        await built.look()
        async with (
            serving(built.asgi(with_api=True)) as url,
            httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as http,
        ):
            yield Served(built, sandbox, http, url)


@asynccontextmanager
async def served_client(panel: Panel, key: str) -> AsyncIterator[Client]:
    """Whoever has this key, at a panel that is served for the length of the block."""
    async with serving(panel.asgi(with_api=True)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as http:
        yield Client(http, key)
