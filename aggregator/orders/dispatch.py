"""Sends queued orders out: claim, decide a route, write the attempt down, then call the provider, then commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from aggregator.catalog import health, learned_store, words
from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstreams import Upstreams
from aggregator.joined import Joined
from aggregator.orders import attempt_store, failover, store
from aggregator.orders.attempts import LINK_PAUSE_MS, Arrival, Attempts, Departure
from aggregator.orders.evidence_store import Sent
from aggregator.orders.failover import GiveUp, Go, Wait
from aggregator.orders.model import Attempt, Order
from aggregator.orders.routing import Market, Router
from aggregator.orders.settle import settle
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.submit import new_reference, submission_of
from aggregator.orders.track import Tracker
from aggregator.settings import PaceSettings
from aggregator.storage import clock
from pricing.route import Route
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused, Unreachable

log = structlog.get_logger(__name__)

CLAIM_AT_ONCE = 50
MOST_IN_HAND = 1_000
CROWDED_SECONDS = 0.2  # not money
"""Before more orders are claimed while a provider has as many waiting for it as it may."""
STALE_MS = 5_000
"""A decision older than this is made again: the market has moved while the order waited for its turn."""
TELL_MS = 15 * 60_000
"""How long an add may be unsure before it is told."""
ASK_AGAIN = frozenset({Code.SERVICE_GONE, Code.FUNDS})
"""Refusals that make our picture of the provider stale."""


class Lane:
    """The calls of one provider: so many at once, and not too many waiting behind them."""

    def __init__(self, parallel: int) -> None:
        self.turns = asyncio.Semaphore(parallel)
        self.waiting = 0
        self.most_waiting = parallel * 16

    @property
    def full(self) -> bool:
        """Whether whoever comes now must come again later."""
        return self.waiting >= self.most_waiting


class Dispatcher:
    """Takes orders from the queue to providers."""

    def __init__(
        self, upstreams: Upstreams, router: Router, tracker: Tracker, pace: PaceSettings, wake: Callable[[], None]
    ) -> None:
        self._upstreams = upstreams
        self._router = router
        self._tracker = tracker
        self._pace = pace
        self._wake = wake
        self._lanes: dict[str, Lane] = {}
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._attempts = Attempts(tracker, poll_ms=round(pace.poll_seconds * 1000))
        self._note_well: Joined[str, None] = Joined(self._note_all_well, most=MOST_IN_HAND)

    async def run_once(self) -> int:
        """Claim what is due and start each order on its way; how many were started. Does not wait for providers."""
        if any(lane.full for lane in self._lanes.values()):
            await asyncio.sleep(CROWDED_SECONDS)
        room = MOST_IN_HAND - len(self._in_hand)
        orders = await store.claim_due(min(room, CLAIM_AT_ONCE))
        if orders:
            attempts = await attempt_store.of_orders([order.id for order in orders])
            market = await self._router.look()
            for order in orders:
                earlier = self._in_hand.get(order.id)
                task = asyncio.create_task(self._step(order, attempts[order.id], market, earlier))
                self._in_hand[order.id] = task
                task.add_done_callback(partial(self._put_down, order.id))
        return len(orders)

    def _put_down(self, order: int, task: asyncio.Task[None]) -> None:
        if self._in_hand.get(order) is task:
            del self._in_hand[order]

    async def idle(self) -> None:
        """Return when nothing that was started is still on its way."""
        while self._in_hand:
            await asyncio.wait(self._in_hand.values())

    async def stop(self, seconds: float) -> None:  # not money
        """Let calls in flight end, for so long; then leave the rest to the sweeper."""
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=seconds)
        for task in self._in_hand.values():
            task.cancel()

    async def sweep(self) -> int:
        """Call every attempt unsure that is past its deadline: its process died, or the answer is lost."""
        for attempt in await attempt_store.long_unsure(clock.now() - TELL_MS):
            log.warning("order.still_unsure", order=attempt.order_id, provider=attempt.provider)
            text = f"{attempt_store.STILL_UNSURE} nobody can tell whether {attempt.provider} has it"
            await store.note(attempt.order_id, OrderState.UNSURE, text)
        late = await attempt_store.overdue()
        for attempt in late:
            await self._attempts.call_unsure(
                attempt, error="TRANSPORT", text="no result was stored before the deadline", raw=""
            )
        return len(late)

    async def _step(
        self, order: Order, attempts: Sequence[Attempt], market: Market, earlier: asyncio.Task[None] | None
    ) -> None:
        """Take one order; one that a refusal has just put back is taken again when its earlier step has ended."""
        if earlier is not None:
            await asyncio.wait([earlier])
        try:
            await self._take(order, attempts, market)
        except Exception:
            log.exception("dispatch.failed", order=order.id)

    async def _take(self, order: Order, attempts: Sequence[Attempt], market: Market) -> None:
        give_up_ms = round(self._pace.give_up_seconds * 1000)
        waits = order.same_link == "queue" and market.now - order.created_at < give_up_ms
        if waits and await store.earlier_on_link(order):
            await store.postpone(order.id, market.now + LINK_PAUSE_MS)
            return
        routes = await self._router.routes(order, attempts, market)
        chosen = failover.choose(
            order, attempts, routes, now=market.now, give_up_ms=give_up_ms, unsold=self._router.unsold(order)
        )
        match chosen:
            case Go(route=route):
                await self._place(order, route, market)
            case Wait(until=until, reason=reason):
                await store.postpone(order.id, until)
                await store.note(order.id, order.state, f"waiting: {reason}"[:500])
            case GiveUp(reason=reason):
                ended = await settle(order, order.quantity, note=f"given up: {reason}"[:500])
                if ended is not None:
                    await self._tracker.refresh([ended])

    async def _place(self, order: Order, route: Route, market: Market) -> None:
        provider = route.offer.provider
        adapter = self._upstreams.adapter(provider)
        if adapter is None:
            return
        lane = self._lane(adapter)
        if lane.full:
            await store.postpone(order.id, clock.now() + 1000)
            return
        lane.waiting += 1
        try:
            async with lane.turns:
                if clock.now() - market.now > STALE_MS:
                    await store.postpone(order.id, clock.now())
                    return
                sent = new_reference(adapter.profile)
                new = self._router.new_attempt(order, route, adapter, market)
                attempt = await self._attempts.begin(Departure(order, new, sent, self._minds_links(provider)))
                if attempt is not None:
                    await self._submit(order, attempt, adapter, sent)
        finally:
            lane.waiting -= 1

    def _lane(self, adapter: Adapter) -> Lane:
        profile = adapter.profile
        return self._lanes.setdefault(f"{profile.name}:{profile.parallel}", Lane(profile.parallel))

    def _minds_links(self, provider: str) -> bool:
        settings = self._upstreams.settings(provider)
        return settings is not None and settings.same_link_policy != "allow"

    async def _submit(self, order: Order, attempt: Attempt, adapter: Adapter, sent: Sent | None) -> None:
        if clock.now() > attempt.deadline_at - round(adapter.profile.add_timeout_seconds * 1000):
            # Held up until now, it would still be sending when all others believe the attempt over.
            error = Unreachable("held up for too long before anything was sent")
            await self._refuse(order, attempt, failover.outcome_of(error), error)
            return
        try:
            placement = await adapter.add(submission_of(order, attempt, sent))
        except ProviderError as error:
            await self._answered(order, attempt, error)
            await self._note_health(attempt.provider, error)
        else:
            await self._attempts.accept(Arrival(order, attempt, placement))
            await self._note_well(attempt.provider)

    async def _answered(self, order: Order, attempt: Attempt, error: ProviderError) -> None:
        outcome = failover.outcome_of(error)
        log.info("add.not_accepted", order=order.id, provider=attempt.provider, outcome=outcome, code=error.code)
        if outcome is Outcome.UNSURE:
            await self._attempts.call_unsure(attempt, error=error.code, text=error.text, raw=error.raw)
            return
        await self._refuse(order, attempt, outcome, error)
        if isinstance(error, Refused):
            await self._learn(attempt, error)

    async def _refuse(self, order: Order, attempt: Attempt, outcome: Outcome, error: ProviderError) -> None:
        await self._attempts.refuse(order, attempt, outcome, error)
        self._wake()

    async def _learn(self, attempt: Attempt, error: Refused) -> None:
        """A refusal that shows that our picture of the provider is old."""
        if error.code is Code.SERVICE_GONE:
            await catalog_store.withdraw(attempt.provider, attempt.service, "the provider says it is gone")
        await catalog_store.learn_limits(
            attempt.provider, attempt.service, error.learned_minimum, error.learned_maximum
        )
        if error.learned_step is not None:
            await learned_store.learn_step(attempt.provider, attempt.service, error.learned_step)
        if error.code in ASK_AGAIN:
            due = {"balance_due_at": 0} if error.code is Code.FUNDS else {"sync_due_at": 0}
            await catalog_store.set_provider(attempt.provider, **due)

    async def _note_all_well(self, providers: Sequence[str]) -> list[None]:
        for provider in set(providers):
            await self._note_health(provider, None)
        return [None] * len(providers)

    async def _note_health(self, provider: str, error: ProviderError | None) -> None:
        await words.note_error(provider, error)
        row = await catalog_store.provider(provider)
        breaker_ms = round(self._pace.breaker_seconds * 1000)
        after = health.after(row, error, now=clock.now(), breaker_ms=breaker_ms)
        if after is not None:
            await catalog_store.set_health(provider, after)
