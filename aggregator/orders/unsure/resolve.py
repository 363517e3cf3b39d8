"""The owner's ways out: what is unsure is found, absent or written off, what is held is settled; each once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NoReturn

from msgspec import UNSET

from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstream import word_store
from aggregator.catalog.upstream.word_store import WordRow
from aggregator.ledger.book import WalletFull
from aggregator.orders import attempt_store, store
from aggregator.orders.attempt_store import AttemptChanges, DuplicateUpstreamOrder
from aggregator.orders.following import cancel_store
from aggregator.orders.model import Attempt, Order, Undecidable
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.settle import WALLET_FULL, apply
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.upstream_ids import id_reuse
from aggregator.orders.upstream_ids.reuse_store import Named
from aggregator.storage import clock, decisions
from aggregator.storage.transaction import write

UNANSWERED = (Outcome.UNSURE, Outcome.ABSENT, Outcome.WRITTEN_OFF)


async def found(
    order_id: int,
    upstream_order: str,
    *,
    actor: str,
    reason: str,
    by_rule: bool = False,
    attempt_id: int | None = None,
    proven: bool = True,
) -> Order:
    """The provider has it under this id: follow it. For an attempt once given up it is the owner's cost.

    `by_rule`: no person has decided it. `attempt_id` is the one that the evidence is about: where the order is at
    another by now, nothing happens.
    An id of an order that has ended is this one's from now on; where that is still watched, only if it is `proven`.
    """
    order = await _order(order_id)
    attempt = await _last_attempt(order, UNANSWERED, "there is no unsure attempt to find")
    if attempt_id not in (None, attempt.id):
        _changed()

    # A person who found it looked at the account of today.
    door = None if by_rule else (await catalog_store.provider(attempt.provider)).door

    async def work() -> None:
        await _decide(order, "found", upstream_order, actor=actor, reason=reason)
        await id_reuse.take_over([Named(attempt.id, attempt.provider, upstream_order)], [order.id], watched_too=proven)
        outcome = Outcome.ACCEPTED if attempt.outcome is Outcome.UNSURE else attempt.outcome
        known = UNSET if door is None else door
        changes = AttemptChanges(upstream_order=upstream_order, poll_at=clock.now(), door=known)
        answered = await attempt_store.answer(attempt.id, outcome, source=[attempt.outcome], changes=changes)
        if answered is None:
            _changed()
        if outcome is Outcome.ACCEPTED and not await store.advance(order.id, [OrderState.UNSURE], OrderState.ACTIVE):
            _changed()
        await daily_totals_store.add_found(attempt.id)
        await store.note(order.id, order.state, f"found at {attempt.provider} by decision")

    try:
        await write(work)
    except DuplicateUpstreamOrder as error:
        raise Undecidable(
            f"{attempt.provider}'s order {upstream_order} belongs to another attempt that is not over"
        ) from error
    return await _told(order_id)


async def absent(
    order_id: int, *, actor: str, reason: str, settle_ms: int, by_rule: bool = False, attempt_id: int | None = None
) -> Order:
    """The provider does not have it: back into the queue, or cancelled where the reseller wished so.

    `by_rule`: no person has decided it, so that no money moves of an order that stands still since a red audit.
    """
    order = await _order(order_id)
    attempt = await _believable(order, settle_ms)
    if attempt_id not in (None, attempt.id):
        _changed()

    async def work() -> None:
        decision = await _give_attempt_up(order, attempt, Outcome.ABSENT, actor=actor, reason=reason)
        if order.cancel_wish:
            note = "cancelled by the reseller; the provider does not have it"
            await _cancel(order, note, decision, halted_too=not by_rule)
        elif not await store.enqueue(order.id, OrderState.UNSURE, due_at=clock.now()):
            _changed()
        else:
            await store.note(order.id, OrderState.QUEUED, f"absent at {attempt.provider} by decision")

    await _commit(work)
    return await _told(order_id)


async def refused(order_id: int, word: WordRow, *, settle_ms: int, attempt_id: int) -> Order:
    """Its provider's kept reply is a refusal, by what somebody said that its words mean: it goes on as after one."""
    order = await _order(order_id)
    attempt = await _believable(order, settle_ms)
    if attempt.id != attempt_id or word.meaning is None:
        _changed()
    said = f"{attempt.provider}: {word.text} = {word.meaning}"[:500]
    changes = AttemptChanges(error=word.meaning, error_text=word.text[:500], judged_word=word.id)

    async def work() -> None:
        if not await word_store.still_means(word):
            _changed()
        reason = f"explained {said}" + (f": {word.explained_why}" if word.explained_why else "")
        decision = await _decide(order, Outcome.REFUSED.value, said, actor=word.explained_by or "", reason=reason)
        if await attempt_store.answer(attempt.id, Outcome.REFUSED, source=[Outcome.UNSURE], changes=changes) is None:
            _changed()
        if order.cancel_wish:
            note = "cancelled by the reseller; the provider refused it"
            await _cancel(order, note, decision, halted_too=False)
        elif not await store.enqueue(order.id, OrderState.UNSURE, due_at=clock.now()):
            _changed()
        else:
            await store.note(order.id, OrderState.QUEUED, f"refused by decision: {said}"[:500])

    await write(work)
    return await _told(order_id)


