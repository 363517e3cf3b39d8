"""The one place that knows everything: builds the parts and joins them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from functools import partial

import structlog

from aggregator.api.asgi import Asgi, Readiness, make_asgi
from aggregator.api.bodies import ServiceBodies
from aggregator.api.keys import Keys
from aggregator.api.ordering import render_for
from aggregator.api.sizes import BodySizes
from aggregator.api.v2 import Api
from aggregator.audit import health as audit_health
from aggregator.audit.turns import next_turn, take_turn
from aggregator.cache.limits import Limits
from aggregator.cache.memory import MemoryCache
from aggregator.cache.pace import SharedPace
from aggregator.cache.redis import RedisCache
from aggregator.cache.status import StatusCache
from aggregator.catalog import balance_store, knowledge, word_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.announce import Announcer
from aggregator.catalog.edits import Edits
from aggregator.catalog.handover import Handover
from aggregator.catalog.prices import Prices
from aggregator.catalog.sync import Syncer
from aggregator.catalog.tidy import tidy
from aggregator.catalog.upstreams import Upstreams
from aggregator.errors import CannotBeDone
from aggregator.metrics import Metrics
from aggregator.orders import (
    account_door_store,
    attempt_store,
    evidence_store,
    explained,
    overcharge_store,
    reconciliation_store,
    refill_store,
    store,
)
from aggregator.orders.account_doors import account_door
from aggregator.orders.business import Business
from aggregator.orders.cancel import Canceller
from aggregator.orders.days import SHOWN_DAYS
from aggregator.orders.decided import Decided
from aggregator.orders.dispatch import Dispatcher
from aggregator.orders.investigate import Investigator
from aggregator.orders.model import Attempt
from aggregator.orders.performance import Performance
from aggregator.orders.place import Placer
from aggregator.orders.poll import Poller
from aggregator.orders.reconcile import Reconciler
from aggregator.orders.refill import Refiller
from aggregator.orders.reroute import Rerouter
from aggregator.orders.routing import Router
from aggregator.orders.track import Tracker
from aggregator.people import doors
from aggregator.people.seal import Seal
from aggregator.settings import PaceSettings, ProviderSettings, Settings
from aggregator.storage import clock, migrations, signals
from aggregator.storage.engine import Sqlite, lanes
from aggregator.storage.opening import database, failpoints
from aggregator.storage.transaction import engine, settled, write
from aggregator.web.parts import Parts
from aggregator.web.site import make_pages
from aggregator.workers import Job, Loop, Workers

__all__ = ["Panel", "ProviderInUse", "database", "failpoints"]

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
"""How soon a process sees what another one changed."""
IDLE_SECONDS = 0.5
"""Between two looks at an empty queue."""
OF_ORDERS = ("dispatch", "poll", "evidence", "sync")
"""The loops that a decision, or another catalogue, may give work to."""
DAYS_SECONDS = 600
"""How soon after its end a day is counted."""
TIDY_SECONDS = 3600
AUDIT_AGAIN_SECONDS = 60
"""After an audit that could not be run to its end."""
DRAIN_SECONDS = 5
"""More than an add may take, at shutdown."""


class ProviderInUse(CannotBeDone):
    """A provider with open, unsure or watched orders was taken out of providers.toml."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = ", ".join(sorted(names))
        super().__init__(
            f"{listed}: has orders that are still followed; keep it in providers.toml with enabled = false"
        )


