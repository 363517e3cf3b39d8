"""How fast live orders are followed at a provider that takes 50 ms to answer, beside the limit that it is called by."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from aggregator.orders.intake.accept_store import Accepted, accept
from aggregator.resellers import accounts
from aggregator.storage.sql import execute
from aggregator.storage.transaction import write
from tests.bench.client import Figure
from tests.bench.rows import Row
from tests.bench.seed import FUNDS
from tests.bench.stage import Servers, Site
from tests.bench.upstream import Upstream
from tests.builders import new_order, open_database

ORDERS = 10_000
AT_ONCE = 100
"""Orders in a call."""
CALLS_PER_SECOND = 20
"""What one caller at a time comes to, at a provider that answers in 50 ms."""
_PROVIDERS = """
[[provider]]
name = "alpha"
url = "http://127.0.0.1:{port}/api/v2"
key = "literal"
preset = "perfectpanel"
currency = "USD"
allow_private = true
requests_per_second = {calls}
burst = 2
"""


def rows(folder: Path, servers: Servers) -> list[Row]:
    """A panel on each engine follows the orders of its own database, which is filled when it is asked for."""
    upstream = Upstream()
    upstream.start()
    sites = servers.sites(folder, "sync", _PROVIDERS.format(port=upstream.port, calls=CALLS_PER_SECOND))
    return [
        Row(
            name=f"status sync of {ORDERS:,}, {name}",
            goal=0.8,
            floor=_limit,
            subject=partial(_follow, site, upstream),
        )
        for name, site in sites.items()
    ]


def _limit() -> Figure:
    """All calls that the provider allows, each for as many orders as fit."""
    return Figure(rate=CALLS_PER_SECOND * AT_ONCE, p50=0, p99=0, failed=0)


def _follow(site: Site, upstream: Upstream) -> Figure:
    """All are due at once: how many are asked about in a second, from the first to the last."""
    asyncio.run(_make_due(site.database))
    upstream.asked.clear()
    site.serve_until(lambda: len(upstream.asked) >= ORDERS)
    moments = upstream.asked.values()
    took = max(moments) - min(moments)
    return Figure(rate=(len(moments) - AT_ONCE) / took, p50=0, p99=0, failed=ORDERS - len(moments))


async def _make_due(database: str) -> None:
    async with open_database(database):
        if not await execute("select id from orders limit 1"):
            await _fill()
        await write(lambda: execute("update attempts set poll_at = 0"))


async def _fill() -> None:
    reseller = (await accounts.add("ann", currency="USD", funds=FUNDS)).reseller.id
    for _ in range(0, ORDERS, 1_000):
        placed = await accept([new_order(reseller) for _ in range(1_000)])
        assert all(isinstance(one, Accepted) for one in placed)
    await write(
        lambda: execute(
            "insert into attempts (order_id, provider, service, outcome, upstream_order, cost, cost_theirs,"
            " currency, fx, deadline_at, created_at, answered_at, poll_at)"
            " select id, 'alpha', '1', 'accepted', cast(id as text), 1000, '0.1', 'USD', '1', 0, created_at,"
            " created_at, 0 from orders"
        )
    )
    await write(lambda: execute("update orders set state = 'active'"))
