"""Reads a provider's catalogue and balance, and puts what may be believed on the shelf."""

from __future__ import annotations

from collections import Counter
from functools import partial

import structlog
from msgspec import Struct

from aggregator.catalog import diff, health, learned_store, store, words
from aggregator.catalog.diff import Difference
from aggregator.catalog.feed import Change, Kind
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.upstreams import Upstreams
from aggregator.storage import clock, signals
from aggregator.storage.transaction import apart, write
from providers.adapter import Adapter
from providers.errors import Code, ProviderError
from providers.vocabulary import Funds, Listing

log = structlog.get_logger(__name__)


class SyncReport(Struct, frozen=True, kw_only=True):
    """What one sync came to."""

    provider: str
    services: int = 0
    """Ids of the answer; of rows that share one the last counts."""
    unsold: dict[str, int] = {}
    """By the reason: services that are listed and cannot be sold as they are."""
    changes: tuple[Change, ...] = ()
    held: str | None = None
    error: str | None = None
    code: Code | None = None
    """What kind of error it is."""
    read_before: bool = False
    """Whether an earlier catalogue stays in force where this one does not count."""
    balance_unread: bool = False

    @property
    def failed(self) -> bool:
        return self.held is not None or self.error is not None


class Syncer:
    """Syncs one provider at a time; due ones are claimed so that one process does it."""

    def __init__(self, upstreams: Upstreams, *, sync_ms: int, breaker_ms: int) -> None:
        self._upstreams = upstreams
        self._sync_ms = sync_ms
        self._breaker_ms = breaker_ms

    async def sync_if_due(self, provider: str) -> SyncReport | None:
        """None where it is not due, or another process does it."""
        due = await store.claim(provider, "sync_due_at", until=clock.now() + self._sync_ms)
        return await self.sync(provider) if due else None

    async def sync(self, provider: str) -> SyncReport:
        """Read the catalogue and the balance now."""
        adapter = self._upstreams.adapter(provider)
        if adapter is None:
            return SyncReport(provider=provider, error="it is not in providers.toml")
        await store.ensure_providers([provider])
        try:
            funds = await self._funds(adapter)
            listings = await adapter.services()
        except ProviderError as error:
            return await self._failed(provider, error)
        return await write(lambda: self._commit(provider, listings, funds))

    async def read_balance(self, provider: str) -> bool:
        """Read only the balance; whether it was read."""
        adapter = self._upstreams.adapter(provider)
        if adapter is None:
            return False
        try:
            funds = await adapter.balance()
        except ProviderError as error:
            await self._note_health(provider, error)
            return False
        await self._note_health(provider, None)
        row = await store.provider(provider)
        await write(lambda: self._commit_funds(row, funds))
        return True

    async def glance_at_balance(self, provider: str) -> Funds | None:
        """Read the balance beside all others who do, whatever that says of the provider's health; None = unreadable.

        An add without an answer is a failure, which a balance that is told must not make up for.
        """
        adapter = self._upstreams.adapter(provider)
        funds = await self._funds(adapter) if adapter is not None else None
        if funds is None:
            await store.set_provider(provider, balance_due_at=0)
            return None
        row = await store.provider(provider)
        await write(lambda: self._commit_funds(row, funds))
        return funds

    async def _funds(self, adapter: Adapter) -> Funds | None:
        try:
            return await adapter.balance()
        except ProviderError as error:
            log.warning("balance.unreadable", provider=adapter.profile.name, error=error.text)
            await words.note_error(adapter.profile.name, error)
            return None

    async def _commit(self, provider: str, listings: list[Listing], funds: Funds | None) -> SyncReport:
        row = await store.provider(provider)
        difference = await self._compare(row, listings)
        if funds is not None:
            await self._commit_funds(row, funds)
        await self._put(row, difference)
        return SyncReport(
            provider=provider, services=len(listings),
            unsold=Counter(one.flaw for one in listings if one.flaw is not None), changes=tuple(difference.changes),
            held=difference.held, read_before=row.synced_at is not None, balance_unread=funds is None,
        )  # fmt: skip

    async def _compare(self, row: ProviderRow, listings: list[Listing]) -> Difference:
        old = {listing.service: listing for listing in await store.listings(row.name)}
        known = await learned_store.learned(row.name)
        settings = self._upstreams.settings(row.name)
        compare = partial(
            diff.compare, old, listings, row.name,
            learned={service: one for (_, service), one in known.items()},
            max_rise_percent=settings.max_price_rise_percent if settings else diff.USUAL_MAX_RISE_PERCENT,
            approved=row.approved_at is not None,
        )  # fmt: skip
        return await apart(compare)

    async def _put(self, row: ProviderRow, difference: Difference) -> None:
        provider, held = row.name, difference.held
        await store.put_listings(difference.rows)
        await learned_store.put_holds(provider, difference.holds)
        await store.give_ids(provider, [row.service for row in difference.rows])
        await store.set_provider(
            provider, synced_at=clock.now(), sync_error=held, held_catalogue=held, approved_at=None,
            failures=0, rest_until=0, rest_reason=None, sync_due_at=clock.now() + self._sync_ms,
        )  # fmt: skip
        news = held != row.held_catalogue
        told = [Change("", Kind.HELD, row.held_catalogue or "", held or "")] if news else []
        await store.add_changes(provider, [*difference.changes, *told])
        if difference.rows or difference.holds or news:
            await signals.raise_signal(signals.CATALOGUE)
            await signals.raise_signal(signals.WORK)

    async def _commit_funds(self, row: ProviderRow, funds: Funds) -> None:
        changed = row.currency is not None and funds.currency is not None and funds.currency != row.currency
        settings = self._upstreams.settings(row.name)
        agreed = settings is not None and settings.profile.currency == funds.currency
        values = {"balance": f"{funds.balance:f}", "balance_at": clock.now()}
        if not changed or agreed:
            currency = {"currency": funds.currency or row.currency, "currency_change": None}
        else:
            currency = {"currency": row.currency, "currency_change": funds.currency}
        await store.set_provider(row.name, **values, **currency)
        if (currency["currency"], currency["currency_change"]) != (row.currency, row.currency_change):
            await signals.raise_signal(signals.CATALOGUE)
        if row.funds is not None and funds.balance > row.funds:
            await signals.raise_signal(signals.WORK)

    async def _failed(self, provider: str, error: ProviderError) -> SyncReport:
        text = f"{error.code}: {error.text}"[:500]
        await store.set_provider(provider, sync_error=text)
        await self._note_health(provider, error)
        read_before = (await store.provider(provider)).synced_at is not None
        return SyncReport(provider=provider, error=text, code=error.code, read_before=read_before)

    async def _note_health(self, provider: str, error: ProviderError | None) -> None:
        await words.note_error(provider, error)
        row = await store.provider(provider)
        after = health.after(row, error, now=clock.now(), breaker_ms=self._breaker_ms)
        if after is not None:
            await store.set_health(provider, after)
