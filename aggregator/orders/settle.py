"""Commits an ending: the state, the undelivered units and every cent that follows, in one transaction, once."""

from __future__ import annotations

from aggregator.ledger import book, entries
from aggregator.orders import store
from aggregator.orders.model import Order
from aggregator.orders.state import ended_as
from aggregator.storage.transaction import write
from pricing import refund


async def settle(
    order: Order,
    undelivered: int,
    *,
    note: str,
    start_count: int | None = None,
    runs_done: int | None = None,
    decision: int | None = None,
) -> Order | None:
    """End an order with so many units undelivered, or raise that number for one that has ended.

    `order` is the row the decision was made on: where it has changed since, nothing happens and None is returned.
    """
    return await write(
        lambda: apply(order, undelivered, note=note, start_count=start_count, runs_done=runs_done, decision=decision)
    )


async def apply(
    order: Order,
    undelivered: int,
    *,
    note: str,
    start_count: int | None = None,
    runs_done: int | None = None,
    decision: int | None = None,
) -> Order | None:
    """`settle` inside a transaction that is running already."""
    state = ended_as(undelivered=undelivered, quantity=order.quantity)
    start = order.start_count if start_count is None else start_count
    done = order.runs_done if runs_done is None else runs_done
    moved = await store.lose(order, state=state, undelivered=undelivered, start_count=start, runs_done=done)
    if moved is None:
        return None
    due = refund.due(moved.charge, moved.undelivered, moved.quantity, moved.refunded)
    late = order.state.ended
    if due:
        await _pay_back(moved, due, late=late, decision=decision)
    kept = moved.charge - moved.refunded - due
    if not late and kept:
        await book.post(entries.earned(order.id, order.reseller, kept))
    await store.note(order.id, state, note)
    return await store.get(order.id)


async def _pay_back(order: Order, due: int, *, late: bool, decision: int | None) -> None:
    entry = entries.refunded(order.id, order.reseller, due, undelivered=order.undelivered, late=late, decision=decision)
    await store.add_refunded(order.id, due)
    await book.post(entry)