class Panel:
    """All parts of one process over an open database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        pace = settings.pace
        self.cache: StatusCache = (
            MemoryCache() if settings.cache_url.startswith("memory:") else RedisCache(settings.cache_url)
        )
        self._limits = limits = Limits(settings.cache_url)
        currency = settings.panel.currency
        self.workers = Workers()
        self.metrics = Metrics()
        self.upstreams = Upstreams(settings.providers, SharedPace(limits, _periods(pace)), failpoints().trace)
        self._sellers = Handover(self.upstreams)
        self.prices = Prices(currency, settings.services, settings.markup)
        self.tracker = Tracker(self.cache, render_for(currency))
        self._decided = Decided(self.cache, self.tracker)
        self.keys = Keys(limits, settings.limits, settings.panel.spelling)
        self.syncer = Syncer(
            self.upstreams, lambda: self.prices.markup.fx,
            sync_ms=round(pace.sync_seconds * 1000), breaker_ms=round(pace.breaker_seconds * 1000),
            judge=overcharge_store.judge, taken=lambda: self.prices.services.taken,
        )  # fmt: skip
        self.router = router = Router(self.upstreams, lambda: self.prices.shelf, lambda: self.prices.markup.fx, pace)
        self.dispatcher = Dispatcher(self.upstreams, router, self.tracker, pace, self.wake, self._glance)
        rerouter = Rerouter(
            router, self.wake, enabled=settings.panel.reroute_cancelled, give_up_ms=round(pace.give_up_seconds * 1000)
        )
        self.poller = Poller(self.upstreams, self.cache, self.tracker, rerouter, pace)
        self.investigator = Investigator(self.upstreams, self.tracker, pace, self.wake)
        self.reconciler = Reconciler(pace)
        self.refiller = Refiller(self.upstreams, pace, lambda: self.prices.shelf)
        self.placer = Placer(lambda: self.prices.shelf, self.wake, lanes=lanes(settings.database_url))
        self.canceller = Canceller(lambda: self.prices.shelf, self.tracker, self.wake)
        self._sizes = BodySizes(lambda: self.prices.shelf, settings.limits.body_kib)
        self.api = Api(
            self.keys, self.placer, self.tracker, self.canceller, self.refiller,
            ServiceBodies(lambda: self.prices.shelf), self._sizes,
            currency=currency, limits=settings.limits, counted=self.metrics.count_request, ready=lambda: self._prepared,
        )  # fmt: skip
        self.performance = Performance()
        self._seal = Seal(settings.secrets, settings.directory)
        self._announcer = Announcer()
        self._business = Business()
        self._seen: dict[str, int] = {}
        self._prepared = False
        self._audited = False

    def wake(self, *asked: str) -> None:
        """There is something to dispatch, or, where providers are named, to ask these."""
        self.workers.wake(*(f"poll:{name}" for name in asked) if asked else ("dispatch",))

    async def prepare(self) -> None:
        """Take over renamed providers, the files' prices and the shelf; seal what lies open."""
        await self._adopt(self.settings.providers)
        self._seen = await signals.read()
        await self.upstreams.learn(await knowledge.load())
        await self.prices.reload(self._sellers)
        await self.refiller.drop_gone()
        await doors.seal_codes(self._seal)
        self._prepared = True

    async def _adopt(self, providers: Iterable[ProviderSettings]) -> None:
        """Rename what was renamed; refuse to lose a provider that still has orders."""
        names = {provider.profile.name for provider in providers}
        for provider in providers:
            if provider.formerly is not None:
                await _rename(provider.formerly, provider.profile.name)
        lost = await attempt_store.providers_in_use() - names
        if lost:
            raise ProviderInUse(lost)
        await catalog_store.ensure_providers(names)
        for provider in providers:
            await account_door_store.adopt(provider.profile)
            await catalog_store.set_provider(provider.profile.name, door=account_door(provider.profile))

    async def take_providers(self, providers: tuple[ProviderSettings, ...]) -> None:
        """A new providers.toml while running; raises `ProviderInUse` with the old one kept."""
        await self._adopt(providers)
        before = list(self.upstreams)
        await self.upstreams.replace(providers)
        self._sellers.begin(before)
        await self.prices.reload(self._sellers)
        await self.refiller.drop_gone()
        await store.hurry()
        if "dispatch" in self.workers.names():
            await self._follow_providers()
        self.workers.wake(*OF_ORDERS)

    async def look(self) -> None:
        """See what other processes changed since the last look."""
        await clock.follow()
        told = await signals.read()
        changed = {name for name, value in told.items() if self._seen.get(name) != value}
        self._seen = told
        if await self._sellers.ended() or signals.CATALOGUE in changed:
            await self.prices.reload(self._sellers)
        if signals.WORDS in changed:
            await self.upstreams.learn(await knowledge.load())
        if signals.KEYS in changed:
            self.keys.forget()
        if signals.REPLIES in changed:
            await self._decided.take_in()
        if changed & {signals.WORK, signals.CATALOGUE} and "dispatch" in self.workers.names():
            await store.hurry()
            self.workers.wake(*OF_ORDERS)

    def asgi(self, *, with_api: bool) -> Asgi:
        """The web application of this process: API and pages, or what monitoring asks for alone."""
        pages = make_pages(self._parts()) if with_api else None
        api = self.api if with_api else None
        proxies = self.settings.panel.trusted_proxies
        return make_asgi(api, readiness=self.readiness, metrics=self.metrics.text, pages=pages, trusted_proxies=proxies)

    def _parts(self) -> Parts:
        return Parts(
            settings=self.settings, prices=self.prices, keys=self.keys, placer=self.placer,
            canceller=self.canceller, refiller=self.refiller, tracker=self.tracker,
            performance=self.performance, upstreams=self.upstreams,
            syncer=self.syncer, limits=self._limits, seal=self._seal, wake=self.wake, ready=lambda: self._prepared,
            business=self._business, sellers=self._sellers,
            edits=self.edits(), sizes=self._sizes, router=self.router,
        )  # fmt: skip

    def edits(self) -> Edits:
        """Saves edits of the configuration from elsewhere than an editor."""
        return Edits(self.settings, os.environ, self.prices, self.upstreams, self._sellers, self.take_providers)

    async def readiness(self) -> Readiness:
        """Ready once calls are answered, with a database that is up to date; a cache that is away only degrades."""
        try:
            database = "not migrated" if await migrations.missing() else "ok"
        except Exception as error:  # noqa: BLE001  # whatever it is, we are not ready
            log.warning("not_ready", error=type(error).__name__)
            database = "unavailable"
        cache = "ok" if await self.cache.healthy() else "unavailable"
        audit = await _audited() if database == "ok" else {}
        parts = {"database": database, "cache": cache, **audit}
        ready = database == "ok" and self._prepared
        well = database == cache == audit.get("audit", "ok") == "ok"
        status = "unavailable" if not ready else "ok" if well else "degraded"
        return Readiness(ready, {"status": status, **parts, **({} if self._prepared else {"panel": "starting"})})

    def _loop(self, name: str, job: Job, *, pause: float) -> Loop:  # seconds
        return Loop(name, failpoints().job(name, job), pause=pause)

    def start_looking(self) -> None:
        self.workers.start(self._loop("look", self.look, pause=LOOK_SECONDS))

    async def start_working(self) -> None:
        """Dispatch, sweep, and follow each provider on its own, so that none waits for another."""
        self.workers.start(self._loop("sweep", self._sweep, pause=1.0))
        self.workers.start(self._loop("dispatch", self._dispatch, pause=IDLE_SECONDS))
        self.workers.start(self._loop("announce", self.announce, pause=1.0))
        self.workers.start(self._loop("days", self._count_days, pause=DAYS_SECONDS))
        self.workers.start(self._loop("tidy", self._tidy, pause=TIDY_SECONDS))
        self.workers.start(self._loop("audit", self._audit, pause=AUDIT_AGAIN_SECONDS))
        await self._follow_providers()

    async def _follow_providers(self) -> None:
        wanted = {provider.profile.name for provider in self.upstreams}
        for name in wanted:
            self.workers.start(self._loop(f"poll:{name}", partial(self._poll, name), pause=IDLE_SECONDS))
            self.workers.start(self._loop(f"catch-up:{name}", partial(self._catch_up, name), pause=IDLE_SECONDS))
            self.workers.start(self._loop(f"evidence:{name}", partial(self._investigate, name), pause=IDLE_SECONDS))
            self.workers.start(self._loop(f"sync:{name}", partial(self._sync, name), pause=IDLE_SECONDS))
        for loop in self.workers.names():
            kind, _, name = loop.partition(":")
            if kind in ("poll", "catch-up", "evidence", "sync") and name not in wanted:
                await self.workers.stop(loop)

    async def _dispatch(self) -> float | None:
        return 0 if await self.dispatcher.run_once() else None

    async def announce(self) -> None:
        """Tell what changed on the shelf since it was told last."""
        await self._announcer.run_once(self.prices.shelf, self.prices.edition)

    async def _glance(self, attempt: Attempt) -> None:
        """What the balance is, at once after an add that had no answer."""
        begun = clock.now()
        funds = await self.syncer.glance_at_balance(attempt.provider)
        if funds is not None:
            await self.investigator.glance(attempt, funds.balance, begun)

    async def _sweep(self) -> None:
        await self.dispatcher.sweep()
        moved = await explained.carry_out(self.upstreams, settle_ms=round(self.settings.pace.settle_seconds * 1000))
        if moved:
            await self.tracker.refresh(moved)
            self.wake()

    async def _count_days(self) -> None:
        """Days that are over, before an owner asks for them."""
        await self._business.days(SHOWN_DAYS)

    async def _tidy(self) -> None:
        bound = engine()
        if isinstance(bound, Sqlite):
            await bound.plan_anew()
        await tidy()
        await self.refiller.drop_gone()

    async def _audit(self) -> float:
        await take_turn(at_start=not self._audited)
        self._audited = True
        return next_turn()

    async def _poll(self, provider: str) -> float | None:
        await self.refiller.run_once(provider)
        return 0 if await self.poller.run_once(provider) else min(self.settings.pace.poll_seconds, IDLE_SECONDS)

    async def _catch_up(self, provider: str) -> float | None:
        """While one round is worked into the database, the next one asks."""
        return 0 if self.poller.is_behind(provider) and await self.poller.run_once(provider) else None

    async def _investigate(self, provider: str) -> float | None:
        """While nothing is unsure, a look at the database; as often as evidence can change."""
        await self.investigator.run_once(provider)
        return min(max(self.settings.pace.settle_seconds / 10, 0.2), 5.0)

    async def _sync(self, provider: str) -> float | None:
        """The catalogue at its pace, the balance at the pace of polls while orders may wait for it."""
        report = await self.syncer.sync_if_due(provider)
        if report is not None and report.failed:
            log.warning("sync.failed", provider=provider, error=report.error, held=report.held)
        due = clock.now() + round(max(self.settings.pace.poll_seconds, 0.2) * 1000)
        if await catalog_store.claim(provider, "balance_due_at", until=due):
            await self.syncer.read_balance(provider)
            await self.investigator.note_balance(provider)
            await self._reconcile(provider)
        return min(self.settings.pace.poll_seconds, 1.0)

    async def _reconcile(self, provider: str) -> None:
        settings = self.upstreams.settings(provider)
        if settings is not None:
            await self.reconciler.run_once(settings)

    async def finish_work(self) -> None:
        """Begin nothing more, and let adds in flight and rounds that have begun end beside each other."""
        await self.workers.stop("dispatch")
        await asyncio.gather(
            self.dispatcher.stop(self.settings.pace.add_timeout_seconds + DRAIN_SECONDS), self.workers.stop_all()
        )

    async def stop(self) -> None:
        """Let adds in flight end, then stop everything; the sweeper of the next start finds what is left."""
        await self.finish_work()
        await settled()
        await self.upstreams.aclose()
        await self.cache.aclose()
        await self._limits.aclose()


