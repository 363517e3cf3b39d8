"""What pages may use of the panel: its deeds and places, handed in by `aggregator.app`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct, field

from aggregator.api.authenticator import Authenticator
from aggregator.api.sizes import BodySizes
from aggregator.cache.limits import Limits
from aggregator.catalog.shelf.edits import Edits
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.syncing.sync import Syncer
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.orders.aftersales.cancel import Canceller
from aggregator.orders.aftersales.refill import Refiller
from aggregator.orders.dispatching.routing import Router
from aggregator.orders.intake.place import Placer
from aggregator.orders.reporting.delivery_stats_cache import Performance
from aggregator.orders.reporting.provider_stats import Business
from aggregator.orders.track import Tracker
from aggregator.people.encryption import Encryption
from aggregator.settings import ProviderSettings, Settings
from aggregator.web.page_cache import PageCache


class Parts(Struct, frozen=True, kw_only=True):
    """One panel, as its pages see it."""

    settings: Settings
    prices: Prices
    """`prices.shelf` is what is sold now."""
    keys: Authenticator
    """What a caller may, and how often."""
    placer: Placer
    canceller: Canceller
    refiller: Refiller
    tracker: Tracker
    performance: Performance
    upstreams: Upstreams
    syncer: Syncer
    limits: Limits
    seal: Encryption
    """Of the secrets of one-time codes."""
    shelf_providers: Iterable[ProviderSettings]
    """Whose services stand on the shelf."""
    edits: Edits
    business: Business
    sizes: BodySizes
    """Of what a reseller may send."""
    router: Router
    """Where an order would go."""
    wake: Callable[[], None]
    """There is something to dispatch."""
    ready: Callable[[], bool]
    """Whether the database is there and prices are loaded."""
    kept: PageCache = field(default_factory=PageCache)
