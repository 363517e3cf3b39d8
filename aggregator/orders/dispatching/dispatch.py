"""Sends queued orders out: claim, decide a route, write the attempt down, then call the provider, then commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import structlog

from aggregator.batching import Batcher
from aggregator.catalog import learned_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstream import cooldown
from aggregator.catalog.upstream.circuit import note_call
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.orders import attempt_store, store
from aggregator.orders.dispatching import failover, queue_store, text_sizes
from aggregator.orders.dispatching.attempt_writer import LINK_PAUSE_MS, Acceptance, AttemptWriter, NewDispatch
from aggregator.orders.dispatching.failover import GiveUp, Go, Queues, Wait
from aggregator.orders.dispatching.provider_queue import ProviderQueue
from aggregator.orders.dispatching.queue_store import Parked
from aggregator.orders.dispatching.reference_store import Sent
from aggregator.orders.dispatching.routing import Market, Router
from aggregator.orders.dispatching.submit import new_reference, submission_of
from aggregator.orders.model import Attempt, Order
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import EventKind, OrderState, Outcome
from aggregator.orders.track import Tracker
from aggregator.settings import PaceSettings
from aggregator.storage import clock
from aggregator.storage.trouble import tell_failure
from pricing.route import Route
from providers.adapter import Adapter, Turn
from providers.errors import Code, ProviderError, Refused, Unreachable
from providers.vocabulary import Placement

log = structlog.get_logger(__name__)

CLAIM_AT_ONCE = 200
MOST_IN_HAND = 1_000
STALE_MS = 5_000
"""A decision older than this is made again: the market has moved while the order waited for its turn."""
TELL_MS = 15 * 60_000
"""How long an add may be unsure before it is told."""
ASK_AGAIN = frozenset({Code.SERVICE_GONE, Code.FUNDS})
"""Refusals that make our picture of the provider stale."""


class Dispatcher:
    """Takes orders from the queue to providers."""

    def __init__(
        self,
        upstreams: Upstreams,
        router: Router,
        tracker: Tracker,
        pace: PaceSettings,
        wake: Callable[[], None],
        glance: Callable[[Attempt], Awaitable[None]],
    ) -> None:
        """`glance` reads the balance of a provider that has just left an add without an answer."""
        self._upstreams = upstreams
        self._router = router
        self._tracker = tracker
        self._pace = pace
        self._wake = wake
        self._glance = glance
        self._glances: set[asyncio.Task[None]] = set()
        self._queues: dict[str, ProviderQueue] = {}
        self._in_hand: dict[int, asyncio.Task[None]] = {}
        self._without_turn: dict[int, asyncio.Task[None]] = {}
        """Of those in hand, what still waits for its turn: nothing of it is written down."""
        self._park: Batcher[Parked, None] = Batcher(_park_all, max_size=MOST_IN_HAND)
        self._attempts = AttemptWriter(tracker, poll_ms=pace.poll_ms)
        self._note_well: Batcher[str, None] = Batcher(self._note_all_well, max_size=MOST_IN_HAND)

    async def run_once(self) -> int:
        """Claim what has room or is due and start each order on its way; how many. Does not wait for providers."""
        started = 0
        parked = await queue_store.count_parked()
        for name, known in self._queues.items():
            known.parked = parked.get(name, {})
        for name in parked:
            queue = self._queue(name)
            if queue is not None and queue.wants_more:
                room = min(queue.room, MOST_IN_HAND - len(self._in_hand))
                orders = await queue_store.claim_parked(name, room, after=queue.served_last)
                if orders:
                    queue.served_last = orders[-1].reseller
                    started += await self._start(orders)
        due = await queue_store.claim_due(min(MOST_IN_HAND - len(self._in_hand), CLAIM_AT_ONCE))
        return started + await self._start(due)

    async def _start(self, orders: Sequence[Order]) -> int:
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
        while under_way := [*self._in_hand.values(), *self._glances]:
            await asyncio.wait(under_way)

    async def stop(self, seconds: float) -> None:  # a time, not money
        """Let calls in flight end, for so long; then leave the rest to the sweeper.

        What has no turn yet stays queued.
        """
        waiting = dict(self._without_turn)
        for task in waiting.values():
            task.cancel()
        if waiting:
            with suppress(Exception):  # its lease runs out by itself
                await queue_store.release(list(waiting))
        if self._in_hand:
            await asyncio.wait(self._in_hand.values(), timeout=seconds)
        for task in (*self._in_hand.values(), *self._glances):
            task.cancel()

    async def sweep(self) -> int:
        """Call every attempt unsure that is past its deadline: its process died, or the answer is lost."""
        for attempt in await attempt_store.long_unsure(clock.now() - TELL_MS):
            log.warning("order.still_unsure", order=attempt.order_id, provider=attempt.provider)
            text = f"still unsure: nobody can tell whether {attempt.provider} has it"
            await store.note(attempt.order_id, OrderState.UNSURE, text, kind=EventKind.STILL_UNSURE)
        late = await attempt_store.overdue()
        for attempt in late:
            await self._attempts.call_unsure(
                attempt, error="TRANSPORT", text="no result was stored before the deadline", raw=""
            )
            self._look_at_balance(attempt)
        return len(late)

    def _look_at_balance(self, attempt: Attempt) -> None:
        """At once, beside all else: what comes in later might hide what this add took."""
        task = asyncio.create_task(self._look(attempt))
        self._glances.add(task)
        task.add_done_callback(self._glances.discard)

    async def _look(self, attempt: Attempt) -> None:
        try:
            await self._glance(attempt)
        except Exception as error:  # noqa: BLE001  # whatever it is, the sweep goes on
            tell_failure(log, "balance.not_looked_at", error, provider=attempt.provider)

    async def _step(
        self, order: Order, attempts: Sequence[Attempt], market: Market, earlier: asyncio.Task[None] | None
    ) -> None:
        """Take one order; one that a refusal has just put back is taken again when its earlier step has ended."""
        if earlier is not None:
            await asyncio.wait([earlier])
        try:
            await self._take(order, attempts, market)
        except Exception as error:  # noqa: BLE001  # the others go out
            tell_failure(log, "dispatch.failed", error, order=order.id)

    async def _take(self, order: Order, attempts: Sequence[Attempt], market: Market) -> None:
        give_up_ms = self._pace.give_up_ms
        waits = order.same_link == "queue" and market.now - order.created_at < give_up_ms
        if waits and await store.earlier_on_link(order):
            await store.postpone(order.id, market.now + LINK_PAUSE_MS)
            return
        routes = await self._router.routes(order, attempts, market)
        chosen = failover.choose(
            order,
            attempts,
            routes,
            now=market.now,
            give_up_ms=give_up_ms,
            queues=self._waits(order),
            unsold=self._router.unsold(order),
        )
        match chosen:
            case Go(route=route):
                await self._place(order, attempts, route, market)
            case Wait(until=until, reason=reason):
                await store.postpone(order.id, until)
                await store.note(order.id, order.state, f"waiting: {reason}"[:500])
            case GiveUp(reason=reason):
                ended = await settle(order, order.quantity, note=f"given up: {reason}"[:500])
                if ended is not None:
                    await self._tracker.refresh([ended])

    def _waits(self, order: Order) -> Queues:
        """How long the order would wait at each provider that has a queue."""
        waits = {name: queue.wait_ms(order.reseller) for name, queue in self._queues.items()}
        return Queues(waits, self._pace.patience_ms)

    async def _place(self, order: Order, attempts: Sequence[Attempt], route: Route, market: Market) -> None:
        """Take a turn, then write the attempt down and send it; where there is no room, the order is parked."""
        provider = route.offer.provider
        adapter, queue = self._upstreams.adapter(provider), self._queue(provider)
        if adapter is None or queue is None:
            return
        if not queue.room:
            queue.note_parked(order.reseller)
            await self._park(Parked(order.id, provider, clock.now() + self._pace.patience_ms))
            return
        queue.in_hand += 1
        try:
            async with self._turn(order, adapter) as turn:
                now = await self._still_so(order, attempts, route, market)
                if now is None:
                    await store.postpone(order.id, clock.now())
                    return
                sent = new_reference(adapter.profile)
                new = self._router.new_attempt(order, now[0], adapter, now[1])
                attempt = await self._attempts.begin(NewDispatch(order, new, sent, self._minds_links(provider)))
                answer = None if attempt is None else await self._submit(order, attempt, adapter, sent, turn)
            # The next may be sent while this answer is written down.
            if attempt is not None and answer is not None:
                await self._conclude(order, attempt, adapter, answer)
        finally:
            queue.in_hand -= 1
            if queue.parked and queue.wants_more:
                self._wake()

    @asynccontextmanager
    async def _turn(self, order: Order, adapter: Adapter) -> AsyncIterator[Turn]:
        """While it is waited for, nothing is written down: whoever stops the panel takes the order back."""
        task = asyncio.current_task()
        assert task is not None
        self._without_turn[order.id] = task
        try:
            async with adapter.turn() as turn:
                self._without_turn.pop(order.id, None)
                yield turn
        finally:
            self._without_turn.pop(order.id, None)

    async def _still_so(
        self, order: Order, attempts: Sequence[Attempt], route: Route, market: Market
    ) -> tuple[Route, Market] | None:
        """The same decision by the market of now, where it has grown old while the order waited; None: another one."""
        if clock.now() - market.now <= STALE_MS:
            return route, market
        fresh = await self._router.look()
        routes = await self._router.routes(order, attempts, fresh)
        chosen = failover.choose(order, attempts, routes, now=fresh.now, give_up_ms=self._pace.give_up_ms)
        same = isinstance(chosen, Go) and chosen.route.offer.provider == route.offer.provider
        return (chosen.route, fresh) if same and isinstance(chosen, Go) else None

    def _queue(self, provider: str) -> ProviderQueue | None:
        """None for a provider that is not configured any more."""
        adapter = self._upstreams.adapter(provider)
        if adapter is None:
            self._queues.pop(provider, None)
            return None
        queue = self._queues.setdefault(provider, ProviderQueue(adapter.profile))
        queue.profile = adapter.profile
        return queue

    def _minds_links(self, provider: str) -> bool:
        settings = self._upstreams.settings(provider)
        return settings is not None and settings.same_link_policy != "allow"

    async def _submit(
        self, order: Order, attempt: Attempt, adapter: Adapter, sent: Sent | None, turn: Turn
    ) -> Placement | ProviderError | None:
        """What the provider made of it; None where nothing was sent."""
        if clock.now() > attempt.deadline_at - adapter.profile.add_timeout_ms:
            # Held up until now, it would still be sending when all others believe the attempt over.
            error = Unreachable("held up for too long before anything was sent")
            await self._refuse(order, attempt, failover.outcome_of(error), error)
            return None
        begun = time.monotonic()
        try:
            placement = await adapter.add(submission_of(order, attempt, sent), turn)
        except ProviderError as error:
            return error
        queue = self._queue(attempt.provider)
        if queue is not None:
            queue.note_call(time.monotonic() - begun)
        return placement

    async def _conclude(
        self, order: Order, attempt: Attempt, adapter: Adapter, answer: Placement | ProviderError
    ) -> None:
        if isinstance(answer, ProviderError):
            await text_sizes.learn(order, attempt.service, adapter.profile, answer)
            await self._answered(order, attempt, answer)
            await note_call(attempt.provider, answer, breaker_ms=self._pace.breaker_ms)
        else:
            await self._attempts.accept(Acceptance(order, attempt, answer))
            await self._note_well(attempt.provider)

    async def _answered(self, order: Order, attempt: Attempt, error: ProviderError) -> None:
        outcome = failover.outcome_of(error)
        log.info("add.not_accepted", order=order.id, provider=attempt.provider, outcome=outcome, code=error.code)
        if outcome is Outcome.UNSURE:
            await self._attempts.call_unsure(
                attempt, error=error.code, text=error.text, raw=error.raw, status=error.status
            )
            self._look_at_balance(attempt)
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
        await cooldown.note_limits(attempt.provider, attempt.service, error)
        if error.learned_step is not None:
            await learned_store.learn_step(attempt.provider, attempt.service, error.learned_step)
        if error.code in ASK_AGAIN:
            if error.code is Code.FUNDS:
                await catalog_store.set_provider(attempt.provider, balance_due_at=0)
            else:
                await catalog_store.set_provider(attempt.provider, sync_due_at=0)

    async def _note_all_well(self, providers: Sequence[str]) -> list[None]:
        for provider in set(providers):
            await note_call(provider, None, breaker_ms=self._pace.breaker_ms)
        return [None] * len(providers)


async def _park_all(parked: Sequence[Parked]) -> list[None]:
    await queue_store.park(parked)
    return [None] * len(parked)