def _periods(pace: PaceSettings) -> dict[str, float]:  # seconds
    """How often each kind of read is usually wanted of a provider."""
    often = {"status": pace.poll_seconds, "balance": pace.poll_seconds, "services": pace.sync_seconds}
    return {action: max(seconds, 1.0) for action, seconds in often.items()}


async def _audited() -> dict[str, str]:
    """As the last run of any process found it; an audit that is red stops money, not answers."""
    try:
        health = await audit_health.look()
    except Exception as error:  # noqa: BLE001  # it is not what makes us answer or not
        log.warning("audit.unknown", error=type(error).__name__)
        return {"audit": "unknown"}
    if health.word in (None, "ok"):
        return {"audit": health.word} if health.word else {}
    told = {"audit": health.word, "audit_age_seconds": str(health.age_ms // 1000)}
    return told if health.failure is None else {**told, "audit_failure": health.failure}


async def _rename(old: str, new: str) -> None:
    if (await catalog_store.providers()).get(old) is None:
        return

    async def work() -> None:
        await attempt_store.rename_provider(old, new)
        await refill_store.rename_provider(old, new)
        await evidence_store.rename_provider(old, new)
        await account_door_store.rename_provider(old, new)
        await reconciliation_store.rename_provider(old, new)
        await balance_store.rename_provider(old, new)
        await catalog_store.rename_provider(old, new)
        await word_store.rename_words(old, new)
        await signals.raise_signal(signals.CATALOGUE)

    await write(work)
