"""Reads a provider's catalogue and balance, and puts what may be believed on the shelf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import TypeAlias

import structlog
from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import finding_store, learned_store, placeholders, store
from aggregator.catalog.model import Change, ChangeKind, ProviderRow
from aggregator.catalog.syncing import diff
from aggregator.catalog.syncing.diff import Difference
from aggregator.catalog.upstream import balance_store, words
from aggregator.catalog.upstream.balance_store import BalanceLook
from aggregator.catalog.upstream.circuit import note_call
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.storage import clock, signals
from aggregator.storage.transaction import off_loop, write
from pricing.fx import FxTable
from providers.adapter import Adapter
from providers.errors import Code, ProviderError
from providers.probe import type_words
from providers.vocabulary import Funds, Listing

log = structlog.get_logger(__name__)


class SyncReport(Struct, frozen=True, kw_only=True):
    """What one sync came to."""

    provider: str
    services: int = 0
    """Ids of the answer; of rows that share one the last counts."""
    ranged_packages: int = 0
    """Packages among them that take a range of quantities, not sold before the owner says what they are."""
    unsold: dict[str, int] = {}
    """By the reason: services that are listed and cannot be sold as they are."""
    changes: tuple[Change, ...] = ()
    type_words: dict[str, int] = {}
    """Its words for types that nobody knows, and how many services are left out for each."""
    held: str | None = None
    error: str | None = None
    code: Code | None = None
    """What kind of error it is."""
    read_before: bool = False
    """Whether an earlier catalogue stays in force where this one does not count."""
    balance_unread: bool = False

    @property
    def told_type_words(self) -> str:
        """The unknown types, those of most services first; `type_words` in providers.toml says what each is."""
        return ", ".join(f'{count} of "{word}"' for word, count in self.type_words.items())

    @property
    def failed(self) -> bool:
        return self.held is not None or self.error is not None


Judge: TypeAlias = Callable[[str, int], Awaitable[None]]


class Syncer:
    """Syncs one provider at a time; due ones are claimed so that one process does it.

    `judge` = is told each provider whose catalogue was asked for, read or not, and since when it was.
    `taken` = ids of ours that no import may be given.
    """

    def __init__(
        self,
        upstreams: Upstreams,
        fx: Callable[[], FxTable],
        *,
        sync_ms: int,
        breaker_ms: int,
        judge: Judge | None = None,
        taken: Callable[[], Collection[int]] = tuple,
    ) -> None:
        self._upstreams = upstreams
        self._fx = fx
        self._judge = judge
        self._taken = taken
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
            look = await self._look(adapter)
            listings = await adapter.services()
        except ProviderError as error:
            return await self._failed(provider, error)
        return await write(lambda: self._commit(provider, listings, look))

    async def read_balance(self, provider: str) -> bool:
        """Read only the balance; whether it was read."""
        adapter = self._upstreams.adapter(provider)
        if adapter is None:
            return False
        try:
            look = await _look(adapter)
        except ProviderError as error:
            await note_call(provider, error, breaker_ms=self._breaker_ms)
            return False
        await note_call(provider, None, breaker_ms=self._breaker_ms)
        row = await store.provider(provider)
        await write(lambda: self._commit_look(row, look))
        return True

    async def glance_at_balance(self, provider: str) -> Funds | None:
        """Read the balance beside all others who do, whatever that says of the provider's health; None = unreadable.

        An add without an answer is a failure, which a balance that is told must not make up for.
        """
        adapter = self._upstreams.adapter(provider)
        look = await self._look(adapter) if adapter is not None else None
        if look is None:
            await store.set_provider(provider, balance_due_at=0)
            return None
        row = await store.provider(provider)
        await write(lambda: self._commit_look(row, look))
        return look.funds

    async def _look(self, adapter: Adapter) -> BalanceLook | None:
        try:
            return await _look(adapter)
        except ProviderError as error:
            log.warning("balance.unreadable", provider=adapter.profile.name, error=error.text)
            await words.note_error(adapter.profile.name, error)
            return None

    async def _commit(self, provider: str, listings: list[Listing], look: BalanceLook | None) -> SyncReport:
        row = await store.provider(provider)
        funds = look.funds if look else None
        difference = await self._compare(row, listings, funds)
        if look is not None:
            await self._commit_look(row, look)
        await self._put(row, difference)
        return await off_loop(partial(_report, row, listings, difference, balance_unread=look is None))

    def _weighed(self, row: ProviderRow, listings: list[Listing], funds: Funds | None) -> list[Listing]:
        """With those marked whose price is a placeholder by its worth: they left, and did not get dearer."""
        settings, fx = self._upstreams.settings(row.name), self._fx()
        told = (funds.currency if funds else None) or row.currency
        usual = told or (settings.profile.currency if settings else None)
        return [
            replace(one, flaw=placeholders.FLAW)
            if one.flaw is None and one.rate and placeholders.is_placeholder(one.rate, one.currency or usual, fx)
            else one
            for one in listings
        ]

    async def _compare(self, row: ProviderRow, listings: list[Listing], funds: Funds | None) -> Difference:
        old = {listing.service: listing for listing in await store.listings(row.name)}
        known = await learned_store.learned(row.name)
        settings = self._upstreams.settings(row.name)
        compare = partial(
            diff.compare,
            provider=row.name,
            learned={service: one for (_, service), one in known.items()},
            max_rise_percent=settings.max_price_rise_percent if settings else diff.USUAL_MAX_RISE_PERCENT,
            approved=row.approved_at is not None,
            same_currency=funds is None or not _is_other_currency(row, funds),
        )
        return await off_loop(lambda: compare(old, self._weighed(row, listings, funds)))

    async def _put(self, row: ProviderRow, difference: Difference) -> None:
        provider, held = row.name, difference.held
        await store.put_listings(difference.rows)
        await learned_store.put_holds(provider, difference.holds)
        for service, kinds in difference.anew.items():
            await finding_store.forget(provider, service, kinds)
        lapsed = await finding_store.offer_again(provider)
        await store.give_ids(provider, [row.service for row in difference.rows], taken=self._taken())
        await store.set_provider(
            provider,
            synced_at=clock.now(),
            sync_error=held,
            held_catalogue=held,
            catalogue_doubt=difference.doubt,
            approved_at=None,
            failures=0,
            rest_until=0,
            rest_reason=None,
            sync_due_at=clock.now() + self._sync_ms,
        )
        news = held != row.held_catalogue
        told = [Change("", ChangeKind.HELD, row.held_catalogue or "", held or "")] if news else []
        await store.add_changes(provider, [*difference.changes, *told])
        if difference.rows or difference.holds or news or lapsed:
            await signals.raise_signal(signals.CATALOGUE)
            await signals.raise_signal(signals.WORK)

    async def _commit_look(self, row: ProviderRow, look: BalanceLook) -> None:
        funds = look.funds
        changed = _is_other_currency(row, funds)
        settings = self._upstreams.settings(row.name)
        agreed = settings is not None and settings.profile.currency == funds.currency
        doubted = changed and not agreed
        currency = row.currency if doubted else funds.currency or row.currency
        change = funds.currency if doubted else None
        await store.set_provider(
            row.name,
            balance=f"{funds.balance:f}",
            balance_at=look.ended,
            currency=currency,
            currency_change=change,
        )
        await balance_store.note(row.name, look)
        if (currency, change) != (row.currency, row.currency_change):
            await signals.raise_signal(signals.CATALOGUE)
        if row.funds is not None and funds.balance > row.funds:
            await signals.raise_signal(signals.WORK)

    async def _failed(self, provider: str, error: ProviderError) -> SyncReport:
        text = f"{error.code}: {error.text}"[:500]
        await store.set_provider(provider, sync_error=text)
        await note_call(provider, error, breaker_ms=self._breaker_ms)
        read_before = (await store.provider(provider)).synced_at is not None
        return SyncReport(provider=provider, error=text, code=error.code, read_before=read_before)


def _report(row: ProviderRow, listings: list[Listing], difference: Difference, *, balance_unread: bool) -> SyncReport:
    return SyncReport(
        provider=row.name,
        services=len(listings),
        unsold=Counter(one.flaw for one in listings if one.flaw is not None),
        changes=tuple(difference.changes),
        held=difference.held,
        type_words=dict(Counter(type_words(listings)[0]).most_common()),
        ranged_packages=sum(1 for listing in listings if listing.flaw is None and listing.is_ranged_package),
        read_before=row.synced_at is not None,
        balance_unread=balance_unread,
    )


async def _look(adapter: Adapter) -> BalanceLook:
    begun = clock.now()
    return BalanceLook(funds=await adapter.balance(), begun=begun, ended=clock.now())


def _is_other_currency(row: ProviderRow, funds: Funds) -> bool:
    """Whether a balance is in another currency than the one that is in force."""
    return row.currency is not None and funds.currency is not None and funds.currency != row.currency
