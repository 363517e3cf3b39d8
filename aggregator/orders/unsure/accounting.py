"""Reads our account at a provider, keeps its baseline while nothing is in doubt, and weighs what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.orders.attempt_store import with_orders
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.orders.unsure import evidence, evidence_store
from aggregator.orders.unsure.books import Books, price_stands, synced_since
from aggregator.orders.unsure.evidence import (
    Account,
    AccountReading,
    BalanceVerdict,
    Doubtful,
    Sum,
    TakenAdds,
    UnsureAdd,
    Void,
)
from aggregator.orders.unsure.evidence_store import Seen
from aggregator.orders.upstream_ids import account_door_store
from aggregator.orders.upstream_ids.account_doors import Doors
from aggregator.settings import ProviderSettings
from aggregator.storage import clock
from providers.adapter import Adapter
from providers.errors import ProviderError
from providers.vocabulary import Capability, Progress

MOST_READ = 2_000
"""With more orders that can still change, a look at them all costs too many calls."""
MOST_READ_SINGLY = 20


class Weighed(Struct, frozen=True):
    """What one look at an account came to: what to keep, and a verdict where two readings agreed."""

    account: Account
    verdict: BalanceVerdict | None = None
    total: Sum | None = None
    unproven: Mapping[int, str] = {}
    """Adds that were not taken as far as the sum tells, and why it may be wrong."""


def note_balance(account: Account, row: ProviderRow, *, unobserved_ms: int) -> Account:
    """Take in what was read of the balance since the last look, by whomever."""
    if row.funds is None or row.balance_at is None or row.balance_at <= account.seen_at:
        return account
    return evidence.look(account, row.funds, row.balance_at, unobserved_ms=unobserved_ms)


def since_restart(account: Account, row: ProviderRow) -> Account:
    """A baseline from before ids were given a second time is of other orders: it is worth nothing."""
    baseline, restarted = account.baseline, row.ids_restarted_at
    if baseline is None or restarted is None or baseline.at > restarted:
        return account
    return replace(account, baseline=None, last=None)


def at_door(account: Account, doors: Doors) -> Account:
    """What is kept of the account of today: nothing, where what we have is of another one."""
    if not account.door:
        return replace(account, door=doors.here)  # of before doors were kept
    return account if doors.lead_to(account.door) else Account(door=doors.here)


def wants_baseline(account: Account, row: ProviderRow, *, now: int, rest_ms: int) -> bool:
    """Whether the baseline is missing, or the account has moved since and it is old enough to be taken again."""
    if row.funds is None:
        return False
    if account.baseline is None or account.last is not None:
        return True
    return row.funds != account.baseline.balance and now - account.baseline.at >= rest_ms


class Accountant:
    """Looks at one account after the other; what it is asked to look at nobody else looks at meanwhile."""

    def __init__(self, unobserved_ms: int) -> None:
        self._unobserved_ms = unobserved_ms

    async def renew(self, adapter: Adapter, settings: ProviderSettings, account: Account) -> Account:
        """Take a new baseline where nothing is placing or unsure and two readings agree."""
        books = await evidence_store.books(settings.profile.name, since=clock.now(), most=_most(adapter))
        if books is None or not books.quiet:
            return account
        read = await self._read(adapter, settings, since=clock.now())
        if read is None or read[1].nameless:
            return account
        reading = read[0]
        account = self._seen(account, reading)
        if account.last is None or not evidence.agree(account.last, reading):
            return replace(account, last=reading)
        return replace(account, baseline=reading, last=None, risen=Decimal(0), fallen=Decimal(0), unobserved=())

    async def weigh(
        self, adapter: Adapter, settings: ProviderSettings, account: Account, *, settled_at: int, taken: frozenset[int]
    ) -> Weighed:
        """Read the account; where it stands as it did at the last reading, after `settled_at`, say what follows."""
        baseline, last = account.baseline, account.last
        if baseline is None:
            return Weighed(account)
        read = await self._read(adapter, settings, since=baseline.at)
        if read is None:
            return Weighed(account)
        reading, books = read
        account = replace(self._seen(account, reading), last=reading)
        fault = books.contradict(baseline)
        if fault is not None:
            return Weighed(replace(account, baseline=None, last=None), Void(fault))
        if last is None or last.at < settled_at or not evidence.agree(last, reading):
            return Weighed(account)
        return await self._conclude(settings, account, reading, books, taken)

    async def _conclude(
        self, settings: ProviderSettings, account: Account, reading: AccountReading, books: Books, taken: frozenset[int]
    ) -> Weighed:
        if any(attempt.given_order is not None for attempt in books.nameless):
            return Weighed(account, Doubtful("an id there was given twice: a charge may be of either order"))
        total = evidence.add_up(account, reading, books.bases)
        if isinstance(total, Doubtful):
            return Weighed(account, total)
        assert account.baseline is not None
        unobserved = evidence.unseen(account, books.sent_since(account.baseline.at))
        candidates = await self._candidates(settings, books, account.baseline, taken)
        verdict = evidence.weigh(account, total, candidates, unobserved=unobserved)
        if isinstance(verdict, TakenAdds):
            return Weighed(account, verdict, total, evidence.unproven(account, total, candidates, verdict))
        if isinstance(verdict, Void):
            account = replace(account, baseline=None, last=None)
        return Weighed(account, verdict, total)

    async def _candidates(
        self, settings: ProviderSettings, books: Books, baseline: AccountReading, taken: frozenset[int]
    ) -> list[UnsureAdd]:
        name = settings.profile.name
        row = await catalog_store.provider(name)
        attempts = await _possible(books.nameless)
        glances = await evidence_store.glances([attempt.id for attempt in attempts])
        listings = {one.service: one for one in await catalog_store.listings(name)}
        orders = {one.attempt.id: one.order for one in await with_orders(attempts)}
        if attempts and row.sync_error is None and not synced_since(row, attempts):
            await catalog_store.set_provider(name, sync_due_at=0)
        return [
            UnsureAdd(
                attempt=attempt.id,
                cost=Decimal(attempt.cost_theirs),
                taken=attempt.id in taken,
                sure_price=synced_since(row, [attempt])
                and price_stands(
                    attempt,
                    orders[attempt.id].quantity,
                    listings.get(attempt.service),
                    package=orders[attempt.id].rate_per == 1,
                ),
                glance=books.with_bought(glances[attempt.id], baseline) if attempt.id in glances else None,
            )
            for attempt in attempts
        ]

    async def _read(
        self, adapter: Adapter, settings: ProviderSettings, *, since: int
    ) -> tuple[AccountReading, Books] | None:
        """The whole account at one moment; None where it moved meanwhile, or something cannot be read."""
        name, at = settings.profile.name, clock.now()
        most, doors = _most(adapter), await account_door_store.doors_of(settings.profile)
        before = await evidence_store.books(name, since=since, most=most)
        if before is None or before.placing:
            return None
        ids = before.orders
        try:
            first = await adapter.balance()
            told = await adapter.statuses(ids) if ids else {}
            second = await adapter.balance()
        except ProviderError:
            return None
        after = await evidence_store.books(name, since=since, most=most)
        progress = {order: one for order, one in told.items() if isinstance(one, Progress)}
        if after is None or first != second or not after.same_as(before) or progress.keys() != set(ids):
            return None
        if not after.agree_on_currency(first) or not after.are_all_behind(doors):
            return None
        by_remains = settings.profile.dialect.cancel_means == "by_remains"
        return AccountReading(first.balance, after.standings(progress, by_remains=by_remains), at), after

    def _seen(self, account: Account, reading: AccountReading) -> Account:
        looked = evidence.look(account, reading.balance, clock.now(), unobserved_ms=self._unobserved_ms)
        return replace(looked, charge_digits=max(account.charge_digits, evidence.digits_of(reading)))


def _most(adapter: Adapter) -> int:
    return MOST_READ if Capability.MULTI_STATUS in adapter.capabilities else MOST_READ_SINGLY


async def _possible(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Those that may have been taken: not what evidence has called absent."""
    looks = await evidence_store.observed([attempt.id for attempt in attempts])
    return [
        attempt
        for attempt in attempts
        if attempt.outcome is not Outcome.ABSENT
        or not looks[attempt.id]
        or looks[attempt.id][-1].verdict is not Seen.ABSENT
    ]
