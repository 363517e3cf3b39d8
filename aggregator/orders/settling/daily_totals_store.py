"""The figures of days: counted from the orders, and kept once a day is over.

What stands in a day's row is how it was at its end. Whoever changes an order of an old day adds the difference to the
day's `late` columns in the same transaction, so that a kept day is exact and is never counted again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from aggregator.orders.model import Order
from aggregator.orders.settling.daily_totals import BookedAttempt, Day, cost_of, day_of, overserved_cost
from aggregator.storage import clock, tables
from aggregator.storage.clock import DAY_MS, HOUR_MS
from aggregator.storage.engine import is_sqlite
from aggregator.storage.id_ranges import first_id
from aggregator.storage.parameters import in_list
from aggregator.storage.totals import add_kept, halves, read_total, total
from aggregator.storage.transaction import engine, snapshot, write

OVER_MS = HOUR_MS
"""After midnight: by then every transaction that began before it has ended."""
_BACK = """
coalesce(a.returned, case when a.outcome = 'accepted' then o.undelivered when a.outcome = 'called_off' then o.quantity
else 0 end)
"""
"""Units whose price came back: `days.Taken` as the database counts it."""
_ENDED = """
from orders o join attempts a on a.order_id = o.id where o.ended_at >= {} and o.ended_at < {}
and a.outcome in ('accepted', 'called_off', 'absent', 'written_off') and a.upstream_order is not null
"""
"""Orders with what providers took, also where we gave that up before we knew, or had called it off."""
_WHOLE = f"""
select {total(f"case when {_BACK} = 0 then coalesce(a.spent, a.cost) end", "cost")} {_ENDED}
"""
_PARTS = f"""
select coalesce(a.spent, a.cost) as cost, o.quantity, {_BACK} as back {_ENDED}
and {_BACK} > 0 and {_BACK} < o.quantity
"""
_BEYOND = f"select a.cost, a.spent, o.quantity, a.overserved {_ENDED} and a.overserved > 0"
_TAKEN = """
select o.ended_at - o.ended_at % 86400000 as day, a.outcome, a.cost as expected, coalesce(a.spent, a.cost) as gross,
a.returned, o.quantity, o.undelivered, a.upstream_order is not null as named, a.overserved
from orders o join attempts a on a.order_id = o.id
"""
_ADD = f"on conflict (start) do update set {add_kept('days', 'late_refunded')}, {add_kept('days', 'late_cost')}"
_KEPT = ("charged", "revenue", "refunded", "cost")


def is_over(start: int) -> bool:
    """Whether a day can be kept."""
    return clock.now() >= start + DAY_MS + OVER_MS


async def count(start: int) -> Day:
    """The figures of a day as the orders tell them now."""
    end = start + DAY_MS
    # SQL: sums in halves, over a join.
    taken = await tables.Order.raw(
        f"select count(*) as n, {total('charge', 'charged')} from orders where id >= {{}} and id < {{}}",
        await first_id(tables.Order, start),
        await first_id(tables.Order, end),
    )
    ended = await tables.Order.raw(
        f"select {total('charge - refunded', 'revenue')}, {total('refunded', 'refunded')}"
        " from orders where ended_at >= {} and ended_at < {}",
        start,
        end,
    )
    whole = await tables.Order.raw(_WHOLE, start, end)
    # In Python's integers: cost times quantity passes 63 bits.
    parts = sum(
        cost_of(int(row["cost"]), row["quantity"], row["back"]) for row in await tables.Order.raw(_PARTS, start, end)
    )
    beyond = sum(
        overserved_cost(int(row["cost"]), row["spent"], row["quantity"], row["overserved"])
        for row in await tables.Order.raw(_BEYOND, start, end)
    )
    return Day(
        start=start,
        orders=int(taken[0]["n"]),
        charged=read_total(taken[0], "charged"),
        revenue=read_total(ended[0], "revenue"),
        refunded=read_total(ended[0], "refunded"),
        cost=read_total(whole[0], "cost") + parts + beyond,
    )


async def kept(since: int) -> dict[int, Day]:
    """By their starts: the days since one that were counted, as they are now."""
    day = tables.Day
    rows = await day.select().where((day.start >= since) & day.orders.is_not_null())
    return {row["start"]: _day(row) for row in rows}


async def keep(start: int) -> Day:
    """Count a day that is over, and keep it; what is counted twice comes out the same."""
    day, (refunded, cost) = await snapshot(lambda: _with_late(start))
    at_its_end = (day.charged, day.revenue + refunded, day.refunded - refunded, day.cost - cost)
    await write(lambda: _insert(start, day.orders, at_its_end))
    return day


async def _with_late(start: int) -> tuple[Day, tuple[int, int]]:
    """The figures and what is late of them, of one moment."""
    rows = await tables.Day.select().where(tables.Day.start == start)
    return await count(start), _late(rows[0]) if rows else (0, 0)


def _late(row: Mapping[str, Any]) -> tuple[int, int]:
    """What was paid back, and what it cost more, since the day's end."""
    return read_total(row, "late_refunded"), read_total(row, "late_cost")


