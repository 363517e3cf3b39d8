"""Follows orders at their providers: due ones in bulk, each reading decided, every change committed, then announced."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from functools import partial
from typing import TypeAlias

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from aggregator.cache.status import CachedKind, StatusCache
from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.upstream import cooldown, words
from aggregator.catalog.upstream.circuit import note_call
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.orders import attempt_store, overcharge, store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.following import call_offs, charges, overserving, progress_store
from aggregator.orders.following.cancel_forward import CancelForwarder
from aggregator.orders.following.charges import Costs
from aggregator.orders.following.reroute import Rerouter
from aggregator.orders.following.schedule import next_poll
from aggregator.orders.model import Order
from aggregator.orders.settling import settlement
from aggregator.orders.settling.settle import settle
from aggregator.orders.settling.settlement import Announce, Finish, HoldForOwner, Keep, Rules, Sight
from aggregator.orders.settling.start_counts import MOST_NOTES, another_start
from aggregator.orders.state import EventKind, OrderState, Outcome
from aggregator.orders.track import Tracker
from aggregator.orders.upstream_ids import account_door_store
from aggregator.orders.upstream_ids.account_doors import hold_reason
from aggregator.settings import PaceSettings, ProviderSettings
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS
from aggregator.storage.trouble import tell_failure
from pricing.refund import CancelMeans
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused
from providers.vocabulary import Capability, Phase, Progress

log = structlog.get_logger(__name__)

CANCEL_MEANS: dict[str, CancelMeans] = {"full": "full", "by_remains": "by_remains", "auto": "auto"}
CLAIM_MANY = 500
"""Orders asked about in a round where the provider answers for many in one call."""
CLAIM_SINGLY = 20
LOST_AFTER_MS = HOUR_MS
"""How long a provider may deny an order before the owner is shown it."""


Readings: TypeAlias = "Mapping[str, Progress | Refused]"


class PolledOrder(Struct, frozen=True):
    """What a provider said of an order, and what follows from it."""

    followed: Followed
    progress: Progress
    decision: settlement.Settlement
    costs: Costs | None = None
    """What is news of its charge."""


class Round(Struct, frozen=True):
    """What one round at a provider brought."""

    provider: str
    digits: int
    """The most decimals that a charge there has shown."""
    news: Sequence[PolledOrder]


class Poller:
    """Asks providers about the orders that they accepted."""

    def __init__(
        self, upstreams: Upstreams, cache: StatusCache, tracker: Tracker, rerouter: Rerouter, pace: PaceSettings
    ) -> None:
        self._upstreams = upstreams
        self._cache = cache
        self._tracker = tracker
        self._rerouter = rerouter
        self._pace = pace
        self._backlog: dict[str, bool] = {}
        self._note_call = partial(note_call, breaker_ms=pace.breaker_ms)
        self._cancels = CancelForwarder(self._note_call)

    def is_behind(self, provider: str) -> bool:
        """Whether the last round found more than it could take: another may run beside it."""
        return self._backlog.get(provider, False)

    async def run_once(self, provider: str) -> int:
        """One round at one provider; how many orders were asked about."""
        adapter, settings = self._upstreams.adapter(provider), self._upstreams.settings(provider)
        if adapter is None or settings is None:
            return 0
        doors = await account_door_store.doors_of(adapter.profile)
        await self._cancels.run_once(adapter, doors)
        most = CLAIM_MANY if Capability.MULTI_STATUS in adapter.capabilities else CLAIM_SINGLY
        followed = await attempt_store.claim_polls(provider, most)
        self._backlog[provider] = len(followed) == most
        if followed:
            asked_at = clock.now()
            readings = await self._ask(adapter, followed)
            foreign = [one for one in followed if not doors.lead_to(one.attempt.door)]
            here = [one for one in followed if doors.lead_to(one.attempt.door)] if foreign else followed
            await self._take_in(here, readings, settings, asked_at)
            await self._keep_away(foreign, readings, settings)
        return len(followed)

    async def _ask(self, adapter: Adapter, followed: Sequence[Followed]) -> Readings:
        name = adapter.profile.name
        try:
            readings = await adapter.statuses([_upstream_id(one) for one in followed])
        except ProviderError as error:
            # A whole-call error changes no order; they are asked about again at their next turn.
            log.warning("poll.failed", provider=name, code=error.code, error=error.text)
            await self._note_call(name, error)
            return {}
        await self._note_call(name, None)
        await words.note_answers(name, readings.values())
        await self._upstreams.keep_found(name)
        return readings

    async def _take_in(
        self, followed: Sequence[Followed], readings: Readings, settings: ProviderSettings, asked_at: int
    ) -> None:
        """Decide, commit, announce, and note when to ask again."""
        known = await self._cache.get_many(CachedKind.READING, [str(one.attempt.id) for one in followed])
        name = settings.profile.name
        await _tried("poll.revived_failed", call_offs.note_revived(name, followed, readings), provider=name)
        row = await catalog_store.provider(name)
        rules, digits = self._rules(settings, row), max(row.charge_digits, _digits_of(readings))
        news = [
            told
            for one, cached in zip(followed, known, strict=True)
            if (told := _decide(one, readings.get(_upstream_id(one)), cached, rules, digits)) is not None
        ]
        failed = await self._carry_out(Round(name, digits, news))
        again = await _overserved(followed, readings, rules.confirm_ms)
        for one in followed:
            reading = readings.get(_upstream_id(one))
            if isinstance(reading, Refused) and reading.code is Code.ORDER_NOT_FOUND:
                await _tried("poll.order_failed", self._lost(one), order=one.order.id)
        orders = {order.id: order for order in await store.get_many([one.followed.order.id for one in news])}
        await self._tracker.refresh(orders.values())
        due = {one.attempt.id: self._next(one, orders, settings, rules) for one in followed}
        await attempt_store.poll_again(
            due | dict.fromkeys(again, clock.now() + rules.confirm_ms),
            whole={one.attempt.id: asked_at for one in followed if _is_whole(readings.get(_upstream_id(one)))},
        )
        fresh = {
            str(one.followed.attempt.id): msgspec.json.encode(one.progress)
            for one in news
            if one.followed.attempt.id not in failed
        }
        await self._cache.put_many(CachedKind.READING, fresh)

    async def _keep_away(self, foreign: Sequence[Followed], readings: Readings, settings: ProviderSettings) -> None:
        """Of orders that were bought behind another door: what this account says of them may be a stranger's."""
        if not foreign:
            return
        for one in foreign:
            reading = readings.get(_upstream_id(one))
            await _tried("poll.order_failed", _distrust(one, reading), order=one.order.id)
        rules = self._rules(settings, await catalog_store.provider(settings.profile.name))
        orders = {order.id: order for order in await store.get_many([one.order.id for one in foreign])}
        await self._tracker.refresh(orders.values())
        await attempt_store.poll_again({one.attempt.id: self._next(one, orders, settings, rules) for one in foreign})

    def _rules(self, settings: ProviderSettings, row: ProviderRow) -> Rules:
        return Rules(
            CANCEL_MEANS[settings.profile.dialect.cancel_means],
            self._pace.confirm_ms,
            call_off_times=1 if row.call_offs_doubted_at is None else call_offs.DOUBTED_TIMES,
        )

    def _next(
        self, one: Followed, changed: Mapping[int, Order], settings: ProviderSettings, rules: Rules
    ) -> int | None:
        order = changed.get(one.order.id, one.order)
        return next_poll(
            order,
            one.attempt,
            now=clock.now(),
            pace=self._pace,
            watch_days=settings.watch_days,
            sights=rules.call_off_times,
        )

    async def _carry_out(self, told: Round) -> set[int]:
        """What all readings mean; the attempts of which that failed.

        What goes on is written together, and one by one where that fails: one bad entry never stops the others.
        """
        together = await _tried("poll.round_failed", _keep(told), orders=len(told.news))
        failed = set[int]()
        for one in told.news:
            order = one.followed.order.id
            kept = together or await _tried("poll.order_failed", _keep(replace(told, news=[one])), order=order)
            if not (kept and await _tried("poll.order_failed", self._end(one), order=order)):
                failed.add(one.followed.attempt.id)
        return failed

    async def _end(self, one: PolledOrder) -> None:
        """What a reading means for its order alone; nothing for one that goes on."""
        order, attempt = one.followed.order, one.followed.attempt
        another = another_start(order, one.progress) if attempt.outcome is Outcome.ACCEPTED else None
        if another is not None and await _speaks(one):
            await progress_store.note_start_count(order, attempt.provider, another, most=MOST_NOTES)
        match one.decision:
            case Finish():
                await self._finish(one.followed, one.decision)
            case HoldForOwner(reason=reason):
                if await _speaks(one) and await store.hold(order, reason):
                    await store.note(order.id, order.state, f"held: {reason}")
            case Keep(note=note):
                if attempt.outcome is Outcome.ACCEPTED:
                    await store.clear_first_sighting(order)
                if note is not None and await _speaks(one):
                    await store.note(order.id, order.state, note)

    async def _finish(self, one: Followed, finish: Finish) -> None:
        """End the order, or send it on where it was called off undelivered."""
        order, attempt = one.order, one.attempt
        done = await self._rerouter.reroute(order, attempt, finish)
        if not done:
            note = f"{finish.undelivered} of {order.quantity} not delivered"
            ended = await settle(
                order,
                finish.undelivered,
                start_count=finish.start_count,
                runs_done=finish.runs_done,
                attempt=attempt.id,
                note="; ".join([note, *finish.notes]),
                kind=EventKind.BY_CHARGE if "derived_from_charge" in finish.notes else None,
            )
            done = ended is not None
        if done and finish.state is OrderState.CANCELLED:
            await cooldown.note_cancel(attempt.provider, attempt.service)

    async def _lost(self, one: Followed) -> None:
        """The provider denies the order: keep its state, and show it to the owner when that lasts."""
        now = clock.now()
        since = one.attempt.lost_since
        if since is None:
            await attempt_store.note_lost(one.attempt.id, now)
        elif now - since >= LOST_AFTER_MS and one.attempt.outcome is Outcome.ACCEPTED and not one.order.state.ended:
            await store.hold(one.order, f"{one.attempt.provider} no longer knows this order")


