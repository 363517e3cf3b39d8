"""The composition root: builds the parts of one process and joins them."""

from __future__ import annotations

import asyncio
import os

import structlog

from aggregator.api.asgi import Asgi, Readiness, make_asgi
from aggregator.api.authenticator import Authenticator
from aggregator.api.bodies import ServiceBodies
from aggregator.api.ordering import render_for
from aggregator.api.sizes import BodySizes
from aggregator.api.v2 import Api
from aggregator.audit import health as audit_health
from aggregator.cache.limits import Limits
from aggregator.cache.memory import MemoryCache
from aggregator.cache.pace import SharedPace
from aggregator.cache.redis import RedisCache
from aggregator.cache.status import StatusCache
from aggregator.catalog.shelf.edits import Edits
from aggregator.catalog.shelf.handover import Handover
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.syncing.sync import Syncer
from aggregator.catalog.upstream import knowledge
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.jobs import Doers, Jobs, make_loop
from aggregator.metrics import Metrics
from aggregator.orders import store
from aggregator.orders.aftersales.cancel import Canceller
from aggregator.orders.aftersales.refill import Refiller
from aggregator.orders.decided import Decided
from aggregator.orders.dispatching.dispatch import Dispatcher
from aggregator.orders.dispatching.routing import Router
from aggregator.orders.following.poll import Poller
from aggregator.orders.following.reroute import Rerouter
from aggregator.orders.intake.place import Placer
from aggregator.orders.model import Attempt
from aggregator.orders.reconciling import overcharge_store
from aggregator.orders.reconciling.reconcile import Reconciler
from aggregator.orders.reporting.delivery_stats_cache import Performance
from aggregator.orders.reporting.provider_stats import Business
from aggregator.orders.track import Tracker
from aggregator.orders.unsure.investigate import Investigator
from aggregator.people import authentication
from aggregator.people.encryption import Encryption
from aggregator.provider_lifecycle import adopt
from aggregator.settings import PaceSettings, ProviderSettings, Settings
from aggregator.storage import clock, migrations, signals
from aggregator.storage.engine import concurrency
from aggregator.storage.opening import database, failpoints
from aggregator.storage.transaction import drain
from aggregator.web.parts import Parts
from aggregator.web.site import make_pages
from aggregator.workers import Workers

__all__ = ["Panel", "database", "failpoints"]

log = structlog.get_logger(__name__)

