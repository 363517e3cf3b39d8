"""The loops of a worker: what is done again and again, how often, and what a round of it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import structlog
from msgspec import Struct

from aggregator.audit.turns import next_turn, take_turn
from aggregator.catalog import store as catalog_store
from aggregator.catalog.news.announce import Announcer
from aggregator.catalog.news.retention import tidy
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.syncing.sync import Syncer
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.orders.aftersales.refill import Refiller
from aggregator.orders.dispatching.dispatch import Dispatcher
from aggregator.orders.following.poll import Poller
from aggregator.orders.reconciling.reconcile import Reconciler
from aggregator.orders.reporting.provider_stats import Business
from aggregator.orders.settling.daily_totals import SHOWN_DAYS
from aggregator.orders.track import Tracker
from aggregator.orders.unsure import explained
from aggregator.orders.unsure.investigate import Investigator
from aggregator.settings import PaceSettings
from aggregator.storage import clock
from aggregator.storage.engine import Sqlite
from aggregator.storage.opening import failpoints
from aggregator.storage.transaction import engine
from aggregator.workers import Job, Loop, Workers

log = structlog.get_logger(__name__)

IDLE_SECONDS = 0.5
"""Between two looks at an empty queue."""
DAYS_SECONDS = 600
"""How soon after its end a day is counted."""
TIDY_SECONDS = 3600
AUDIT_AGAIN_SECONDS = 60
"""After an audit that could not be run to its end."""


class Doers(Struct, frozen=True, kw_only=True):
    """What the rounds are made of."""

    upstreams: Upstreams
    prices: Prices
    syncer: Syncer
    dispatcher: Dispatcher
    poller: Poller
    investigator: Investigator
    reconciler: Reconciler
    refiller: Refiller
    tracker: Tracker
    business: Business


class Jobs:
    """The loops of one process that works, those of each provider on their own: none waits for another."""

    def __init__(self, workers: Workers, doers: Doers, pace: PaceSettings, wake: Callable[[], None]) -> None:
        self._workers = workers
        self._do = doers
        self._pace = pace
        self._wake = wake
        self._announcer = Announcer()
        self._audited = False

    async def start(self) -> None:
        """Dispatch, sweep, and follow each provider on its own, so that none waits for another."""
        self._begin("sweep", self.sweep, pause=1.0)
        self._begin("dispatch", self._dispatch, pause=IDLE_SECONDS)
        self._begin("announce", self.announce, pause=1.0)
        self._begin("days", self._count_days, pause=DAYS_SECONDS)
        self._begin("tidy", self._tidy, pause=TIDY_SECONDS)
        self._begin("audit", self._audit, pause=AUDIT_AGAIN_SECONDS)
        await self.follow_providers()

    def _begin(self, name: str, job: Job, *, pause: float) -> None:  # seconds
        self._workers.start(make_loop(name, job, pause=pause))

    async def follow_providers(self) -> None:
        """A loop of each kind for every provider of today."""
        wanted = {provider.profile.name for provider in self._do.upstreams}
        for name in wanted:
            self._begin(f"poll:{name}", partial(self._poll, name), pause=IDLE_SECONDS)
            self._begin(f"catch-up:{name}", partial(self._catch_up, name), pause=IDLE_SECONDS)
            self._begin(f"evidence:{name}", partial(self._investigate, name), pause=IDLE_SECONDS)
            self._begin(f"sync:{name}", partial(self._sync, name), pause=IDLE_SECONDS)
        for loop in self._workers.names():
            kind, _, name = loop.partition(":")
            if kind in ("poll", "catch-up", "evidence", "sync") and name not in wanted:
                await self._workers.stop(loop)

    async def _dispatch(self) -> float | None:
        return 0 if await self._do.dispatcher.run_once() else None

    async def announce(self) -> None:
        """Tell what changed on the shelf since it was told last."""
        await self._announcer.run_once(self._do.prices.shelf, self._do.prices.edition)

    async def sweep(self) -> None:
        """End what passed its deadline, and judge again what words have been explained for."""
        await self._do.dispatcher.sweep()
        moved = await explained.carry_out(self._do.upstreams, settle_ms=self._pace.settle_ms)
        if moved:
            await self._do.tracker.refresh(moved)
            self._wake()

    async def _count_days(self) -> None:
        """Days that are over, before an owner asks for them."""
        await self._do.business.days(SHOWN_DAYS)

    async def _tidy(self) -> None:
        bound = engine()
        if isinstance(bound, Sqlite):
            await bound.analyze()
        await tidy()
        await self._do.refiller.drop_gone()

    async def _audit(self) -> float:
        await take_turn(at_start=not self._audited)
        self._audited = True
        return next_turn()

    async def _poll(self, provider: str) -> float | None:
        await self._do.refiller.run_once(provider)
        return 0 if await self._do.poller.run_once(provider) else min(self._pace.poll_seconds, IDLE_SECONDS)

    async def _catch_up(self, provider: str) -> float | None:
        """While one round is worked into the database, the next one asks."""
        return 0 if self._do.poller.is_behind(provider) and await self._do.poller.run_once(provider) else None

    async def _investigate(self, provider: str) -> float | None:
        """While nothing is unsure, a look at the database; as often as evidence can change."""
        await self._do.investigator.run_once(provider)
        return min(max(self._pace.settle_seconds / 10, 0.2), 5.0)

    async def _sync(self, provider: str) -> float | None:
        """The catalogue at its pace, the balance at the pace of polls while orders may wait for it."""
        report = await self._do.syncer.sync_if_due(provider)
        if report is not None and report.failed:
            log.warning("sync.failed", provider=provider, error=report.error, held=report.held)
        due = clock.now() + round(max(self._pace.poll_seconds, 0.2) * 1000)
        if await catalog_store.claim(provider, "balance_due_at", until=due):
            await self._do.syncer.read_balance(provider)
            await self._do.investigator.note_balance(provider)
            await self._reconcile(provider)
        return min(self._pace.poll_seconds, 1.0)

    async def _reconcile(self, provider: str) -> None:
        settings = self._do.upstreams.settings(provider)
        if settings is not None:
            await self._do.reconciler.run_once(settings)


def make_loop(name: str, job: Job, *, pause: float) -> Loop:  # seconds
    """A loop with the failpoints of this process around each round."""
    return Loop(name, failpoints().job(name, job), pause=pause)
