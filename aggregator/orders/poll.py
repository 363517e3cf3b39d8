"""Follows orders at their providers: due ones in bulk, each reading decided, every change committed, then announced."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from aggregator.cache.status import Kind, StatusCache
from aggregator.catalog import cooldown, health, words
from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstreams import Upstreams
from aggregator.orders import attempt_store, settlement, store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.model import Order
from aggregator.orders.reroute import Rerouter
from aggregator.orders.schedule import next_poll
from aggregator.orders.settle import settle
from aggregator.orders.settlement import Announce, Finish, Hold, Keep, Rules, Sight
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.track import Tracker
from aggregator.settings import PaceSettings, ProviderSettings
from aggregator.storage import clock, tables
from pricing.refund import CancelMeans
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused, Unreachable
from providers.vocabulary import Capability, Progress

log = structlog.get_logger(__name__)

CANCEL_MEANS: dict[str, CancelMeans] = {"full": "full", "by_remains": "by_remains", "auto": "auto"}
CLAIM_MANY = 500
"""Orders asked about in a round where the provider answers for many in one call."""
CLAIM_SINGLY = 20
LOST_AFTER_MS = 3_600_000
"""How long a provider may deny an order before the owner is shown it."""


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

    def is_behind(self, provider: str) -> bool:
        """Whether the last round found more than it could take: another may run beside it."""
        return self._backlog.get(provider, False)

    async def run_once(self, provider: str) -> int:
        """One round at one provider; how many orders were asked about."""
        adapter, settings = self._upstreams.adapter(provider), self._upstreams.settings(provider)
        if adapter is None or settings is None:
            return 0
        await self._forward_cancels(adapter)
        most = CLAIM_MANY if Capability.MULTI_STATUS in adapter.capabilities else CLAIM_SINGLY
        followed = await attempt_store.claim_polls(provider, most)
        self._backlog[provider] = len(followed) == most
        if followed:
            await self._ask(adapter, settings, followed)
        return len(followed)

    async def _ask(self, adapter: Adapter, settings: ProviderSettings, followed: Sequence[Followed]) -> None:
        try:
            readings = await adapter.statuses([_upstream_id(one) for one in followed])
        except ProviderError as error:
            # A whole-call error changes no order; they are asked about again at their next turn.
            log.warning("poll.failed", provider=settings.profile.name, code=error.code, error=error.text)
            await self._note_health(settings.profile.name, error)
            readings = {}
        else:
            await self._note_health(settings.profile.name, None)
            await words.note_answers(settings.profile.name, readings.values())
            await self._upstreams.keep_found(settings.profile.name)
        known = await self._cache.get_many(Kind.READING, [str(one.attempt.id) for one in followed])
        due: dict[int, int | None] = {}
        fresh: dict[str, bytes] = {}
        for one, cached in zip(followed, known, strict=True):
            reading = readings.get(_upstream_id(one))
            order = await self._read(one, reading, cached, settings)
            due[one.attempt.id] = next_poll(
                order or one.order, one.attempt, now=clock.now(), pace=self._pace, watch_days=settings.watch_days
            )
            if order is not None and isinstance(reading, Progress):
                fresh[str(one.attempt.id)] = msgspec.json.encode(reading)
        await attempt_store.poll_again(due)
        await self._cache.put_many(Kind.READING, fresh)

    async def _read(
        self, one: Followed, reading: Progress | Refused | None, cached: bytes | None, settings: ProviderSettings
    ) -> Order | None:
        """Carry out what one reading means; the order as it is afterwards, None where that failed."""
        try:
            if isinstance(reading, Progress):
                return await self._progress(one, reading, cached, settings)
            if isinstance(reading, Refused) and reading.code is Code.ORDER_NOT_FOUND:
                await self._lost(one)
        except Exception:
            # One bad entry never stops the others of its batch.
            log.exception("poll.order_failed", order=one.order.id)
            return None
        return one.order

    async def _progress(
        self, one: Followed, progress: Progress, cached: bytes | None, settings: ProviderSettings
    ) -> Order:
        plain = one.order.sight is None and one.order.held is None
        if plain and progress.phase in settlement.OPEN_PHASES and cached == msgspec.json.encode(progress):
            return one.order
        await self._keep_charge(one, progress)
        rules = Rules(CANCEL_MEANS[settings.profile.dialect.cancel_means], round(self._pace.confirm_seconds * 1000))
        decision = settlement.decide(one.order, one.attempt, progress, rules=rules, now=clock.now())
        if isinstance(decision, Announce) and settlement.is_told(one.order, decision):
            return one.order
        await self._commit(one, decision)
        changed = await store.get(one.order.id)
        assert changed is not None
        await self._tracker.refresh([changed])
        return changed

    async def _commit(self, one: Followed, decision: settlement.Settlement) -> None:
        order = one.order
        match decision:
            case Announce():
                await store.announce(
                    order, phase=decision.phase.value, remains=decision.remains, runs_done=decision.runs_done,
                    start_count=decision.start_count, delivery_seen=decision.delivery_seen,
                )  # fmt: skip
            case Sight():
                await store.remember_sight(order, decision.sight, start_count=decision.start_count)
            case Finish():
                await self._finish(one, decision)
            case Hold():
                if await store.hold(order, decision.reason):
                    await store.note(order.id, order.state, f"held: {decision.reason}")
            case Keep():
                if one.attempt.outcome is Outcome.ACCEPTED:
                    await store.forget_sight(order)
                if decision.note is not None:
                    await store.note(order.id, order.state, decision.note)

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

    async def _keep_charge(self, one: Followed, progress: Progress) -> None:
        """The provider's charge is our cost; its highest value tells later what was taken back."""
        open_still = progress.phase in settlement.OPEN_PHASES and not one.order.state.ended
        charge = settlement.charge_of(one.attempt, progress)
        highest = settlement.highest(one.attempt, charge) if open_still else one.attempt.highest_charge
        stated = f"{charge:f}" if charge is not None else one.attempt.last_charge
        kept = (one.attempt.highest_charge, one.attempt.last_charge, one.attempt.lost_since)
        if (highest, stated, None) != kept:
            changes = {
                tables.Attempt.highest_charge: highest,
                tables.Attempt.last_charge: stated,
                tables.Attempt.lost_since: None,
            }
            await attempt_store.set_fields(one.attempt.id, changes)

    async def _lost(self, one: Followed) -> None:
        """The provider denies the order: keep its state, and show it to the owner when that lasts."""
        now = clock.now()
        since = one.attempt.lost_since
        if since is None:
            await attempt_store.set_fields(one.attempt.id, {tables.Attempt.lost_since: now})
        elif now - since >= LOST_AFTER_MS and one.attempt.outcome is Outcome.ACCEPTED and not one.order.state.ended:
            await store.hold(one.order, f"{one.attempt.provider} no longer knows this order")

    async def _forward_cancels(self, adapter: Adapter) -> None:
        """Ask the provider to call off what resellers no longer want; its later status decides."""
        name = adapter.profile.name
        waiting = await attempt_store.wished_off(name, 100)
        if not waiting or (await catalog_store.provider(name)).rest_until > clock.now():
            return
        wished = await attempt_store.claim_cancels(waiting)
        if not wished:
            return
        try:
            replies = await adapter.cancel([attempt.upstream_order or "" for attempt in wished])
        except ProviderError as error:
            log.warning("cancel.failed", provider=name, code=error.code, error=error.text)
            if isinstance(error, Unreachable):
                await attempt_store.release_cancels(wished)
            await self._note_health(name, error)
            return
        await words.note_answers(name, replies.values())
        for attempt in wished:
            reply = replies.get(attempt.upstream_order or "")
            if isinstance(reply, Refused):
                if reply.code is Code.CANCEL_DISABLED:
                    await cooldown.note_refusal(attempt.provider, attempt.service, cancel=True)
                text = f"{attempt.provider} refused to cancel: {reply.code}"
                order = await store.get(attempt.order_id)
                assert order is not None
                await store.note(attempt.order_id, order.state, text)

    async def _note_health(self, provider: str, error: ProviderError | None) -> None:
        await words.note_error(provider, error)
        row = await catalog_store.provider(provider)
        breaker_ms = round(self._pace.breaker_seconds * 1000)
        after = health.after(row, error, now=clock.now(), breaker_ms=breaker_ms)
        if after is not None:
            await catalog_store.set_health(provider, after)


def _upstream_id(one: Followed) -> str:
    return one.attempt.upstream_order or ""
