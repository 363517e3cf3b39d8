"""How fast waiting orders are bought from a provider that takes 50 ms to answer, beside the limit of its calls."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from aggregator.orders.intake.accept_store import Accepted, accept
from aggregator.resellers import accounts
from aggregator.resellers import store as resellers
from tests.bench.client import Figure
from tests.bench.rows import Row
from tests.bench.seed import FUNDS
from tests.bench.stage import Servers, Site
from tests.bench.upstream import ANSWER_SECONDS, Upstream
from tests.builders import new_order, open_database

ORDERS = 2_000
"""Of each measure; those of earlier ones are on their way by then and are not asked about."""
PARALLEL = 32
SERVICE = 100_001
"""The first that is imported: what the provider sells."""
_PROVIDERS = """
[[provider]]
name = "alpha"
url = "http://127.0.0.1:{port}/api/v2"
key = "literal"
preset = "perfectpanel"
currency = "USD"
allow_private = true
requests_per_second = 1000
burst = 1000
parallel = {parallel}
"""


def rows(folder: Path, servers: Servers) -> list[Row]:
    """A panel on each engine; the orders of each measure are accepted before it starts."""
    upstream = Upstream()
    upstream.start()
    sites = servers.sites(folder, "dispatch", _PROVIDERS.format(port=upstream.port, parallel=PARALLEL))
    return [
        Row(name=f"dispatch of {ORDERS:,}, {name}", goal=0.4, floor=_limit, subject=partial(_buy, site, upstream))
        for name, site in sites.items()
    ]


def _limit() -> Figure:
    """As many calls at once as the provider allows, each for as long as it takes to answer."""
    return Figure(rate=PARALLEL / ANSWER_SECONDS, p50=0, p99=0, failed=0)


def _buy(site: Site, upstream: Upstream) -> Figure:
    """All are due at once: how many are bought in a second, from the first to the last."""
    asyncio.run(_queue(site.database))
    upstream.bought.clear()
    site.serve_until(lambda: len(upstream.bought) >= ORDERS)
    took = upstream.bought[-1] - upstream.bought[0]
    return Figure(rate=len(upstream.bought) / took, p50=0, p99=0, failed=ORDERS - len(upstream.bought))


async def _queue(database: str) -> None:
    async with open_database(database):
        known = await resellers.find("ann")
        reseller = (known or (await accounts.add("ann", currency="USD", funds=FUNDS)).reseller).id
        placed = await accept([new_order(reseller, service=SERVICE) for _ in range(ORDERS)])
        assert all(isinstance(one, Accepted) for one in placed)
