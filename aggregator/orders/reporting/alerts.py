"""What is wrong right now, what will happen by itself, and what is safe to do about it at three in the morning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from aggregator.orders.following import overserving_store
from aggregator.orders.model import WaitingRows
from aggregator.orders.reporting import provider_stats_store
from aggregator.orders.reporting.provider_stats import LATE_MS, ProviderStanding
from aggregator.orders.unsure.proofs import proof_of
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS

LONG_QUEUED_MS = HOUR_MS // 2
FEW_HOURS = 24
"""A balance that lasts no longer is told."""
SYNCS_LATE = 4
"""So many times the pace of syncs without one."""
NAMED_ORDERS = 5
LOW_SUCCESS_PERCENT, FEWEST_TRIES = 70, 10


class Tone(StrEnum):
    """How soon somebody should look."""

    BAD = "bad"
    WARN = "warn"


class Place(StrEnum):
    """Where it is looked at."""

    UNSURE = "unsure"
    HELD = "held"
    QUEUED = "queued"
    PROVIDER = "provider"
    HELD_SERVICES = "held services"
    ORDERS = "orders"
    AUDIT = "audit"


class Alarm(Struct, frozen=True, kw_only=True):
    """One thing that is wrong."""

    tone: Tone
    what: str
    since: int | None = None
    by_itself: str
    safe: str
    """What can do no harm."""
    place: Place
    provider: str = ""


class Situation(Struct, frozen=True, kw_only=True):
    """All that alarms are made from, as it is now."""

    queued: WaitingRows
    """Longer than is usual."""
    due: WaitingRows
    """Whose turn has come, and that nobody took."""
    placing: WaitingRows
    held: WaitingRows
    halted: WaitingRows
    """By a broken promise."""
    standings: Sequence[ProviderStanding]
    now: int
    sync_ms: int
    overserved: Mapping[str, WaitingRows] = {}
    """By provider: what goes on there beyond what was bought, and was not called off."""


async def look(standings: Sequence[ProviderStanding], *, sync_ms: int) -> Situation:
    now = clock.now()
    return Situation(
        queued=await provider_stats_store.queued_before(now - LONG_QUEUED_MS),
        due=await provider_stats_store.due_before(now - LATE_MS),
        placing=await provider_stats_store.placing_before(now - LATE_MS),
        held=await provider_stats_store.held(),
        halted=await provider_stats_store.halted(),
        standings=standings,
        now=now,
        sync_ms=sync_ms,
        overserved=await overserving_store.unstopped(),
    )


def alarms(seen: Situation) -> list[Alarm]:
    """The worst first."""
    found = [*_of_the_work(seen), *_of_orders(seen)]
    for standing in seen.standings:
        found += _of_provider(standing, seen)
    return sorted(found, key=lambda alarm: alarm.tone is not Tone.BAD)


def _of_the_work(seen: Situation) -> Iterator[Alarm]:
    """Nothing else makes rows wait that long: no worker runs, or the database is too slow."""
    if seen.due.count or seen.placing.count:
        many = seen.due.count + seen.placing.count
        yield Alarm(
            tone=Tone.BAD,
            what=f"{_orders(many)} should have been sent and nobody took them",
            since=min(moment for moment in (seen.due.since, seen.placing.since) if moment is not None),
            by_itself="They leave in their order as soon as a worker runs. None is sent twice.",
            safe="See whether a serve with the role all or worker runs. Starting one more does no harm on PostgreSQL.",
            place=Place.QUEUED,
        )


def _of_orders(seen: Situation) -> Iterator[Alarm]:
    if seen.halted.count:
        yield Alarm(
            tone=Tone.BAD,
            what=f"{_orders(seen.halted.count)} standing still: a promise about money is broken",
            by_itself="They go on with the first audit that is green. Until then none is sent out or paid back.",
            safe="Looking at the rows that the audit names. What you decide about an order is still carried out.",
            place=Place.AUDIT,
        )
    if seen.held.count:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{_orders(seen.held.count)} held: no rule may decide what was delivered",
            since=seen.held.since,
            by_itself="Nothing: each waits for your word, with its money kept.",
            safe="Look at each at its provider, and settle it with the units that did not come.",
            place=Place.HELD,
        )
    if seen.queued.count:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{_orders(seen.queued.count)} waiting for a provider for more than half an hour",
            since=seen.queued.since,
            by_itself="Each is tried again with growing pauses, then given up and refunded in full.",
            safe="Top up or switch on a provider that can take them. Cancelling one refunds it at once.",
            place=Place.QUEUED,
        )


def _of_provider(one: ProviderStanding, seen: Situation) -> Iterator[Alarm]:
    name, row = one.name, one.row
    if name in seen.overserved:
        waiting = seen.overserved[name]
        yield Alarm(
            tone=Tone.BAD,
            what=f"{name} serves more than was bought, and does not stop: {_orders(waiting.count)}",
            since=waiting.since,
            by_itself="The service is off sale until you approve it. What is served beyond counts as your cost.",
            safe="Ask the provider to stop them; its own pages may have a button for it.",
            place=Place.PROVIDER,
            provider=name,
        )
    if one.unsure.count:
        proof = proof_of(one.provider)
        yield Alarm(
            tone=Tone.WARN,
            what=f"{_orders(one.unsure.count)} unsure at {name}: it may have them or not",
            since=one.unsure.since,
            by_itself=f"{proof.text} None is sent again, and their money stays where it is.",
            safe=f"{'Waiting. Or look' if proof.settles else 'Look'} at the provider's own page: found with its id is"
            " always right.",
            place=Place.UNSURE,
            provider=name,
        )
    if one.clashes.count:
        yield Alarm(
            tone=Tone.BAD,
            what=f"{name} gave {_orders(one.clashes.count)} the id of one that still runs",
            since=one.clashes.since,
            by_itself="Each stays unsure while the other runs. None is sent again, and its money stays where it is.",
            safe="Ask the provider which is which, and whether its ids have begun anew. Pausing it.",
            place=Place.UNSURE,
            provider=name,
        )
    if one.late_polls.count:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{_orders(one.late_polls.count)} at {name} not asked about for too long",
            since=one.late_polls.since,
            by_itself="They are asked about as soon as the provider answers again.",
            safe="Test the connection: it buys nothing.",
            place=Place.PROVIDER,
            provider=name,
        )
    if one.elsewhere.count:
        yield Alarm(
            tone=Tone.BAD,
            what=f"The address or key of {name} changed under {_orders(one.elsewhere.count)}",
            since=one.elsewhere.since,
            by_itself="Nothing: whatever is said of them there now, none is settled, called off or refilled by it.",
            safe="Putting the old address and key back. Or say, at the provider, that it is the same account.",
            place=Place.PROVIDER,
            provider=name,
        )
    if row.rest_until > seen.now:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{name} is left alone: {row.rest_reason or 'it keeps failing'}",
            by_itself=f"It is tried again at {clock.tell(row.rest_until)[11:16]}; meanwhile orders go to the others.",
            safe="Test the connection: it buys nothing.",
            place=Place.PROVIDER,
            provider=name,
        )
    if row.call_offs_doubted_at is not None:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{name} delivers or charges what it had called off",
            since=row.call_offs_doubted_at,
            by_itself="Nothing that it calls off is bought elsewhere any more: it is refunded once its word has stood"
            " for ten times confirm_seconds. Orders go there last.",
            safe="Compare its orders with ours there. Say that you have looked, and it is trusted again.",
            place=Place.PROVIDER,
            provider=name,
        )
    yield from _of_catalogue(one, seen)
    yield from _of_holds(one)
    yield from _of_charges(one)
    yield from _of_money(one)


def _of_charges(one: ProviderStanding) -> Iterator[Alarm]:
    if one.overcharged:
        services = "1 service" if one.overcharged == 1 else f"{one.overcharged:,} services"
        yield Alarm(
            tone=Tone.BAD,
            what=f"{one.name} takes more than it lists for {services}{_told(one)}",
            since=one.overcharges.since if one.overcharges else None,
            by_itself="No order goes there. A price listed later that explains it ends that.",
            safe="Asking the provider. Approved, what it takes is its cost until it lists another price.",
            place=Place.HELD_SERVICES,
            provider=one.name,
        )
    elif one.overcharges is not None:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{one.name} took more than it lists for {_orders(one.overcharges.count)}{_told(one)}",
            since=one.overcharges.since,
            by_itself="What it took counts as its cost. Taken often or grossly, no more orders go to that service.",
            safe="Asking the provider, and reading its catalogue.",
            place=Place.PROVIDER,
            provider=one.name,
        )


def _of_holds(one: ProviderStanding) -> Iterator[Alarm]:
    if one.stops.changes:
        many = "1 change" if one.stops.changes == 1 else f"{one.stops.changes:,} changes"
        yield Alarm(
            tone=Tone.BAD if one.stops.orders.count else Tone.WARN,
            what=f"{many} of {one.name} held: {one.stops.text or 'others serve what it sold'}",
            since=one.stops.orders.since,
            by_itself="Nothing of it is sold or sent. Orders that wait are given up in time, and refunded in full.",
            safe="Compare it with what the provider shows. Many can be approved at once.",
            place=Place.HELD_SERVICES,
            provider=one.name,
        )


def _told(one: ProviderStanding) -> str:
    return f": {one.overcharges.text}" if one.overcharges is not None else ""


def _of_catalogue(one: ProviderStanding, seen: Situation) -> Iterator[Alarm]:
    name, row = one.name, one.row
    if row.held_catalogue is not None:
        yield Alarm(
            tone=Tone.WARN,
            what=f"The catalogue of {name} is held: {row.held_catalogue}{_told_stops(one)}",
            since=row.synced_at,
            by_itself="The last good one stays in force.",
            safe="Compare it with what the provider shows, then approve.",
            place=Place.PROVIDER,
            provider=name,
        )
    elif row.synced_at is not None and seen.now - row.synced_at > SYNCS_LATE * seen.sync_ms:
        yield Alarm(
            tone=Tone.WARN,
            what=f"No catalogue of {name} could be read: {row.sync_error or 'nobody tried'}",
            since=row.synced_at,
            by_itself="It is tried again all the time; the last prices stay in force.",
            safe="Test the connection: it buys nothing.",
            place=Place.PROVIDER,
            provider=name,
        )
    low = one.success_percent is not None and one.success_percent < LOW_SUCCESS_PERCENT
    if low and one.tries.sent >= FEWEST_TRIES:
        yield Alarm(
            tone=Tone.WARN,
            what=f"{name} took only {one.success_percent} % of {one.tries.sent} orders in 24 hours",
            by_itself="What it refuses goes to the next provider, where there is one.",
            safe="Pausing it: its running orders are still followed.",
            place=Place.PROVIDER,
            provider=name,
        )


def _told_stops(one: ProviderStanding) -> str:
    return f"; {one.stops.text}" if one.stops.text and not one.row.takes_orders else ""


def _of_money(one: ProviderStanding) -> Iterator[Alarm]:
    name, funds = one.name, one.row.funds
    for day in one.drifts:
        yield Alarm(
            tone=Tone.WARN,
            what=f"The balance of {name} {day.text}{_name_orders(day.concerned)}",
            since=day.told_at,
            by_itself="Nothing: orders still go there, for you may have ordered by hand.",
            safe="Compare its list of payments with our orders. Say that you have looked, and only more is told again.",
            place=Place.PROVIDER,
            provider=name,
        )
    if not one.provider.enabled or funds is None:
        return
    told = f"{funds:f} {one.row.currency or ''}".strip()
    least, alert = one.provider.min_balance, one.provider.low_balance_alert
    if funds <= 0 or (least is not None and funds < least):
        yield Alarm(
            tone=Tone.BAD,
            what=f"{name} gets no orders: its balance is {told}",
            by_itself="Orders go to the others, or wait. It is used again as soon as money is there.",
            safe="Topping it up.",
            place=Place.PROVIDER,
            provider=name,
        )
    elif (one.hours_left is not None and one.hours_left < FEW_HOURS) or (alert is not None and funds < alert):
        lasts = "" if one.hours_left is None else f", enough for {one.hours_left} hours as things go"
        yield Alarm(
            tone=Tone.WARN,
            what=f"{name} runs low: {told}{lasts}",
            by_itself="When it is empty, orders go to the others, or wait.",
            safe="Topping it up.",
            place=Place.PROVIDER,
            provider=name,
        )


def _name_orders(orders: Sequence[int]) -> str:
    named = ", ".join(map(str, orders[:NAMED_ORDERS]))
    more = f" and {len(orders) - NAMED_ORDERS} more" if len(orders) > NAMED_ORDERS else ""
    return f" (orders {named}{more})" if named else ""


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count:,} orders"