async def _speaks(one: PolledOrder) -> bool:
    """Whether it is (still) this order of which the provider speaks, also where that was given up."""
    order, attempt = one.followed.order, one.followed.attempt
    given_up = attempt.outcome is not Outcome.ACCEPTED
    return given_up or await attempt_store.decides(attempt.id, late=order.state.ended)


def _decide(
    one: Followed, reading: Progress | Refused | None, cached: bytes | None, rules: Rules, digits: int
) -> PolledOrder | None:
    """What follows from a reading; None where there is none, or it says nothing new."""
    if not isinstance(reading, Progress):
        return None
    now = clock.now()
    try:
        decision = settlement.decide(one.order, one.attempt, reading, rules=rules, now=now)
        costs = charges.read(one.order, one.attempt, reading, decision, rules=rules, digits=digits, now=now)
    except Exception as error:  # noqa: BLE001  # the others are settled
        tell_failure(log, "poll.order_failed", error, order=one.order.id)
        return None
    if costs is None and settlement.is_known(one.order, reading, cached):
        return None
    return PolledOrder(one, reading, decision, costs)


async def _overserved(followed: Sequence[Followed], readings: Readings, confirm_ms: int) -> set[int]:
    """Look for what nobody bought, also in readings that say nothing new; whose attempts to ask about again soon."""
    soon = set[int]()
    for one in followed:
        reading = readings.get(_upstream_id(one))
        if isinstance(reading, Progress):
            try:
                if await overserving.take_in(one, reading, confirm_ms=confirm_ms):
                    soon.add(one.attempt.id)
            except Exception as error:  # noqa: BLE001  # the others are looked at
                tell_failure(log, "poll.overserving_failed", error, order=one.order.id)
    return soon


