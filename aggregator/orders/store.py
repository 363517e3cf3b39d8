"""The rows of orders: accepted once, claimed, advanced by compare-and-set. The write is the question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from piccolo.columns.combination import WhereRaw
from piccolo.query.functions import Count

from aggregator.orders.halts import NOT_HALTED
from aggregator.orders.model import Order
from aggregator.orders.state import MAY_FOLLOW, OPEN, EventKind, OrderState, in_sql
from aggregator.storage import clock, conditions, signals, tables
from aggregator.storage.parameters import in_list, values_table
from aggregator.storage.tables import Event

_ORDER = tables.Order
_LEFT = in_sql(OrderState.PLACING, OrderState.UNSURE)
"""States of an order that has left for a provider and is not known to have arrived."""


class HistoryLine(Struct, frozen=True):
    """One thing that happened to an order."""

    at: int
    """Milliseconds since 1970."""
    state: str
    """Of the order then."""
    text: str


async def has_open(reseller: int, services: Sequence[int], link_key: str) -> bool:
    """Whether the reseller has an open order for this link, of a service by any of its ids."""
    open_here = _ORDER.state.is_in([state.value for state in OPEN]) & (_ORDER.link_key == link_key)
    return bool(
        await _ORDER.exists().where(open_here & (_ORDER.reseller == reseller) & _ORDER.service.is_in(list(services)))
    )


async def earlier_on_link(order: Order) -> bool:
    """Whether an older open order of the same service waits or runs for the same link."""
    open_here = _ORDER.state.is_in([state.value for state in OPEN]) & (_ORDER.link_key == order.link_key)
    return bool(await _ORDER.exists().where(open_here & (_ORDER.service == order.service) & (_ORDER.id < order.id)))


async def get(order: int) -> Order | None:
    rows = await _ORDER.select().where(_ORDER.id == order)
    return as_order(rows[0]) if rows else None


async def get_many(orders: Sequence[int]) -> list[Order]:
    """Those of the orders that there are, in no order."""
    if not orders:
        return []
    these, values = in_list("id", orders)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    return [as_order(row) for row in await _ORDER.raw(f"select * from orders where {these}", values)]


async def of_reseller(reseller: int, orders: Iterable[int]) -> dict[int, Order]:
    """Those of the orders that belong to the reseller."""
    wanted = [order for order in orders if 0 < order < 2**63]
    if not wanted:
        return {}
    these, values = in_list("id", wanted)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    rows = await _ORDER.raw(f"select * from orders where reseller = {{}} and {these}", reseller, values)
    return {row["id"]: as_order(row) for row in rows}


async def newest_of(reseller: int, limit: int) -> list[Order]:
    """A reseller's newest orders, the newest first."""
    query = _ORDER.select().where(_ORDER.reseller == reseller).order_by(_ORDER.id, ascending=False)
    return [as_order(row) for row in await query.limit(limit)]


async def postpone(order: int, until: int) -> None:
    """Leave a queued order until later."""
    await _ORDER.update({_ORDER.due_at: until}).where((_ORDER.id == order) & (_ORDER.state == OrderState.QUEUED.value))


async def make_due_now() -> None:
    """Something changed for the better (funds, a price, a provider): look at the waiting orders now."""
    later = (_ORDER.state == OrderState.QUEUED.value) & (_ORDER.due_at > clock.now())
    await _ORDER.update({_ORDER.due_at: clock.now()}).where(later)


async def mark_placing(orders: Sequence[int]) -> set[int]:
    """Let queued orders leave for a provider; those that leave, and do not stand still since a red audit."""
    these, values = in_list("id", orders)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    rows = await _ORDER.raw(
        f"update orders set state = 'placing' where {these} and state = 'queued' and {NOT_HALTED} returning id", values
    )
    return {row["id"] for row in rows}


async def activate(orders: Sequence[int]) -> None:
    """Their providers have them: what was on its way or unsure is active."""
    these, values = in_list("id", orders)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    await _ORDER.raw(f"update orders set state = 'active' where {these} and state in ({_LEFT})", values)


async def not_halted(orders: Iterable[int]) -> set[int]:
    """Those of the orders that do not stand still since a red audit."""
    rows = await _ORDER.select(_ORDER.id).where(_ORDER.id.is_in([0, *orders]) & WhereRaw(NOT_HALTED))
    return {row["id"] for row in rows}


async def advance(order: int, source: Iterable[OrderState], target: OrderState) -> bool:
    """Move an order if it still is in one of the source states; whether it moved."""
    return await _move(order, source, target, {})


async def _move(order: int, source: Iterable[OrderState], target: OrderState, changes: Mapping[Any, Any]) -> bool:
    states = [state.value for state in source if state is target or target in MAY_FOLLOW[state]]
    values = {_ORDER.state: target.value, **changes}
    if target.ended:
        values[_ORDER.ended_at] = clock.now()
    moved = await _ORDER.update(values).where((_ORDER.id == order) & _ORDER.state.is_in(states)).returning(_ORDER.id)
    return bool(moved)


async def enqueue(order: int, source: OrderState, *, due_at: int) -> bool:
    """Back into the queue: refused, never sent, absent by decision, or called off upstream.

    What its reseller was told of it stays, but for the units: all of them remain.
    """
    changes: dict[Any, Any] = {
        _ORDER.due_at: due_at,
        _ORDER.held: None,
        _ORDER.remains: _ORDER.quantity,
        _ORDER.sight: None,
        _ORDER.sight_at: None,
    }
    return await _move(order, [source], OrderState.QUEUED, changes)


