"""One soak from start to end: resellers alone, then an owner beside them, then a cache that dies, then the stop."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from statistics import median
from typing import NamedTuple

import httpx

from aggregator.resellers import accounts
from aggregator.web.guards import anyone, owners, resellers, signed_in
from pricing.money import SCALE
from tests.bench import calls
from tests.bench.client import Figure
from tests.bench.client import Load as Asked
from tests.bench.seed import Seeded
from tests.bench.wrk import by_client
from tests.builders import open_database
from tests.chaos.stage import Stage, staged
from tests.chaos.storm import LATER
from tests.soak.owner import Owner
from tests.soak.pages import Ids, addresses
from tests.soak.report import Page, Report
from tests.soak.resellers import RESELLERS, UNABLE, Load
from tests.soak.samples import Sampler, growth
from tests.soak.scene import IMPORTED, PROVIDERS, scene
from tests.soak.stalls import by_place, stalls, tracebacks
from tests.soak.visitor import Visitor
from tests.web.routes import routes

FUNDS = 1_000_000 * SCALE
WARM, ALONE, VISITED = 0.1, 0.2, 0.4
"""Shares of the time; in the rest the cache dies, again and again."""
BETWEEN = 0.02
"""Seconds from an answer about the balance to the next question."""
EDIT_SECONDS = (4, 15)
PAGE_SECONDS = 1.0
"""Of the reseller who looks at the pages."""
DEAD_SECONDS = 3
DEAD_EVERY = 40
LIFETIME = 4.0
MEGABYTES = 4_000
_STOOD = re.compile(rb"aggregator_loop_stalls_seconds_sum (\S+)")
OWNERS, RESELLERS_PAGES = frozenset({owners}), frozenset({resellers, signed_in, anyone})


class Wanted(NamedTuple):
    """What a soak is asked for."""

    seed: int
    minutes: float
    database: str
    rows: int
    """Of each provider."""

    @property
    def seconds(self) -> float:
        return self.minutes * 60


async def soak(wanted: Wanted, *, keep: Path | None = None) -> Report:
    """All of it, on a stage of its own; the panel's log is kept where one says."""
    with tempfile.TemporaryDirectory(prefix="aggregator-soak-") as folder:
        built = scene(wanted.seed, wanted.rows)
        async with staged(
            Path(folder), wanted.database, ("all",), lifetime=LIFETIME, megabytes=MEGABYTES, scene=built
        ) as stage:
            try:
                return await Soak(stage, wanted).run()
            finally:
                if keep is not None:
                    keep.write_text("".join(one.child.said for one in stage.served))  # noqa: ASYNC240  # the end of all