def _digits_of(readings: Readings) -> int:
    told = [one.charge for one in readings.values() if isinstance(one, Progress) and one.charge is not None]
    return overcharge.digits_of(told)


async def _tried(event: str, work: Awaitable[object], **facts: object) -> bool:
    """Whether it went well; what fails is logged as `event` and stops nothing else."""
    try:
        await work
    except Exception as error:  # noqa: BLE001  # also another's lock on the row: it is asked about again
        tell_failure(log, event, error, **facts)
        return False
    return True


async def _keep(told: Round) -> None:
    """The charges of all, and the news of those that go on."""
    news, costs = told.news, [one.costs for one in told.news if one.costs is not None]
    await progress_store.keep_charges(costs, provider=told.provider, digits=told.digits)
    await progress_store.keep(
        [
            (one.followed.order, one.decision)
            for one in news
            if isinstance(one.decision, Announce) and not settlement.is_told(one.followed.order, one.decision)
        ],
        [(one.followed.order, one.decision) for one in news if isinstance(one.decision, Sight)],
    )


def _is_whole(reading: Progress | Refused | None) -> bool:
    phases = (*settlement.UNDER_WAY, Phase.COMPLETED)
    return isinstance(reading, Progress) and reading.phase in phases


async def _distrust(one: Followed, reading: Progress | Refused | None) -> None:
    """A reading from another account, perhaps of a stranger's order: it ends nothing, and nothing of it is kept."""
    goes_on = isinstance(reading, Progress) and reading.phase in settlement.UNDER_WAY
    if reading is None or goes_on or one.attempt.outcome is not Outcome.ACCEPTED or one.order.state.ended:
        return
    reason = hold_reason(one.attempt.provider)
    if await store.hold(one.order, reason):
        await store.note(one.order.id, one.order.state, f"held: {reason}")


def _upstream_id(one: Followed) -> str:
    return one.attempt.upstream_order or ""
