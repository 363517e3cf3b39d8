"""Puts together what a routing decision needs: offers, health, funds, unsure adds, links; the ranking is pricing's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.shelf.offers import NotForSale, currency_of
from aggregator.catalog.shelf.shelf import Shelf, ShelfService
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.orders import attempt_store
from aggregator.orders.attempt_store import NewAttempt
from aggregator.orders.dispatching import failover
from aggregator.orders.dispatching.failover import Blocks
from aggregator.orders.dispatching.text_sizes import refusing_size
from aggregator.orders.intake.links import is_address
from aggregator.orders.model import Attempt, Order
from aggregator.orders.upstream_ids.account_doors import account_door
from aggregator.settings import PaceSettings, ProviderSettings
from aggregator.storage import clock
from pricing.fx import FxTable, NoRate
from pricing.money import Money
from pricing.offer import Offer
from pricing.route import Candidate, Route, rank
from providers.adapter import Adapter
from providers.vocabulary import ServiceType

UNSURE_LOOKBACK_MS = 120_000
"""How long a fresh unsure add keeps its provider from taking too many more."""
GRACE_MS = 2_000
"""Between the transport's own deadline and the moment the sweeper calls an attempt unsure."""


class Market(Struct, frozen=True):
    """What is known of the providers at the moment of a decision."""

    rows: Mapping[str, ProviderRow]
    unsure: Mapping[str, int]
    now: int

    def doubts(self, provider: str) -> bool:
        """Whether what the provider calls off must not be bought elsewhere, for it may deliver it after all."""
        row = self.rows.get(provider)
        return row is not None and row.call_offs_doubted_at is not None


class Router:
    """Finds the ways that an order can go."""

    def __init__(
        self, upstreams: Upstreams, shelf: Callable[[], Shelf], fx: Callable[[], FxTable], pace: PaceSettings
    ) -> None:
        self._upstreams = upstreams
        self._shelf = shelf
        self._fx = fx
        self._pace = pace

    async def look(self) -> Market:
        """The market as it is now, for several decisions in a row."""
        now = clock.now()
        unsure = await attempt_store.unsure_since(now - UNSURE_LOOKBACK_MS)
        return Market(await catalog_store.providers(), unsure, now)

    async def routes(self, order: Order, attempts: Sequence[Attempt], market: Market) -> list[Route]:
        """Every offer for the order's service, the usable ones first; empty where it is not sold now."""
        shelf = self._shelf()
        service = shelf.get(order.service)
        if service is None:
            return []
        blocked = failover.blocks(attempts)
        least, most = order.parts
        return rank(
            [await self._candidate(order, service, offer, blocked, market) for offer in service.offers],
            quantity=order.quantity,
            charge=Money(order.charge, shelf.book.currency),
            min_margin_percent=shelf.book.min_margin_percent,
            order_type=order.type,
            least=least,
            most=most,
            drip_feed=order.drip_feed,
            only_old_posts=order.only_old_posts,
        )

    def unsold(self, order: Order) -> str:
        """Why the order's service is not sold now."""
        return self._shelf().unsold.get(order.service, "no offer")

    async def _candidate(
        self, order: Order, service: ShelfService, offer: Offer, blocked: Blocks, market: Market
    ) -> Candidate:
        row = market.rows.get(offer.provider) or ProviderRow(name=offer.provider)
        settings = self._upstreams.settings(offer.provider)
        policy = settings.same_link_policy if settings else "allow"
        link_runs = policy != "allow" and await attempt_store.link_runs(order, offer.provider, offer.service)
        return Candidate(
            offer=offer,
            enabled=settings is not None and settings.enabled,
            healthy=max(row.rest_until, service.rest_of(offer)) <= market.now,
            funds=self._funds(row, settings),
            held=service.hold_of(offer),
            spent=blocked.is_spent(offer.provider, offer.service) or (link_runs and policy == "refuse"),
            busy=market.unsure.get(offer.provider, 0) >= self._pace.unsure_in_flight,
            postponed=blocked.postponed_until.get(offer.provider, 0) > market.now,
            takes_link=settings is None or _takes_link(settings, order),
            link_runs=link_runs,
            last=row.put_last,
            too_large=refusing_size(order, offer.service, settings.profile, row) if settings else None,
        )

    def _funds(self, row: ProviderRow, settings: ProviderSettings | None) -> Money | None:
        if settings is None or row.funds is None:
            return None
        try:
            spendable = row.funds - (settings.min_balance or Decimal(0))
            return self._fx().worth(spendable, currency_of(settings, row), margin_percent=settings.fx_margin_percent)
        except (NotForSale, NoRate, ValueError):
            return None

    def new_attempt(self, order: Order, route: Route, adapter: Adapter, market: Market) -> NewAttempt:
        """What is written down before the request leaves; the deadline begins now."""
        provider = route.offer.provider
        settings = self._upstreams.settings(provider)
        assert settings is not None
        currency = currency_of(settings, market.rows.get(provider))
        one = self._fx().one(currency, margin_percent=settings.fx_margin_percent)
        theirs = (route.cost.amount / one).quantize(Decimal("1e-8"))  # decimals, rounded on the spot
        return NewAttempt(
            order=order.id,
            provider=provider,
            service=route.offer.service,
            cost=route.cost.units,
            cost_theirs=f"{theirs:f}",
            currency=currency,
            fx=f"{one:f}",
            package_units=route.offer.package_units,
            deadline_at=clock.now() + adapter.profile.add_timeout_ms + GRACE_MS,
            door=account_door(adapter.profile),
        )


def _takes_link(settings: ProviderSettings, order: Order) -> bool:
    return settings.links == "any" or order.type == ServiceType.SUBSCRIPTIONS or is_address(order.link)
