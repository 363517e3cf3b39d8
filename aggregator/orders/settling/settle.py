"""Commits an ending: the state, the undelivered units and the refund that follows, in one transaction, once."""

from __future__ import annotations

from aggregator.ledger import book, entries
from aggregator.orders import attempt_store, store
from aggregator.orders.model import Order
from aggregator.orders.reconciling import reconciliation_store
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.state import MAY_FOLLOW, EventKind, ended_as
from aggregator.storage.transaction import write
from pricing import refund

WALLET_FULL = "the wallet of its reseller cannot hold the refund: take something out of it first"


class _Overtaken(Exception):
    """The order has gone to another provider meanwhile, or its id there to another order."""


async def settle(
    order: Order,
    undelivered: int,
    *,
    note: str,
    kind: EventKind | None = None,
    start_count: int | None = None,
    runs_done: int | None = None,
    attempt: int | None = None,
) -> Order | None:
    """End an order with so many units undelivered, or raise that number for one that has ended.

    `order` is the row the decision was made on, `attempt` the one whose provider said so: where the order has changed
    since, runs elsewhere by now, has lost its id there, or stands still since a red audit, nothing happens and None is
    returned. So too where the wallet cannot hold the refund; the order is then held.
    """

    async def work() -> Order | None:
        ended = await apply(order, undelivered, note=note, kind=kind, start_count=start_count, runs_done=runs_done)
        # Asked with the order's row in hand: whoever calls an attempt off must take that row, too.
        if attempt is not None and not await attempt_store.decides(attempt, late=order.state.ended):
            raise _Overtaken
        if attempt is not None and ended is not None:
            await reconciliation_store.add_due(order, attempt, undelivered)
        return ended

    try:
        return await write(work)
    except _Overtaken:
        return None
    except book.WalletFull:
        if await store.hold(order, WALLET_FULL):
            await store.note(order.id, order.state, f"held: {WALLET_FULL}")
        return None


async def apply(
    order: Order,
    undelivered: int,
    *,
    note: str,
    kind: EventKind | None = None,
    start_count: int | None = None,
    runs_done: int | None = None,
    decision: int | None = None,
    halted_too: bool = False,
) -> Order | None:
    """`settle` inside a transaction that is running already; `halted_too` = a person has decided it.

    Raises `ledger.book.WalletFull` where the wallet cannot hold the refund; the transaction must be given up.
    """
    state = ended_as(undelivered=undelivered, quantity=order.quantity)
    if state not in MAY_FOLLOW[order.state] or undelivered < order.undelivered:
        raise ValueError(
            f"an order that is {order.state}, {order.undelivered} undelivered, cannot end with {undelivered}"
        )
    start = order.start_count if start_count is None else start_count
    done = order.runs_done if runs_done is None else runs_done
    moved = await store.record_undelivered(
        order, state=state, undelivered=undelivered, start_count=start, runs_done=done, halted_too=halted_too
    )
    if moved is None:
        return None
    due = refund.due(moved.charge, moved.undelivered, moved.quantity, moved.refunded)
    late = order.state.ended
    if due:
        await _pay_back(moved, due, late=late, decision=decision)
    kept = moved.charge - moved.refunded - due
    if late:
        await daily_totals_store.add_lost(order, undelivered, due)
    elif kept:
        await book.post(entries.earned(order.id, order.reseller, kept))
    await store.note(order.id, state, note, kind=kind)
    return await store.get(order.id)


async def _pay_back(order: Order, due: int, *, late: bool, decision: int | None) -> None:
    entry = entries.refunded(order.id, order.reseller, due, undelivered=order.undelivered, late=late, decision=decision)
    await store.add_refunded(order.id, due)
    await book.post(entry)
