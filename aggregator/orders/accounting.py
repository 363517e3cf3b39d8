"""Reads our account at a provider, keeps its baseline while nothing is in doubt, and weighs what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ListingRow, ProviderRow
from aggregator.orders import evidence, evidence_store
from aggregator.orders.attempt_store import Followed, with_orders
from aggregator.orders.evidence import Account, Candidate, Doubtful, Reading, Standing, Sum, Verdict, Void
from aggregator.orders.evidence_store import Books, Seen
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.settings import ProviderSettings
from aggregator.storage import clock
from providers.adapter import Adapter
from providers.errors import ProviderError
from providers.vocabulary import Capability, Funds, Progress, ServiceType

MOST_READ = 2_000
"""With more orders that can still change, a look at them all costs too many calls."""
MOST_READ_SINGLY = 20
PRICE_NOISE = Decimal("0.0001")
"""How far a price may be off, of itself, and still be the one at which an order was sent."""


class Weighed(Struct, frozen=True):
    """What one look at an account came to: what to keep, and a verdict where two readings agreed."""

    account: Account
    verdict: Verdict | None = None
    total: Sum | None = None


def note_balance(account: Account, row: ProviderRow, *, dark_ms: int) -> Account:
    """Take in what was read of the balance since the last look, by whomever."""
    if row.funds is None or row.balance_at is None or row.balance_at <= account.seen_at:
        return account
    return evidence.look(account, row.funds, row.balance_at, dark_ms=dark_ms)


def wants_baseline(account: Account, row: ProviderRow, *, now: int, rest_ms: int) -> bool:
    """Whether the baseline is missing, or the account has moved since and it is old enough to be taken again."""
    if row.funds is None:
        return False
    if account.clean is None or account.last is not None:
        return True
    return row.funds != account.clean.balance and now - account.clean.at >= rest_ms


class Accountant:
    """Looks at one account after the other; what it is asked to look at nobody else looks at meanwhile."""

    def __init__(self, dark_ms: int) -> None:
        self._dark_ms = dark_ms

    async def renew(self, adapter: Adapter, settings: ProviderSettings, account: Account) -> Account:
        """Take a new baseline where nothing is placing or unsure and two readings agree."""
        books = await evidence_store.books(settings.profile.name, since=clock.now(), most=_most(adapter))
        if books is None or books.placing or books.nameless or not all(_was_polled(one) for one in books.known):
            return account
        read = await self._read(adapter, settings, since=clock.now())
        if read is None or read[1].nameless:
            return account
        reading = read[0]
        account = self._seen(account, reading)
        if account.last is None or not evidence.agree(account.last, reading):
            return replace(account, last=reading)
        return replace(account, clean=reading, last=None, risen=Decimal(0), dark=())

    async def weigh(
        self, adapter: Adapter, settings: ProviderSettings, account: Account, *, settled_at: int, taken: frozenset[int]
    ) -> Weighed:
        """Read the account; where it stands as it did at the last reading, after `settled_at`, say what follows."""
        clean, last = account.clean, account.last
        if clean is None:
            return Weighed(account)
        read = await self._read(adapter, settings, since=clean.at)
        if read is None:
            return Weighed(account)
        reading, books = read
        account = replace(self._seen(account, reading), last=reading)
        fault = _older_than(clean, books)
        if fault is not None:
            return Weighed(replace(account, clean=None, last=None), Void(fault))
        if last is None or last.at < settled_at or not evidence.agree(last, reading):
            return Weighed(account)
        return await self._conclude(settings, account, reading, books, taken)

    async def _conclude(
        self, settings: ProviderSettings, account: Account, reading: Reading, books: Books, taken: frozenset[int]
    ) -> Weighed:
        bases = {one.attempt.upstream_order or "": one.attempt.base_charge for one in books.known}
        total = evidence.add_up(account, reading, bases)
        if isinstance(total, Doubtful):
            return Weighed(account, total)
        assert account.clean is not None
        dark = evidence.unseen(account, _sent(books, bases, since=account.clean.at))
        candidates = await self._candidates(settings, books.nameless, taken)
        verdict = evidence.weigh(account, total, candidates, dark=dark)
        if isinstance(verdict, Void):
            account = replace(account, clean=None, last=None)
        return Weighed(account, verdict, total)

    async def _candidates(
        self, settings: ProviderSettings, attempts: Sequence[Attempt], taken: frozenset[int]
    ) -> list[Candidate]:
        name = settings.profile.name
        row = await catalog_store.provider(name)
        attempts = await _possible(attempts)
        listings = {one.service: one for one in await catalog_store.listings(name)}
        quantities = {one.attempt.id: one.order.quantity for one in await with_orders(attempts)}
        if attempts and row.sync_error is None and not _synced_since(row, attempts):
            await catalog_store.set_provider(name, sync_due_at=0)
        return [
            Candidate(
                attempt=attempt.id, cost=Decimal(attempt.cost_theirs), taken=attempt.id in taken,
                sure_price=_synced_since(row, [attempt])
                and _price_stands(attempt, quantities[attempt.id], listings.get(attempt.service)),
            )
            for attempt in attempts
        ]  # fmt: skip

    async def _read(self, adapter: Adapter, settings: ProviderSettings, *, since: int) -> tuple[Reading, Books] | None:
        """The whole account at one moment; None where it moved meanwhile, or something cannot be read."""
        name, at = settings.profile.name, clock.now()
        most = _most(adapter)
        before = await evidence_store.books(name, since=since, most=most)
        if before is None or before.placing:
            return None
        ids = [one.attempt.upstream_order or "" for one in before.known]
        try:
            first = await adapter.balance()
            told = await adapter.statuses(ids) if ids else {}
            second = await adapter.balance()
        except ProviderError:
            return None
        after = await evidence_store.books(name, since=since, most=most)
        progress = {order: one for order, one in told.items() if isinstance(one, Progress)}
        if after is None or first != second or _shape(after) != _shape(before) or progress.keys() != set(ids):
            return None
        if not _same_currency(after, first):
            return None
        return Reading(first.balance, _standings(after.known, progress, settings), at), after

    def _seen(self, account: Account, reading: Reading) -> Account:
        looked = evidence.look(account, reading.balance, clock.now(), dark_ms=self._dark_ms)
        return replace(looked, charge_digits=max(account.charge_digits, evidence.digits_of(reading)))


def _sent(books: Books, bases: Mapping[str, Decimal], *, since: int) -> list[tuple[int, int, Decimal]]:
    """From when to when each order sent since may have been charged (milliseconds since 1970), and how much."""
    known = [(one.attempt, bases[one.attempt.upstream_order or ""]) for one in books.known]
    lost = [(attempt, Decimal(attempt.cost_theirs)) for attempt in books.nameless]
    return [(one.created_at, one.deadline_at, cost) for one, cost in [*known, *lost] if one.created_at >= since]


def _most(adapter: Adapter) -> int:
    return MOST_READ if Capability.MULTI_STATUS in adapter.capabilities else MOST_READ_SINGLY


def _was_polled(one: Followed) -> bool:
    """An order is first looked at by the poller, whose business it is; where no charge is stated there is no law."""
    return one.attempt.last_charge is not None or one.attempt.outcome is not Outcome.ACCEPTED


async def _possible(attempts: Sequence[Attempt]) -> list[Attempt]:
    """Those that may have been taken: not what evidence has called absent."""
    looks = await evidence_store.observed([attempt.id for attempt in attempts])
    return [
        attempt for attempt in attempts
        if attempt.outcome is not Outcome.ABSENT
        or not looks[attempt.id]
        or looks[attempt.id][-1].verdict is not Seen.ABSENT
    ]  # fmt: skip


def _standings(
    known: Sequence[Followed], progress: Mapping[str, Progress], settings: ProviderSettings
) -> dict[str, Standing]:
    by_remains = settings.profile.dialect.cancel_means == "by_remains"
    return {
        upstream: evidence.stand(one.order, one.attempt, progress[upstream], by_remains=by_remains)
        for one in known
        if (upstream := one.attempt.upstream_order) is not None
    }


def _shape(books: Books) -> tuple[bool, set[int], set[int]]:
    """What must not change while an account is read."""
    return books.placing, {one.attempt.id for one in books.known}, {attempt.id for attempt in books.nameless}


def _same_currency(books: Books, funds: Funds) -> bool:
    """Costs are worked out in the currency that an attempt was sent in."""
    attempts = [*(one.attempt for one in books.known), *books.nameless]
    currencies = {attempt.currency for attempt in attempts} | ({funds.currency} if funds.currency else set())
    return len(currencies) <= 1


def _older_than(clean: Reading, books: Books) -> str | None:
    """Why a baseline does not fit our books: it did not know an order, or an unsure one, that was there already."""
    unknown = [one.attempt for one in books.known if one.attempt.upstream_order not in clean.orders]
    if any(attempt.created_at < clean.at for attempt in unknown):
        return "an order from before the baseline came to light"
    if any(attempt.created_at < clean.at and attempt.outcome is Outcome.UNSURE for attempt in books.nameless):
        return "the baseline is younger than an unsure add"
    return None


def _synced_since(row: ProviderRow, attempts: Sequence[Attempt]) -> bool:
    return row.synced_at is not None and all(row.synced_at >= attempt.created_at for attempt in attempts)


def _price_stands(attempt: Attempt, quantity: int, listing: ListingRow | None) -> bool:
    """Whether the provider still asks what we expected to pay."""
    if listing is None or listing.rate is None or listing.currency not in (None, attempt.currency):
        return False
    units = quantity if ServiceType(listing.type).is_package else Decimal(quantity).scaleb(-3)
    expected = Decimal(attempt.cost_theirs)
    return abs(Decimal(listing.rate) * units - expected) <= expected * PRICE_NOISE + evidence.GRAIN