async def write_off(order_id: int, *, actor: str, reason: str, settle_ms: int, attempt_id: int | None = None) -> Order:
    """Nobody will ever know: cancel and refund the reseller at the owner's risk."""
    order = await _order(order_id)
    attempt = await _believable(order, settle_ms)
    if attempt_id not in (None, attempt.id):
        _changed()

    async def work() -> None:
        decision = await _give_attempt_up(order, attempt, Outcome.WRITTEN_OFF, actor=actor, reason=reason)
        await _cancel(order, "written off by decision", decision, halted_too=True)

    await _commit(work)
    return await _told(order_id)


async def settle_by_hand(order_id: int, undelivered: int, *, actor: str, reason: str) -> Order:
    """End a held order with so many units undelivered, or give goodwill on one that has ended."""
    order = await _order(order_id)
    if not 0 <= undelivered <= order.quantity:
        raise Undecidable(f"--undelivered must be between 0 and {order.quantity}")
    if not order.state.ended and order.state is not OrderState.ACTIVE:
        raise Undecidable(f"order {order_id} is {order.state}: nothing was accepted that could be settled")
    if order.state.ended and undelivered <= order.undelivered:
        raise Undecidable(
            f"{order.undelivered} units of order {order_id} are refunded already; that is never taken back"
        )

    async def work() -> None:
        decision = await _decide(order, "settled", str(undelivered), actor=actor, reason=reason)
        if await apply(order, undelivered, note="settled by decision", decision=decision, halted_too=True) is None:
            _changed()

    await _commit(work)
    return await _told(order_id)


async def call_off(order_id: int, *, actor: str, reason: str) -> Order:
    """The owner's cancel: at once in the queue, else asked of the provider."""
    order = await _order(order_id)

    async def work() -> None:
        decision = await _decide(order, "cancelled", actor=actor, reason=reason)
        if order.state is OrderState.QUEUED:
            await _cancel(order, "cancelled by decision", decision, halted_too=True)
        elif not await store.request_cancel(order.id):
            raise Undecidable(f"order {order_id} is {order.state} already")
        else:
            await _ask_off_again(order)

    await _commit(work)
    return await _told(order_id)


async def _ask_off_again(order: Order) -> None:
    """A provider that has refused to cancel is asked once an hour at the most."""
    refusing = await cancel_store.refusing(order.id)
    if refusing is not None and not await cancel_store.ask_again(refusing):
        raise Undecidable(f"{refusing.provider} refused to cancel it: {refusing.cancel_answer}; ask again in an hour")


async def _commit(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await write(work)
    except WalletFull as error:
        raise Undecidable(WALLET_FULL) from error


async def _order(order_id: int) -> Order:
    order = await store.get(order_id)
    if order is None:
        raise Undecidable(f"there is no order {order_id}")
    return order


async def _last_attempt(order: Order, outcomes: tuple[Outcome, ...], otherwise: str) -> Attempt:
    matching = [a for a in await attempt_store.of_order(order.id) if a.outcome in outcomes and not a.upstream_order]
    if not matching:
        raise Undecidable(f"order {order.id} is {order.state}: {otherwise}")
    return matching[-1]


async def doubted(order_id: int, *, settle_ms: int | None) -> tuple[Order, Attempt]:
    """The order, and the attempt that a decision would be about, for whoever is asked first whether to decide so.

    `settle_ms` None: to find it is never too early. Raises `Undecidable` where nothing could be decided.
    """
    order = await _order(order_id)
    if settle_ms is None:
        return order, await _last_attempt(order, UNANSWERED, "there is no unsure attempt to find")
    return order, await _believable(order, settle_ms)


async def _believable(order: Order, settle_ms: int) -> Attempt:
    """Absence right after an `add` proves nothing: providers list new orders late."""
    attempt = await _last_attempt(order, (Outcome.UNSURE,), "there is no unsure attempt to decide")
    earliest = attempt.deadline_at + settle_ms
    if clock.now() < earliest:
        seconds = (earliest - clock.now()) // 1000 + 1
        raise Undecidable(
            f"too early to tell: the order may still appear at {attempt.provider}; ask again in {seconds} s"
        )
    return attempt


async def _give_attempt_up(order: Order, attempt: Attempt, outcome: Outcome, *, actor: str, reason: str) -> int:
    decision = await _decide(order, outcome.value, actor=actor, reason=reason)
    if await attempt_store.answer(attempt.id, outcome, source=[Outcome.UNSURE]) is None:
        _changed()
    return decision


async def _cancel(order: Order, note: str, decision: int, *, halted_too: bool) -> None:
    if await apply(order, order.quantity, note=note, decision=decision, halted_too=halted_too) is None:
        _changed()


async def _decide(order: Order, verdict: str, detail: str = "", *, actor: str, reason: str) -> int:
    return await decisions.record("order", order.id, verdict, detail, actor=actor, reason=reason)


def _changed() -> NoReturn:
    raise Undecidable("the order has changed meanwhile: look at it again")


async def _told(order_id: int) -> Order:
    await store.invalidate_caches()
    return await _order(order_id)
