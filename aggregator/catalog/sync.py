"""Reads a provider's catalogue and balance, and puts what may be believed on the shelf."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

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
from providers.errors import ProviderError
from providers.vocabulary import Funds, Listing

log = structlog.get_logger(__name__)


class SyncReport(Struct, frozen=True, kw_only=True):
    """What one sync came to."""

    provider: str
    services: int = 0
    ranged_packages: int = 0
    """Packages among them that take a range of quantities, not sold before the owner says what they are."""
    changes: tuple[Change, ...] = ()
    held: str | None = None
    error: str | None = None

    @property
    def failed(self) -> bool:
        return self.held is not None or self.error is not None


Judge: TypeAlias = Callable[[str, int], Awaitable[None]]


class Syncer:
    """Syncs one provider at a time; due ones are claimed so that one process does it.

    `judge` = is told each provider whose catalogue was asked for, read or not, and since when it was.
    """

    def __init__(self, upstreams: Upstreams, *, sync_ms: int, breaker_ms: int, judge: Judge | None = None) -> None:
        self._upstreams = upstreams
        self._judge = judge
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
        began_at = clock.now()
        report = await self._read(provider, adapter)
        if self._judge is not None:
            await self._judge(provider, began_at)
        return report

    async def _read(self, provider: str, adapter: Adapter) -> SyncReport:
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

    async def _funds(self, adapter: Adapter) -> Funds | None:
        try:
            return await adapter.balance()
        except ProviderError as error:
            log.warning("balance.unreadable", provider=adapter.profile.name, error=error.text)
            await words.note_error(adapter.profile.name, error)
            return None

    async def _commit(self, provider: str, listings: list[Listing], funds: Funds | None) -> SyncReport:
        row = await store.provider(provider)
        difference = await self._compare(row, listings, funds)
        if funds is not None:
            await self._commit_funds(row, funds)
        await self._put(row, difference)
        return SyncReport(
            provider=provider,
            services=len(listings),
            changes=tuple(difference.changes),
            held=difference.held,
            ranged_packages=sum(1 for listing in listings if listing.flaw is None and listing.is_ranged_package),
        )

    async def _compare(self, row: ProviderRow, listings: list[Listing], funds: Funds | None) -> Difference:
        old = {listing.service: listing for listing in await store.listings(row.name)}
        known = await learned_store.learned(row.name)
        settings = self._upstreams.settings(row.name)
        compare = partial(
            diff.compare, old, listings, row.name,
            learned={service: one for (_, service), one in known.items()},
            max_rise_percent=settings.max_price_rise_percent if settings else diff.USUAL_MAX_RISE_PERCENT,
            approved=row.approved_at is not None,
            same_currency=funds is None or not _is_other_currency(row, funds),
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
        changed = _is_other_currency(row, funds)
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
        return SyncReport(provider=provider, error=text)

    async def _note_health(self, provider: str, error: ProviderError | None) -> None:
        await words.note_error(provider, error)
        row = await store.provider(provider)
        after = health.after(row, error, now=clock.now(), breaker_ms=self._breaker_ms)
        if after is not None:
            await store.set_health(provider, after)


def _is_other_currency(row: ProviderRow, funds: Funds) -> bool:
    """Whether a balance is in another currency than the one that is in force."""
    return row.currency is not None and funds.currency is not None and funds.currency != row.currency