async def _insert(start: int, orders: int, sums: tuple[int, ...]) -> None:
    """`sums` = those of `_KEPT`."""
    day = tables.Day
    names = [f"{name}{half}" for name in _KEPT for half in ("", "_high")]
    columns = [day._meta.get_column_by_name(name) for name in names]  # noqa: SLF001  # piccolo's place for it
    figures = dict(zip(columns, (half for one in sums for half in halves(one)), strict=True))
    row = day({day.start: start, day.orders: orders, **figures})
    await day.insert(row).on_conflict(day.start, "DO UPDATE", [day.orders, *columns])


async def add_lost(order: Order, undelivered: int, paid: int) -> None:
    """An order that had ended, as it was, is short of so many units now, and was paid so much for it."""
    if order.ended_at is None or order.ended_at >= day_of(clock.now()):
        return
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await tables.Attempt.raw(f"{_TAKEN} where a.order_id = {{}} and a.outcome = 'accepted'", order.id)
    now = [msgspec.convert(dict(row), BookedAttempt, strict=False) for row in rows]
    saved = sum(
        replace(one, undelivered=order.undelivered).cost - replace(one, undelivered=undelivered).cost for one in now
    )
    await _add_late(day_of(order.ended_at), refunded=paid, cost=-saved)


async def follow(attempts: Sequence[int], change: Callable[[], Awaitable[None]]) -> None:
    """Change what attempts cost us, and with it the days that are over. Inside a transaction."""
    before = await _costs(attempts)
    await change()
    for day, cost in (await _costs(attempts)).items():
        if cost != before[day]:
            await _add_late(day, refunded=0, cost=cost - before[day])


async def _costs(attempts: Sequence[int]) -> dict[int, int]:
    """By day that is over: what these attempts cost of orders that ended in it, which stay as they are."""
    if not attempts:
        return {}
    lock = "" if is_sqlite(engine()) else "for update of o"
    these, values = in_list("a.id", attempts)
    # SQL: it joins, and locks one of the two.
    rows = await tables.Attempt.raw(
        f"{_TAKEN} where {these} and o.ended_at < {{}} order by o.id {lock}", values, day_of(clock.now())
    )
    costs: dict[int, int] = {}
    for row in rows:
        taken = msgspec.convert(dict(row), BookedAttempt, strict=False)
        assert taken.day is not None
        costs[taken.day] = costs.get(taken.day, 0) + taken.cost
    return costs


async def _add_late(day: int, *, refunded: int, cost: int) -> None:
    # SQL: it adds to the row that is there, in halves.
    await tables.Day.raw(
        "insert into days (start, late_refunded, late_refunded_high, late_cost, late_cost_high)"
        f" values ({{}}, {{}}, {{}}, {{}}, {{}}) {_ADD}",
        day,
        *halves(refunded),
        *halves(cost),
    )


async def add_found(attempt: int) -> None:
    """An attempt that was given up turned out to be taken: its cost is that of its order's day."""
    # SQL: it inserts what a join finds, or adds it to the row that is there.
    await tables.Day.raw(
        "insert into days (start, late_refunded, late_cost) select o.ended_at - o.ended_at % 86400000, 0, a.cost"
        f" from attempts a join orders o on o.id = a.order_id where a.id = {{}} and o.ended_at < {{}} {_ADD}",
        attempt,
        day_of(clock.now()),
    )


def _day(row: Mapping[str, Any]) -> Day:
    charged, revenue, refunded, cost = (read_total(row, name) for name in _KEPT)
    late_refunded, late_cost = _late(row)
    return Day(
        start=row["start"],
        orders=row["orders"],
        charged=charged,
        revenue=revenue - late_refunded,
        refunded=refunded + late_refunded,
        cost=cost + late_cost,
    )
