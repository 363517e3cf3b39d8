"""Writes down what becomes of an order at a provider: it leaves, was taken, was refused, or nobody can tell.

Each is one commit with what it means for the order. Orders that leave or were taken at the same moment share theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from msgspec import Struct
from msgspec.structs import replace

from aggregator.batching import Batcher
from aggregator.ledger.book import WalletFull
from aggregator.orders import attempt_store, store
from aggregator.orders.attempt_store import AcceptedAdd, AttemptChanges, DuplicateUpstreamOrder, NewAttempt
from aggregator.orders.dispatching import reference_store
from aggregator.orders.dispatching.reference_store import Sent
from aggregator.orders.model import KEPT_OF_A_REPLY, Attempt, Order
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.settle import apply
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.track import Tracker
from aggregator.orders.upstream_ids import id_reuse, reuse_store
from aggregator.orders.upstream_ids.reuse_store import Named
from aggregator.storage import clock
from aggregator.storage.engine import is_unreachable
from aggregator.storage.transaction import write, write_with_retry
from providers.errors import ProviderError
from providers.vocabulary import Placement

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 64
"""Orders in one transaction."""
LINK_PAUSE_MS = 5_000
"""Between two looks whether a link has become free."""


class NewDispatch(Struct, frozen=True):
    """An order about to leave."""

    order: Order
    new: NewAttempt
    sent: Sent | None
    """Our id of it, where its provider is told one."""
    link_must_be_free: bool
    """Whether it must wait while another order for its link is live there."""


class Acceptance(Struct, frozen=True):
    """An order that its provider has taken."""

    order: Order
    attempt: Attempt
    placement: Placement


class AttemptWriter:
    """The ways in which an attempt begins and is answered; the replies of orders follow each."""

    def __init__(self, tracker: Tracker, *, poll_ms: int) -> None:
        self._tracker = tracker
        self._poll_ms = poll_ms
        # Where the database is away it is so for all; any other failure is the fault of one among them.
        self._together: Batcher[NewDispatch, Attempt | None] = Batcher(
            self._begin, max_size=MOST_AT_ONCE, retry_alone=_is_of_one
        )
        self._in_turn: Batcher[NewDispatch, Attempt | None] = Batcher(self._begin, max_size=1)
        self._arrive: Batcher[Acceptance, None] = Batcher(self._accept, max_size=MOST_AT_ONCE, retry_alone=_is_of_one)
        self._show: Batcher[int, None] = Batcher(self._refresh, max_size=MOST_AT_ONCE)

    async def begin(self, departure: NewDispatch) -> Attempt | None:
        """Before anything is sent; None where the order stays, for its link or because it has moved on."""
        # Who minds a link must see who left for it before.
        return await (self._in_turn if departure.link_must_be_free else self._together)(departure)

    async def _begin(self, batch: Sequence[NewDispatch]) -> list[Attempt | None]:
        async def work() -> dict[int, Attempt]:
            going = [one for one in batch if await _may_leave(one)]
            left = await store.mark_placing([one.order.id for one in going])
            gone = [one for one in going if one.order.id in left]
            attempts = await attempt_store.insert_many([one.new for one in gone])
            sent = {attempts[one.order.id].id: one.sent for one in gone if one.sent is not None}
            await reference_store.keep_references(sent)
            return attempts

        attempts = await write(work)
        return [attempts.get(one.order.id) for one in batch]

    async def accept(self, arrival: Acceptance) -> None:
        """The provider has it. An id that is another attempt's still is no yes: the attempt is unsure then."""
        try:
            await self._arrive(arrival)
        except DuplicateUpstreamOrder:
            await self._clash(arrival)
        else:
            await self._show(arrival.order.id)

    async def _accept(self, batch: Sequence[Acceptance]) -> list[None]:
        taken = [AcceptedAdd(one.attempt.id, one.placement.order, one.placement.raw) for one in batch]

        async def work() -> None:
            answered = await attempt_store.accept(taken, poll_at=clock.now() + self._poll_ms)
            arrived = [one for one in batch if one.attempt.id in answered]
            await store.activate([one.order.id for one in arrived])
            await id_reuse.take_over([_named(one) for one in arrived], [one.order.id for one in arrived])
            for one in batch:
                if one.attempt.id not in answered:
                    await _attach(one)

        await write_with_retry(work)
        return [None] * len(batch)

    async def _clash(self, arrival: Acceptance) -> None:
        """The id is another attempt's: nobody can tell which of the two has been taken under it."""
        order, attempt, given = arrival.order, arrival.attempt, arrival.placement.order
        text = f"the provider gave the id {given[:60]} of another order"
        log.warning("add.id_given_again", order=order.id, provider=attempt.provider)
        told = await self.call_unsure(
            attempt, error="DUPLICATE_ORDER", text=text, raw=arrival.placement.raw, given=given
        )
        now = await store.get(order.id)
        if not told and now is not None:
            await store.note(order.id, now.state, f"{attempt.provider}: {text}")
        for one in await reuse_store.earlier([_named(arrival)]):
            note = f"{attempt.provider} gave its id {given[:60]} a second time, to an order that is unsure since"
            await store.note(one.order.id, one.order.state, note)

    async def call_unsure(
        self,
        attempt: Attempt,
        *,
        error: str,
        text: str,
        raw: str,
        given: str | None = None,
        status: int | None = None,
    ) -> bool:
        """Nobody can tell whether the provider has it; whether that was still to be said. `given` = another's id."""

        async def work() -> bool:
            changes = replace(_told(error, text, raw), reply_status=status)
            source = [Outcome.PLACING]
            if given is not None:
                changes = replace(changes, given_order=given)
                source.append(Outcome.UNSURE)
            if await attempt_store.answer(attempt.id, Outcome.UNSURE, source=source, changes=changes) is None:
                return False
            await store.advance(attempt.order_id, [OrderState.PLACING], OrderState.UNSURE)
            await store.note(attempt.order_id, OrderState.UNSURE, f"{attempt.provider}: {text}"[:500])
            return True

        told = await write_with_retry(work)
        await self._show(attempt.order_id)
        return told

    async def refuse(self, order: Order, attempt: Attempt, outcome: Outcome, error: ProviderError) -> None:
        """The provider does not have it: back into the queue, or an end where it was called off meanwhile."""
        try:
            ended = await self._refuse(order, attempt, outcome, error, may_end=True)
        except WalletFull:
            # What the provider said is kept; the order waits in the queue until it can be paid back.
            ended = await self._refuse(order, attempt, outcome, error, may_end=False)
        if ended is not None:
            await self._tracker.refresh([ended])

    async def _refuse(
        self, order: Order, attempt: Attempt, outcome: Outcome, error: ProviderError, *, may_end: bool
    ) -> Order | None:
        async def work() -> Order | None:
            changes = _told(error.code, error.text, error.raw)
            if await attempt_store.answer(attempt.id, outcome, changes=changes) is None:
                return None
            now = await store.get(order.id)
            if may_end and now is not None and now.cancel_wish:
                ended = await apply(now, now.quantity, note="cancelled by the reseller; the provider refused it")
                if ended is not None:
                    return ended
            for source in (OrderState.PLACING, OrderState.UNSURE):
                await store.enqueue(order.id, source, due_at=clock.now())
            return None

        return await write_with_retry(work)

    async def _refresh(self, orders: Sequence[int]) -> list[None]:
        await self._tracker.refresh(await store.get_many(orders))
        return [None] * len(orders)


def _is_of_one(error: Exception) -> bool:
    return not is_unreachable(error)


async def _may_leave(departure: NewDispatch) -> bool:
    order, new = departure.order, departure.new
    if departure.link_must_be_free and await attempt_store.link_runs(order, new.provider, new.service):
        await store.postpone(order.id, clock.now() + LINK_PAUSE_MS)
        return False
    return True


async def _attach(arrival: Acceptance) -> None:
    """Follow an attempt that was taken after it had been given up."""
    order, attempt, placement = arrival.order, arrival.attempt, arrival.placement
    if await attempt_store.attach(attempt.id, placement.order):
        await id_reuse.take_over([_named(arrival)], [order.id])
        await daily_totals_store.add_found(attempt.id)
        text = f"{attempt.provider} took it after all, as {placement.order}: the owner's cost"
        await store.note(order.id, order.state, text[:500])


def _named(arrival: Acceptance) -> Named:
    return Named(arrival.attempt.id, arrival.attempt.provider, arrival.placement.order)


def _told(error: str, text: str, raw: str) -> AttemptChanges:
    return AttemptChanges(error=str(error), error_text=text[:500], reply=raw[:KEPT_OF_A_REPLY])
