"""A panel with a million orders behind it beside one that has just begun: every hot path, every page, and the audit.

Filling takes minutes: these rows are made only where `growth` is asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from aggregator.audit.run import run as run_audit
from aggregator.people import sessions, store
from aggregator.people.model import Role
from aggregator.resellers import store as resellers
from tests.bench import calls
from tests.bench.history import count, write_history
from tests.bench.rows import Row, load
from tests.bench.seed import Seeded, seed
from tests.bench.stage import Servers, Serving, Site
from tests.builders import open_database

WORD = "growth"
ENGINES = ("postgresql", "sqlite")
ORDERS, FEW, SERVICES = 1_000_000, 2_000, 1_000
GOAL = 1 / 1.3
CONNECTIONS = 8
OWNER_PAGES = (
    "/console",
    "/console/orders",
    "/console/orders?state=completed",
    "/console/orders?q=user7",
    "/console/orders?q=nowhere",
    "/console/orders/{order}",
    "/console/resellers",
    "/console/resellers/{reseller}",
    "/console/services",
    "/console/providers",
    "/console/audit",
)
RESELLER_PAGES = (
    "/home",
    "/orders",
    "/orders?q=user7",
    "/orders?q=nowhere",
    "/orders/{order}",
    "/wallet",
    "/orders/new",
)


class Grown(NamedTuple):
    """A panel and who is signed in to it."""

    served: Serving
    seeded: Seeded
    owner: str
    reseller: str
    """Their cookies."""
    first: int
    """The reseller's id."""


class Audited(Struct, frozen=True):
    """How long the audit took."""

    database: str
    rows: int
    full: float  # seconds
    new: float  # seconds
    green: bool

    @property
    def line(self) -> str:
        """For the eye."""
        told = f"{self.full:.1f} s for everything, goal <= 60; {self.new:.2f} s from the last, goal <= 2"
        missed = "" if self.green and self.full <= 60 and self.new <= 2 else " MISSED"
        return f"audit of {self.rows:,} orders and entries, {self.database}: {told}{missed}"


@contextmanager
def rows(folder: Path, servers: Servers, engines: Sequence[str] = ENGINES) -> Iterator[tuple[list[Row], list[Audited]]]:
    """On each engine: the small panel is the floor."""
    with ExitStack() as stack:
        found, audited = list[Row](), list[Audited]()
        for name in engines:
            panels = []
            for size in (FEW, ORDERS):
                url = servers.database() if name == "postgresql" else f"sqlite:///{folder}/growth-{size}.sqlite"
                cookies = asyncio.run(_fill(url, size))
                cache = servers.redis.url if name == "postgresql" else "memory://"
                if size == ORDERS:
                    audited.append(asyncio.run(_audit(name, url)))
                served = Site(folder / f"growth-{name}-{size}", url, cache).serve()
                stack.callback(served.stop)
                panels.append(Grown(served, *cookies))
            found += _compare(name, *panels)
        yield found, audited


async def _fill(url: str, orders: int) -> tuple[Seeded, str, str, int]:
    seeded = await seed(url, services=SERVICES, orders=FEW // 2)
    async with open_database(url):
        first = min(one.id for one, _ in await resellers.all_with_balances())
        owner = await store.insert("owner", Role.OWNER, "no password")
        buyer = await store.insert("buyer", Role.RESELLER, "no password", reseller=first)
        await write_history(orders)
        return seeded, await sessions.start(owner), await sessions.start(buyer), first


async def _audit(name: str, url: str) -> Audited:
    async with open_database(url):
        begun = time.monotonic()
        everything = await run_audit(full=True)
        between = time.monotonic()
        news = await run_audit(full=False)
        ended = time.monotonic()
        green, rows = everything.green and news.green, sum((await count()).values())
        return Audited(name, rows, between - begun, ended - between, green)


def _compare(name: str, small: Grown, large: Grown) -> Iterator[Row]:
    paths: dict[str, Callable[[Grown], list[str]]] = {
        "balance": lambda panel: calls.balance(panel.seeded),
        "status of one": lambda panel: calls.status(panel.seeded),
        "status of 100": lambda panel: calls.statuses(panel.seeded),
        "add": lambda panel: calls.adds(panel.seeded.keys, panel.seeded.service),
        **{page: partial(_page, page, owner=True) for page in OWNER_PAGES},
        **{page: partial(_page, page, owner=False) for page in RESELLER_PAGES},
    }
    for path, requests in paths.items():
        floor, subject = (load(panel.served, requests(panel), connections=CONNECTIONS) for panel in (small, large))
        yield Row(name=f"{WORD}: {path}, {name}", goal=GOAL, subject=subject, floor=floor)


def _page(page: str, panel: Grown, *, owner: bool) -> list[str]:
    path = page.format(order=panel.seeded.orders[0], reseller=panel.first)
    cookie = f"Cookie: aggregator_session={panel.owner if owner else panel.reseller}"
    return [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{cookie}\r\n\r\n"]
