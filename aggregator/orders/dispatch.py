"""Sends queued orders out: claim, decide a route, write the attempt down, then call the provider, then commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import structlog
from msgspec import Struct

from aggregator.catalog import health, words
from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstreams import Upstreams
from aggregator.joined import Joined
from aggregator.orders import attempt_store, day_store, evidence_store, failover, store
from aggregator.orders.attempt_store import DuplicateUpstreamOrder, NewAttempt, Taken
from aggregator.orders.evidence_store import Sent
from aggregator.orders.failover import GiveUp, Go, Wait
from aggregator.orders.model import Attempt, Order
from aggregator.orders.routing import Market, Router
from aggregator.orders.settle import apply, settle
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.submit import new_reference, submission_of
from aggregator.orders.track import Tracker
from aggregator.settings import PaceSettings
from aggregator.storage import clock, tables
from aggregator.storage.transaction import write, write_surely
from pricing.route import Route
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused, Unreachable
from providers.vocabulary import Placement

log = structlog.get_logger(__name__)

CLAIM_AT_ONCE = 50
MOST_IN_HAND = 1_000
MOST_AT_ONCE = 64
"""Orders in one transaction."""
CROWDED_SECONDS = 0.2  # not money
"""Before more orders are claimed while a provider has as many waiting for it as it may."""
LINK_PAUSE_MS = 5_000
"""Between two looks whether a link has become free."""
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
        return self.waiting >= self.most_waiting


class Departure(Struct, frozen=True):
    """An order about to leave, and our id of it where its provider is told one."""

    order: Order
    new: NewAttempt
    sent: Sent | None


class Arrival(Struct, frozen=True):
    """An order that its provider has taken."""

    order: Order
    attempt: Attempt
    placement: Placement


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
        self._depart: Joined[Departure, Attempt | None] = Joined(self._begin, most=MOST_AT_ONCE)
        self._depart_alone: Joined[Departure, Attempt | None] = Joined(self._begin, most=1)
        """For providers that mind links: each must see who left before it."""
        self._arrive: Joined[Arrival, None] = Joined(self._accepted, most=MOST_AT_ONCE)

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
            await self._commit_unsure(
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
        chosen = failover.choose(order, attempts, routes, now=market.now, give_up_ms=give_up_ms)
        match chosen:
            case Go(route=route):
                await self._place(order, route, market)
            case Wait(until=until, reason=reason):
                await store.postpone(order.id, until)
                await store.note(order.id, order.state, f"waiting: {reason}"[:500])
            case GiveUp(reason=reason):
                await self._ended(await settle(order, order.quantity, note=f"given up: {reason}"[:500]))

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
                leaving = Departure(order, self._router.new_attempt(order, route, adapter, market), sent)
                depart = self._depart_alone if self._minds_links(provider) else self._depart
                attempt = await depart(leaving)
                if attempt is not None:
                    await self._submit(order, attempt, adapter, sent)
        finally:
            lane.waiting -= 1

    def _lane(self, adapter: Adapter) -> Lane:
        profile = adapter.profile
        return self._lanes.setdefault(f"{profile.name}:{profile.parallel}", Lane(profile.parallel))

    async def _begin(self, batch: Sequence[Departure]) -> Sequence[Attempt | Exception | None]:
        """Write down that orders leave, all together, and one by one where that fails; None for one that stays."""

        async def work() -> dict[int, Attempt]:
            going = [leaving for leaving in batch if await self._link_is_free(leaving)]
            left = await store.depart([leaving.order.id for leaving in going])
            gone = [leaving for leaving in going if leaving.order.id in left]
            attempts = await attempt_store.insert_many([leaving.new for leaving in gone])
            sent = {attempts[leaving.order.id].id: leaving.sent for leaving in gone if leaving.sent is not None}
            await evidence_store.keep_references(sent)
            return attempts

        try:
            attempts = await write(work)
        except Exception as error:  # noqa: BLE001  # it is told to whoever waits for it
            if len(batch) == 1:
                return [error]
            return [answer for leaving in batch for answer in await self._begin([leaving])]
        return [attempts.get(leaving.order.id) for leaving in batch]

    async def _link_is_free(self, leaving: Departure) -> bool:
        order, new = leaving.order, leaving.new
        if self._minds_links(new.provider) and await attempt_store.link_runs(order, new.provider, new.service):
            await store.postpone(order.id, clock.now() + LINK_PAUSE_MS)
            return False
        return True

    def _minds_links(self, provider: str) -> bool:
        settings = self._upstreams.settings(provider)
        return settings is not None and settings.same_link_policy != "allow"

    async def _submit(self, order: Order, attempt: Attempt, adapter: Adapter, sent: Sent | None) -> None:
        if clock.now() > attempt.deadline_at - round(adapter.profile.add_timeout_seconds * 1000):
            # Held up until now, it would still be sending when all others believe the attempt over.
            error = Unreachable("held up for too long before anything was sent")
            await self._commit_refusal(order, attempt, failover.outcome_of(error), error)
            return
        try:
            placement = await adapter.add(submission_of(order, attempt, sent))
        except ProviderError as error:
            await self._answered(order, attempt, error)
            await self._note_health(attempt.provider, error)
        else:
            await self._arrive(Arrival(order, attempt, placement))

    async def _accepted(self, batch: Sequence[Arrival]) -> Sequence[Exception | None]:
        """Write down that orders were taken, all together, and one by one where that fails."""
        taken = [Taken(one.attempt.id, one.placement.order, one.placement.raw) for one in batch]

        async def work() -> None:
            poll_at = clock.now() + round(self._pace.poll_seconds * 1000)
            answered = await attempt_store.accept(taken, poll_at=poll_at)
            await store.activate([one.order.id for one in batch if one.attempt.id in answered])
            for one in batch:
                if one.attempt.id not in answered:
                    await _attach(one)

        try:
            await write_surely(work)
        except Exception as error:  # noqa: BLE001  # it is told to whoever waits for it
            if len(batch) > 1:
                return [answer for one in batch for answer in await self._accepted([one])]
            if not isinstance(error, DuplicateUpstreamOrder):
                return [error]
            await self._commit_duplicate(batch[0])
        await self._tracker.refresh(await store.get_many([one.order.id for one in batch]))
        for provider in {one.attempt.provider for one in batch}:
            await self._note_health(provider, None)
        return [None] * len(batch)

    async def _commit_duplicate(self, one: Arrival) -> None:
        text = f"the provider gave the id {one.placement.order[:60]} of another order"
        await self._commit_unsure(one.attempt, error="DUPLICATE_ORDER", text=text, raw=one.placement.raw)

    async def _answered(self, order: Order, attempt: Attempt, error: ProviderError) -> None:
        outcome = failover.outcome_of(error)
        log.info("add.not_accepted", order=order.id, provider=attempt.provider, outcome=outcome, code=error.code)
        if outcome is Outcome.UNSURE:
            await self._commit_unsure(attempt, error=error.code, text=error.text, raw=error.raw)
            return
        await self._commit_refusal(order, attempt, outcome, error)
        if isinstance(error, Refused):
            await self._learn(attempt, error)

    async def _commit_unsure(self, attempt: Attempt, *, error: str, text: str, raw: str) -> None:
        async def work() -> None:
            changes = _told(error, text, raw)
            answered = await attempt_store.answer(attempt.id, Outcome.UNSURE, source=[Outcome.PLACING], changes=changes)
            if answered is not None:
                await store.advance(attempt.order_id, [OrderState.PLACING], OrderState.UNSURE)
                await store.note(attempt.order_id, OrderState.UNSURE, f"{attempt.provider}: {text}"[:500])

        await write_surely(work)
        await self._refresh(attempt.order_id)

    async def _commit_refusal(self, order: Order, attempt: Attempt, outcome: Outcome, error: ProviderError) -> None:
        async def work() -> Order | None:
            changes = _told(error.code, error.text, error.raw)
            if await attempt_store.answer(attempt.id, outcome, changes=changes) is None:
                return None
            now = await store.get(order.id)
            if now is not None and now.cancel_wish:
                ended = await apply(now, now.quantity, note="cancelled by the reseller; the provider refused it")
                if ended is not None:
                    return ended
            for source in (OrderState.PLACING, OrderState.UNSURE):
                await store.enqueue(order.id, source, due_at=clock.now())
            return None

        await self._ended(await write_surely(work))
        self._wake()

    async def _learn(self, attempt: Attempt, error: Refused) -> None:
        """A refusal that shows that our picture of the provider is old."""
        if error.code is Code.SERVICE_GONE:
            await catalog_store.withdraw(attempt.provider, attempt.service, "the provider says it is gone")
        await catalog_store.learn_limits(
            attempt.provider, attempt.service, error.learned_minimum, error.learned_maximum
        )
        if error.code in ASK_AGAIN:
            due = {"balance_due_at": 0} if error.code is Code.FUNDS else {"sync_due_at": 0}
            await catalog_store.set_provider(attempt.provider, **due)

    async def _note_health(self, provider: str, error: ProviderError | None) -> None:
        await words.note_error(provider, error)
        row = await catalog_store.provider(provider)
        breaker_ms = round(self._pace.breaker_seconds * 1000)
        after = health.after(row, error, now=clock.now(), breaker_ms=breaker_ms)
        if after is not None:
            await catalog_store.set_health(provider, after)

    async def _refresh(self, order: int) -> None:
        await self._ended(await store.get(order))

    async def _ended(self, order: Order | None) -> None:
        if order is not None:
            await self._tracker.refresh([order])


async def _attach(one: Arrival) -> None:
    """Follow an attempt that was taken after it had been given up."""
    if await attempt_store.attach(one.attempt.id, one.placement.order):
        await day_store.add_found(one.attempt.id)
        text = f"{one.attempt.provider} took it after all, as {one.placement.order}: the owner's cost"
        await store.note(one.order.id, one.order.state, text[:500])


def _told(error: str, text: str, raw: str) -> dict[object, str]:
    return {
        tables.Attempt.error: str(error),
        tables.Attempt.error_text: text[:500],
        tables.Attempt.reply: raw[:2000],
    }