LOOK_SECONDS = 0.5
"""How soon a process sees what another one changed."""
OF_ORDERS = ("dispatch", "poll", "evidence", "sync")
"""The loops that a decision, or another catalogue, may give work to."""
DRAIN_SECONDS = 5
"""More than an add may take, at shutdown."""


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
        self._shelf_providers = Handover(self.upstreams)
        self.prices = Prices(currency, settings.services, settings.markup)
        self.tracker = Tracker(self.cache, render_for(currency))
        self._decided = Decided(self.cache, self.tracker)
        self.keys = Authenticator(limits, settings.limits, settings.panel.spelling)
        self.syncer = Syncer(
            self.upstreams,
            lambda: self.prices.markup.fx,
            sync_ms=pace.sync_ms,
            breaker_ms=pace.breaker_ms,
            judge=overcharge_store.judge,
            taken=lambda: self.prices.services.taken,
        )
        self.router = router = Router(self.upstreams, lambda: self.prices.shelf, lambda: self.prices.markup.fx, pace)
        self.dispatcher = Dispatcher(self.upstreams, router, self.tracker, pace, self.wake, self._glance)
        rerouter = Rerouter(router, self.wake, enabled=settings.panel.reroute_cancelled, give_up_ms=pace.give_up_ms)
        self.poller = Poller(self.upstreams, self.cache, self.tracker, rerouter, pace)
        self.investigator = Investigator(self.upstreams, self.tracker, pace, self.wake)
        self.reconciler = Reconciler(pace)
        self.refiller = Refiller(self.upstreams, pace, lambda: self.prices.shelf)
        self.placer = Placer(
            lambda: self.prices.shelf,
            self.wake,
            concurrency=concurrency(settings.database_url),
            open_posts=settings.limits.open_subscription_posts,
        )
        self.canceller = Canceller(lambda: self.prices.shelf, self.tracker, self.wake)
        self._sizes = BodySizes(lambda: self.prices.shelf, settings.limits.body_kib)
        self.api = Api(
            self.keys,
            self.placer,
            self.tracker,
            self.canceller,
            self.refiller,
            ServiceBodies(lambda: self.prices.shelf),
            self._sizes,
            currency=currency,
            counted=self.metrics.count_request,
            ready=lambda: self._prepared,
        )
        self.performance = Performance()
        self._seal = Encryption(settings.secrets, settings.directory)
        self._business = Business()
        self.jobs = Jobs(
            self.workers,
            Doers(
                upstreams=self.upstreams,
                prices=self.prices,
                syncer=self.syncer,
                dispatcher=self.dispatcher,
                poller=self.poller,
                investigator=self.investigator,
                reconciler=self.reconciler,
                refiller=self.refiller,
                tracker=self.tracker,
                business=self._business,
            ),
            pace,
            self.wake,
        )
        self._seen: dict[str, int] = {}
        self._prepared = False

    def wake(self, *asked: str) -> None:
        """There is something to dispatch, or, where providers are named, to ask these."""
        self.workers.wake(*(f"poll:{name}" for name in asked) if asked else ("dispatch",))

    async def prepare(self) -> None:
        """Take over renamed providers, the files' prices and the shelf; seal what lies open."""
        await adopt(self.settings.providers)
        self._seen = await signals.read()
        await self.upstreams.learn(await knowledge.load())
        await self.prices.reload(self._shelf_providers)
        await self.refiller.drop_gone()
        await authentication.encrypt_codes(self._seal)
        self._prepared = True

    async def take_providers(self, providers: tuple[ProviderSettings, ...]) -> None:
        """A new providers.toml while running; raises `ProviderInUse` with the old one kept."""
        await adopt(providers)
        before = list(self.upstreams)
        await self.upstreams.replace(providers)
        self._shelf_providers.begin(before)
        await self.prices.reload(self._shelf_providers)
        await self.refiller.drop_gone()
        await store.make_due_now()
        if "dispatch" in self.workers.names():
            await self.jobs.follow_providers()
        self.workers.wake(*OF_ORDERS)

    async def look(self) -> None:
        """See what other processes changed since the last look."""
        await clock.follow()
        told = await signals.read()
        changed = {name for name, value in told.items() if self._seen.get(name) != value}
        self._seen = told
        if await self._shelf_providers.ended() or signals.CATALOGUE in changed:
            await self.prices.reload(self._shelf_providers)
        if signals.WORDS in changed:
            await self.upstreams.learn(await knowledge.load())
        if signals.KEYS in changed:
            self.keys.forget()
        if signals.REPLIES in changed:
            await self._decided.take_in()
        if changed & {signals.WORK, signals.CATALOGUE} and "dispatch" in self.workers.names():
            await store.make_due_now()
            self.workers.wake(*OF_ORDERS)

    def asgi(self, *, with_api: bool) -> Asgi:
        """The web application of this process: API and pages, or what monitoring asks for alone."""
        pages = make_pages(self._parts()) if with_api else None
        api = self.api if with_api else None
        proxies = self.settings.panel.trusted_proxies
        return make_asgi(api, readiness=self.readiness, metrics=self.metrics.text, pages=pages, trusted_proxies=proxies)

    def _parts(self) -> Parts:
        return Parts(
            settings=self.settings,
            prices=self.prices,
            keys=self.keys,
            placer=self.placer,
            canceller=self.canceller,
            refiller=self.refiller,
            tracker=self.tracker,
            performance=self.performance,
            upstreams=self.upstreams,
            syncer=self.syncer,
            limits=self._limits,
            seal=self._seal,
            wake=self.wake,
            ready=lambda: self._prepared,
            business=self._business,
            shelf_providers=self._shelf_providers,
            edits=self.edits(),
            sizes=self._sizes,
            router=self.router,
        )

    def edits(self) -> Edits:
        """Saves edits of the configuration from elsewhere than an editor."""
        return Edits(self.settings, os.environ, self.prices, self.upstreams, self._shelf_providers, self.take_providers)

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

    def start_looking(self) -> None:
        self.workers.start(make_loop("look", self.look, pause=LOOK_SECONDS))

    async def _glance(self, attempt: Attempt) -> None:
        """What the balance is, at once after an add that had no answer."""
        begun = clock.now()
        funds = await self.syncer.glance_at_balance(attempt.provider)
        if funds is not None:
            await self.investigator.glance(attempt, funds.balance, begun)

    async def finish_work(self) -> None:
        """Begin nothing more, and let adds in flight and rounds that have begun end beside each other."""
        await self.workers.stop("dispatch")
        await asyncio.gather(
            self.dispatcher.stop(self.settings.pace.add_timeout_seconds + DRAIN_SECONDS), self.workers.stop_all()
        )

    async def stop(self) -> None:
        """Let adds in flight end, then stop everything; the sweeper of the next start finds what is left."""
        await self.finish_work()
        await drain()
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