class Soak:
    """One run on a stage that is up."""

    def __init__(self, stage: Stage, wanted: Wanted) -> None:
        self._stage = stage
        self._wanted = wanted
        self._root = stage.urls[0].removesuffix("/api/v2")
        self._owner = Visitor(self._root, wanted.seed)
        self._reseller = Visitor(self._root, wanted.seed + 1)
        self._deeds = Owner(stage, self._owner)
        self._keys: list[str] = []
        self._console: list[str] = []
        self._stood = 0.0

    async def run(self) -> Report:
        self._keys = await self._take_in()
        load, sampler = Load(self._stage.urls[0], self._keys, self._wanted.seed), Sampler(self._stage)
        await self._begin_trouble()
        try:
            async with _beside(load.run(), sampler.run()):
                await asyncio.sleep(self._wanted.seconds * WARM)
                alone = await self._balance(ALONE)
                await self._let_in()
                async with _beside(*await self._visits()):
                    since = time.monotonic()
                    visited = await self._balance(VISITED)
                    await self._lose_the_cache(self._wanted.seconds * (1 - WARM - ALONE - VISITED))
                    stop = await self._stop(load)
        finally:
            await self._owner.close()
            await self._reseller.close()
        red = [one for one in await self._stage.audit() if not one.startswith(LATER)]
        return self._report(load, sampler, since, alone, visited, stop, red)

    async def _take_in(self) -> list[str]:
        """The keys of all resellers."""
        async with open_database(self._stage.books.url):
            return [(await accounts.add(f"r{n}", currency="USD", funds=FUNDS)).key for n in range(RESELLERS)]

    async def _begin_trouble(self) -> None:
        for upstream in self._stage.upstreams:
            upstream.proxy.begun = True  # type: ignore[attr-defined]  # every door of this scene has it
            if upstream.name == "hangs":
                await upstream.set_mode("hang")

    async def _balance(self, share: float) -> Figure:
        """How long `balance` takes, asked from a process that does nothing else."""
        asked = Asked(
            host="127.0.0.1",
            port=int(self._root.rpartition(":")[2]),
            connections=1,
            pause=BETWEEN,
            requests=calls.balance(Seeded(self._keys, [])),
            seconds=self._wanted.seconds * share,
        )
        return await asyncio.to_thread(by_client, asked)

    async def _let_in(self) -> None:
        """An owner, and somebody of the first reseller."""
        told = await self._stage.must("owners", "add", "olga")
        await self._owner.sign_in("olga", told["password"])
        await self._reseller.sign_up("anna-soaks", "a long enough password", await self._deeds.invite("r0"))

    async def _visits(self) -> list[Coroutine[object, object, None]]:
        ids, shortest = await self._ids(), EDIT_SECONDS[0]
        self._console = addresses(routes(), OWNERS, ids)
        # A busy machine may not come round in a minute: each seed begins elsewhere.
        Random(self._wanted.seed).shuffle(self._console)
        pause = min(EDIT_SECONDS[1], max(shortest, self._wanted.seconds / 40))
        return [
            self._owner.go_round(self._console),
            self._reseller.go_round(addresses(routes(), RESELLERS_PAGES, ids), pause=PAGE_SECONDS),
            self._deeds.edit_often(pause),
            self._deeds.type_often(),
        ]

    async def _ids(self) -> Ids:
        """What there really is of each kind; orders and keys are those of the first reseller."""
        books, first = self._stage.books, "(select id from resellers where name = 'r0')"
        [reseller] = await books.rows(f"select id from resellers where id = {first}")
        orders = await books.rows(f"select id from orders where reseller = {first} order by id desc limit 2")
        keys = await books.rows(f"select id from api_keys where reseller = {first} limit 1")
        revisions = await books.rows("select max(id) as id from revisions where file = 'markup.toml'")
        return {
            "reseller_id": [reseller["id"]],
            "order_id": [row["id"] for row in orders],
            "key_id": [keys[0]["id"]],
            "revision_id": [row["id"] for row in revisions if row["id"]],
            "name": list(PROVIDERS),
            "number": [1, IMPORTED + 7],
        }

    async def _lose_the_cache(self, seconds: float) -> None:
        """It dies, stays away, and comes back empty, as often as there is time."""
        until, redis = time.monotonic() + seconds, self._stage.redis
        while redis is not None and time.monotonic() < until - 2 * DEAD_SECONDS:
            await asyncio.to_thread(redis.kill)
            await asyncio.sleep(DEAD_SECONDS)
            await asyncio.to_thread(redis.start)
            await asyncio.sleep(min(DEAD_EVERY, max(0.0, until - time.monotonic())))
        await asyncio.sleep(max(0.0, until - time.monotonic()))

    async def _stop(self, load: Load) -> float:
        """As a deployment does, in the middle of all this; the seconds it took."""
        self._stood = await self._told()
        await self._stage.let_go()
        load.listening = self._owner.listening = self._reseller.listening = False
        begun = time.monotonic()
        for served in self._stage.served:
            with suppress(TimeoutError):  # it was killed in the end, and the time tells
                await served.child.terminate()
        return time.monotonic() - begun

    async def _told(self) -> float:
        """Seconds that the loop stood still, as monitoring is told."""
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
                found = _STOOD.search((await http.get(f"{self._root}/metrics")).content)
                return float(found[1]) if found else 0.0
        return 0.0

    def _report(
        self, load: Load, sampler: Sampler, since: float, alone: Figure, visited: Figure, stop: float, red: list[str]
    ) -> Report:
        visitors, served = (self._owner, self._reseller), self._stage.served
        said = "".join(one.child.said for one in served)
        return Report(
            seed=self._wanted.seed,
            database=self._wanted.database,
            rows=self._wanted.rows,
            seconds=round(self._wanted.seconds),
            held=by_place(stalls(said)),
            told=self._stood,
            alone=alone.p99,
            visited=visited.p99,
            calls=load.calls,
            orders=load.placed,
            growth=growth(sampler.since(since), self._wanted.database),
            unanswered=load.unanswered,
            unable=load.refused(UNABLE),
            failed=load.failed,
            pages=_pages(visitors),
            console=len(self._console),
            seen=len(self._owner.took.keys() & set(self._console)),
            visits=sum(one.codes.total() for one in visitors),
            left=sum(one.left for one in visitors),
            broken=[fault for one in visitors for fault in one.broken],
            silent=[fault for one in visitors for fault in one.silent],
            edits=self._deeds.edits,
            tracebacks=tracebacks(said),
            crashes=[crash for one in served for crash in one.crashes],
            stop=stop,
            red=red,
        )


def _pages(visitors: tuple[Visitor, ...]) -> list[Page]:
    seen = [
        Page(address, max(took), median(took), len(took))
        for visitor in visitors
        for address, took in visitor.took.items()
    ]
    return sorted(seen, key=lambda page: -page.longest)


@asynccontextmanager
async def _beside(*work: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Let it go on for the length of a block; what fails in it fails the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