async def clear_first_sighting(order: Order) -> None:
    """The provider says something else than the ending that it told of: only two answers in a row count."""
    if order.sight is not None:
        await _ORDER.update({_ORDER.sight: None, _ORDER.sight_at: None}).where(_ORDER.id == order.id)


async def hold(order: Order, reason: str) -> bool:
    """Show the order to the owner, unless it moved on meanwhile; whether it was not yet held for this reason."""
    changes: dict[Any, Any] = {_ORDER.held: reason, _ORDER.sight: None, _ORDER.sight_at: None}
    unmoved = (_ORDER.id == order.id) & (_ORDER.state == order.state.value)
    rows = await _ORDER.update(changes).where(unmoved).returning(_ORDER.id)
    return bool(rows) and order.held != reason


async def request_cancel(order: int, in_list: Iterable[OrderState] = OPEN) -> bool:
    """The reseller wants it called off as soon as that is possible; whether the order was in one of these states."""
    wished = (_ORDER.id == order) & _ORDER.state.is_in([state.value for state in in_list])
    return bool(await _ORDER.update({_ORDER.cancel_wish: True}).where(wished).returning(_ORDER.id))


async def record_undelivered(
    order: Order,
    *,
    state: OrderState,
    undelivered: int,
    start_count: int | None,
    runs_done: int | None,
    halted_too: bool = False,
) -> Order | None:
    """Set the undelivered units if nobody else has since; the row as it is now, with what had been paid before.

    Of an order that stands still since a red audit only if `halted_too`, which is for what a person decides.
    """
    changes: dict[Any, Any] = {
        _ORDER.state: state.value,
        _ORDER.undelivered: undelivered,
        _ORDER.start_count: start_count,
        _ORDER.remains: undelivered,
        _ORDER.runs_done: runs_done,
        _ORDER.held: None,
        _ORDER.sight: None,
        _ORDER.sight_at: None,
        _ORDER.ended_at: order.ended_at if order.ended_at is not None else clock.now(),
    }
    unchanged = (
        (_ORDER.id == order.id) & (_ORDER.state == order.state.value) & (_ORDER.undelivered == order.undelivered)
    )
    may = unchanged if halted_too else unchanged & WhereRaw(NOT_HALTED)
    rows = await _ORDER.update(changes).where(may).returning(*_ORDER.all_columns())
    return as_order(rows[0]) if rows else None


async def add_refunded(order: int, amount: int) -> None:
    """Count what is paid back; the table refuses more than the charge."""
    await _ORDER.update({_ORDER.refunded: _ORDER.refunded + amount}).where(_ORDER.id == order)


async def note(order: int, state: OrderState, text: str, *, kind: EventKind | None = None) -> None:
    """A line in the order's history, unless it stands there already for this state."""
    # SQL: it inserts unless the line is there.
    await Event.raw(
        "insert into events (order_id, state, text, kind, at) select {}, {}, {}, {}, {} where not exists"
        " (select 1 from events where order_id = {} and state = {} and text = {})",
        order,
        state.value,
        text,
        kind,
        clock.now(),
        order,
        state.value,
        text,
    )


async def note_all(lines: Sequence[tuple[int, OrderState, str]]) -> None:
    """A line in the history of each of these orders."""
    query, values = values_table(
        {"order_id": "bigint", "state": "text", "text": "text"},
        [(order, state.value, text) for order, state, text in lines],
    )
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    await Event.raw(
        "insert into events (order_id, state, text, at)"
        f" select order_id, state, text, cast({{}} as bigint) from ({query}) as told",
        clock.now(),
        *values,
    )


async def history(order: Order) -> list[HistoryLine]:
    """What happened to an order, oldest first."""
    rows = await Event.select(Event.at, Event.state, Event.text).where(Event.order_id == order.id).order_by(Event.id)
    lines = [msgspec.convert(row, HistoryLine) for row in rows]
    if order.asked_service is None:
        return lines
    text = f"ordered as service {order.asked_service}, an alias of {order.service}"
    return [HistoryLine(order.created_at, OrderState.QUEUED.value, text), *lines]


async def listed(
    *, states: Sequence[str] = (), held: bool = False, unsure: bool = False, limit: int | None = None
) -> list[Order]:
    """Orders for the owner's lists, the newest first."""
    query = _ORDER.select().order_by(_ORDER.id, ascending=False)
    if states:
        query = query.where(_ORDER.state.is_in(list(states)))
    if held:
        query = query.where(_ORDER.held.is_not_null())
    if unsure:
        query = query.where(_ORDER.state == OrderState.UNSURE.value)
    return [as_order(row) for row in await (query.limit(limit) if limit else query)]


async def count_by_state() -> dict[str, int]:
    rows = await _ORDER.select(_ORDER.state, Count(alias="n")).group_by(_ORDER.state)
    return {row["state"]: int(row["n"]) for row in rows}


async def count_waiting() -> dict[str, int]:
    """How many are unsure and how many are held: what an owner is asked about."""
    unsure = conditions.OPEN & (_ORDER.state == OrderState.UNSURE.value)
    return {"unsure": await _ORDER.count().where(unsure), "held": await _ORDER.count().where(_ORDER.held.is_not_null())}


async def invalidate_caches() -> None:
    """Replies kept in other processes are stale, and there may be work."""
    await signals.raise_signal(signals.REPLIES)
    await signals.raise_signal(signals.WORK)


def as_order(row: Mapping[str, Any]) -> Order:
    # SQLite tells booleans as 0 and 1.
    order = msgspec.convert(dict(row), Order, strict=False)
    # Earlier versions kept a provider's -1, which says that it does not know.
    return order if (order.start_count or 0) >= 0 else replace(order, start_count=None)
