"""Follows orders at their providers: due ones in bulk, each reading decided, every change committed, then announced."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import structlog
from msgspec import Struct

from aggregator.cache.status import Kind, StatusCache
from aggregator.catalog import cooldown, health, words
from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstreams import Upstreams
from aggregator.orders import account_door_store, attempt_store, overserving, progress_store, settlement, store
from aggregator.orders.account_doors import Doors, hold_reason
from aggregator.orders.attempt_store import Followed
from aggregator.orders.forward import CancelForwarder
from aggregator.orders.model import Order
from aggregator.orders.progress_store import Charge
from aggregator.orders.reroute import Rerouter
from aggregator.orders.schedule import next_poll
from aggregator.orders.settle import settle
from aggregator.orders.settlement import Announce, Finish, Hold, Keep, Rules, Sight
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.track import Tracker
from aggregator.settings import PaceSettings, ProviderSettings
from aggregator.storage import clock, tables
from aggregator.storage.engine import is_unreachable
from pricing.refund import CancelMeans
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused
from providers.vocabulary import Capability, Progress

log = structlog.get_logger(__name__)

CANCEL_MEANS: dict[str, CancelMeans] = {"full": "full", "by_remains": "by_remains", "auto": "auto"}
CLAIM_MANY = 500
"""Orders asked about in a round where the provider answers for many in one call."""
CLAIM_SINGLY = 20
LOST_AFTER_MS = 3_600_000
"""How long a provider may deny an order before the owner is shown it."""


Readings: TypeAlias = "Mapping[str, Progress | Refused]"


class News(Struct, frozen=True):
    """What a provider said of an order, and what follows from it."""

    followed: Followed
    progress: Progress
    decision: settlement.Settlement


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
        self._cancels = CancelForwarder(self._note_health)

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
            await self._take_in(followed, await self._ask(adapter, followed), settings, doors)
        return len(followed)

    async def _ask(self, adapter: Adapter, followed: Sequence[Followed]) -> Readings:
        name = adapter.profile.name
        try:
            readings = await adapter.statuses([_upstream_id(one) for one in followed])
        except ProviderError as error:
            # A whole-call error changes no order; they are asked about again at their next turn.
            log.warning("poll.failed", provider=name, code=error.code, error=error.text)
            await self._note_health(name, error)
            return {}
        await self._note_health(name, None)
        await words.note_answers(name, readings.values())
        await self._upstreams.keep_found(name)
        return readings

    async def _take_in(
        self, followed: Sequence[Followed], readings: Readings, settings: ProviderSettings, doors: Doors
    ) -> None:
        """Decide, commit, announce, and note when to ask again."""
        known = await self._cache.get_many(Kind.READING, [str(one.attempt.id) for one in followed])
        rules = Rules(CANCEL_MEANS[settings.profile.dialect.cancel_means], round(self._pace.confirm_seconds * 1000))
        news = [
            told
            for one, cached in zip(followed, known, strict=True)
            if doors.lead_to(one.attempt.door)
            and (told := _decide(one, readings.get(_upstream_id(one)), cached, rules)) is not None
        ]
        failed = await self._carry_out(news)
        here = [one for one in followed if doors.lead_to(one.attempt.door)]
        again = await _overserved(here, readings, rules.confirm_ms)
        for one in followed:
            reading = readings.get(_upstream_id(one))
            if not doors.lead_to(one.attempt.door):
                await _tried("poll.order_failed", _distrust(one, reading), order=one.order.id)
            elif isinstance(reading, Refused) and reading.code is Code.ORDER_NOT_FOUND:
                await _tried("poll.order_failed", self._lost(one), order=one.order.id)
        orders = {order.id: order for order in await store.get_many([one.followed.order.id for one in news])}
        await self._tracker.refresh(orders.values())
        due = {one.attempt.id: self._next(one, orders, settings) for one in followed}
        await attempt_store.poll_again(due | dict.fromkeys(again, clock.now() + rules.confirm_ms))
        fresh = {
            str(one.followed.attempt.id): msgspec.json.encode(one.progress)
            for one in news
            if one.followed.attempt.id not in failed
        }
        await self._cache.put_many(Kind.READING, fresh)

    def _next(self, one: Followed, changed: Mapping[int, Order], settings: ProviderSettings) -> int | None:
        order = changed.get(one.order.id, one.order)
        return next_poll(order, one.attempt, now=clock.now(), pace=self._pace, watch_days=settings.watch_days)

    async def _carry_out(self, news: Sequence[News]) -> set[int]:
        """What all readings mean; the attempts of which that failed.

        What goes on is written together, and one by one where that fails: one bad entry never stops the others.
        """
        together = await _tried("poll.round_failed", _keep(news), orders=len(news))
        failed = set[int]()
        for one in news:
            order = one.followed.order.id
            kept = together or await _tried("poll.order_failed", _keep([one]), order=order)
            if not (kept and await _tried("poll.order_failed", self._end(one), order=order)):
                failed.add(one.followed.attempt.id)
        return failed

    async def _end(self, one: News) -> None:
        """What a reading means for its order alone; nothing for one that goes on."""
        order, attempt = one.followed.order, one.followed.attempt
        match one.decision:
            case Finish():
                await self._finish(one.followed, one.decision)
            case Hold(reason=reason):
                if await _speaks(one) and await store.hold(order, reason):
                    await store.note(order.id, order.state, f"held: {reason}")
            case Keep(note=note):
                if attempt.outcome is Outcome.ACCEPTED:
                    await store.forget_sight(order)
                if note is not None and await _speaks(one):
                    await store.note(order.id, order.state, note)

    async def _finish(self, one: Followed, finish: Finish) -> None:
        """End the order, or send it on where it was called off undelivered."""
        order, attempt = one.order, one.attempt
        done = await self._rerouter.reroute(order, attempt, finish)
        if not done:
            note = f"{finish.undelivered} of {order.quantity} not delivered"
            ended = await settle(
                order, finish.undelivered, start_count=finish.start_count, runs_done=finish.runs_done,
                attempt=attempt.id, note="; ".join([note, *finish.notes]),
            )  # fmt: skip
            done = ended is not None
        if done and finish.state is OrderState.CANCELLED:
            await cooldown.note_cancel(attempt.provider, attempt.service)

    async def _lost(self, one: Followed) -> None:
        """The provider denies the order: keep its state, and show it to the owner when that lasts."""
        now = clock.now()
        since = one.attempt.lost_since
        if since is None:
            await attempt_store.set_fields(one.attempt.id, {tables.Attempt.lost_since: now})
        elif now - since >= LOST_AFTER_MS and one.attempt.outcome is Outcome.ACCEPTED and not one.order.state.ended:
            await store.hold(one.order, f"{one.attempt.provider} no longer knows this order")

    async def _note_health(self, provider: str, error: ProviderError | None) -> None:
        await words.note_error(provider, error)
        row = await catalog_store.provider(provider)
        breaker_ms = round(self._pace.breaker_seconds * 1000)
        after = health.after(row, error, now=clock.now(), breaker_ms=breaker_ms)
        if after is not None:
            await catalog_store.set_health(provider, after)


async def _speaks(one: News) -> bool:
    """Whether it is (still) this order of which the provider speaks, also where that was given up."""
    order, attempt = one.followed.order, one.followed.attempt
    given_up = attempt.outcome is not Outcome.ACCEPTED
    return given_up or await attempt_store.decides(attempt.id, late=order.state.ended)


def _decide(one: Followed, reading: Progress | Refused | None, cached: bytes | None, rules: Rules) -> News | None:
    """What follows from a reading; None where there is none, or it says nothing new."""
    if not isinstance(reading, Progress) or settlement.is_known(one.order, reading, cached):
        return None
    try:
        return News(one, reading, settlement.decide(one.order, one.attempt, reading, rules=rules, now=clock.now()))
    except Exception:
        log.exception("poll.order_failed", order=one.order.id)
        return None


async def _overserved(followed: Sequence[Followed], readings: Readings, confirm_ms: int) -> set[int]:
    """Look for what nobody bought, also in readings that say nothing new; whose attempts to ask about again soon."""
    soon = set[int]()
    for one in followed:
        reading = readings.get(_upstream_id(one))
        if isinstance(reading, Progress):
            try:
                if await overserving.take_in(one, reading, confirm_ms=confirm_ms):
                    soon.add(one.attempt.id)
            except Exception:
                log.exception("poll.overserving_failed", order=one.order.id)
    return soon


async def _tried(event: str, work: Awaitable[None], **facts: int) -> bool:
    """Whether it went well; what fails is logged as `event` and stops nothing else."""
    try:
        await work
    except Exception as error:
        if is_unreachable(error):  # also another's lock on the row: it is asked about again
            log.warning(event, error=f"{type(error).__name__}: {error}", **facts)
        else:
            log.exception(event, **facts)
        return False
    return True


async def _keep(news: Sequence[News]) -> None:
    """The charges of all, and the news of those that go on."""
    await progress_store.keep_charges([charge for one in news if (charge := _charge(one)) is not None])
    await progress_store.keep(
        [
            (one.followed.order, one.decision)
            for one in news
            if isinstance(one.decision, Announce) and not settlement.is_told(one.followed.order, one.decision)
        ],
        [(one.followed.order, one.decision) for one in news if isinstance(one.decision, Sight)],
    )


def _charge(one: News) -> Charge | None:
    """The provider's charge is our cost; its highest value tells later what was taken back. None = nothing new."""
    order, attempt = one.followed.order, one.followed.attempt
    open_still = one.progress.phase in settlement.OPEN_PHASES and not order.state.ended
    charge = settlement.charge_of(attempt, one.progress)
    highest = settlement.highest(attempt, charge) if open_still else attempt.highest_charge
    stated = f"{charge:f}" if charge is not None else attempt.last_charge
    is_new = (highest, stated, None) != (attempt.highest_charge, attempt.last_charge, attempt.lost_since)
    return Charge(attempt.id, highest, stated) if is_new else None


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
