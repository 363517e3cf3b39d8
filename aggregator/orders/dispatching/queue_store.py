"""The work queue of orders that wait to be sent, claimed under a lease: by provider, resellers in turn.

An order that has not been looked at, or whose time has come, is claimed by `claim_due`. One whose provider has no room
for it is parked there, and claimed by `claim_parked` once there is some: a backlog at one provider is never in the way
of another's orders, and within it no reseller's orders are in the way of the others'.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from piccolo.query.functions import Count

from aggregator.orders.halts import NOT_HALTED
from aggregator.orders.model import Order
from aggregator.orders.store import as_order
from aggregator.storage import clock, tables
from aggregator.storage.conditions import QUEUED
from aggregator.storage.engine import is_sqlite
from aggregator.storage.parameters import values_table
from aggregator.storage.sql import execute
from aggregator.storage.transaction import engine, write

LEASE_MS = 30_000
"""How long a claimed order is left to its worker; a worker that died loses it then."""
MOST_LOOKED_AT = 5_000
"""Due orders among which resellers take turns; whoever orders more at one moment waits behind their own."""
MOST_RESELLERS = 1_000
"""With orders parked at one provider that are served in a round."""


class Parked(Struct, frozen=True):
    """An order that waits for room at a provider."""

    order: int
    provider: str
    until: int
    """When it is looked at anew, whatever room there is (milliseconds since 1970)."""


async def claim_due(limit: int) -> list[Order]:
    """Take queued orders whose time has come, one of each reseller after the other; ours for `LEASE_MS`."""
    now = clock.now()
    lock = "" if is_sqlite(engine()) else "for update skip locked"
    # SQL: one statement ranks, skips what is locked, and claims.
    # Materialized: PostgreSQL may else ask a list again for every row, and each time it is the next ones.
    rows = await write(
        lambda: execute(
            "with chosen as materialized ("
            " select id from (select id, due_at, row_number() over (partition by reseller order by due_at, id) as turn"
            "  from (select id, reseller, due_at from orders where state = 'queued' and due_at <= {}"
            f"   and {NOT_HALTED} order by due_at, id limit {{}}) as due) as ranked"
            " order by turn, due_at, id limit {}), ours as materialized ("
            " select id from orders where id in (select id from chosen) and state = 'queued' and due_at <= {}"
            f" {lock}) update orders set due_at = {{}}, parked_at = null where id in (select id from ours) returning *",
            now,
            MOST_LOOKED_AT,
            limit,
            now,
            now + LEASE_MS,
        )
    )
    orders = _in_order(rows)
    return _in_turn(orders, list(dict.fromkeys(order.reseller for order in orders)))


async def park(parked: Sequence[Parked]) -> None:
    """Let claimed orders wait at their providers."""
    query, values = values_table(
        {"id": "bigint", "provider": "text", "until": "bigint"},
        [(one.order, one.provider, one.until) for one in parked],
    )
    # SQL: an update from rows as one parameter.
    await write(
        lambda: execute(
            f"update orders set parked_at = given.provider, due_at = given.until from ({query}) as given"
            " where orders.id = given.id and orders.state = 'queued'",
            *values,
        )
    )


async def count_parked() -> dict[str, dict[int, int]]:
    """How many orders of each reseller wait at each provider."""
    order = tables.Order
    parked = order.select(order.parked_at, order.reseller, Count(alias="n"))
    rows = await parked.where(QUEUED & order.parked_at.is_not_null()).group_by(order.parked_at, order.reseller)
    counted: dict[str, dict[int, int]] = {}
    for row in rows:
        counted.setdefault(row["parked_at"], {})[int(row["reseller"])] = int(row["n"])
    return counted


async def claim_parked(provider: str, room: int, *, after: int = 0) -> list[Order]:
    """Take up to so many orders that wait at a provider, in turn from each reseller beginning with the next `after`."""
    resellers = await _resellers_at(provider)
    if not resellers or room <= 0:
        return []
    in_turn = [one for one in resellers if one > after] + [one for one in resellers if one <= after]
    chosen = in_turn[:room]
    now, each = clock.now(), max(1, room // len(chosen))
    query, values = values_table({"reseller": "bigint"}, [(one,) for one in chosen])
    first = (
        "select q.id from orders q where q.state = 'queued' and q.parked_at = {} and q.reseller = r.reseller"
        " order by q.id limit {}"
    )
    # PostgreSQL would look at every order for a correlated list, and SQLite knows no lateral join.
    firsts = f"join orders p on p.id in ({first})" if is_sqlite(engine()) else f"cross join lateral ({first}) as p"
    # SQL: one statement takes turns and claims.
    rows = await write(
        lambda: execute(
            f"with chosen as materialized (select p.id from ({query}) as r {firsts})"
            " update orders set due_at = {}, parked_at = null where state = 'queued' and parked_at = {}"
            f" and {NOT_HALTED} and id in (select id from chosen) returning *",
            *values,
            provider,
            each,
            now + LEASE_MS,
            provider,
        )
    )
    return _in_turn(_in_order(rows), in_turn)


async def _resellers_at(provider: str) -> list[int]:
    """Who has orders parked there: by leaps through the index, however many each has."""
    # SQL: recursive.
    rows = await execute(
        "with recursive seen (reseller) as ("
        " select min(reseller) from orders where state = 'queued' and parked_at = {}"
        " union all select (select min(o.reseller) from orders o where o.state = 'queued' and o.parked_at = {}"
        " and o.reseller > seen.reseller) from seen where seen.reseller is not null)"
        " select reseller from seen where reseller is not null limit {}",
        provider,
        provider,
        MOST_RESELLERS,
    )
    return sorted(int(row["reseller"]) for row in rows)


async def release(orders: Sequence[int]) -> None:
    """Give claimed orders back at once: this process ends."""
    order = tables.Order
    mine = order.id.is_in([0, *orders]) & (order.state == "queued")
    await order.update({order.due_at: clock.now()}).where(mine)


def _in_order(rows: Sequence[Mapping[str, Any]]) -> list[Order]:
    return sorted((as_order(row) for row in rows), key=lambda order: order.id)


def _in_turn(orders: Sequence[Order], resellers: Sequence[int]) -> list[Order]:
    """One of each reseller, then the next of each; orders by id."""
    place = {reseller: number for number, reseller in enumerate(resellers)}
    taken: dict[int, int] = {}
    turns: list[tuple[int, int, Order]] = []
    for order in orders:
        taken[order.reseller] = taken.get(order.reseller, 0) + 1
        turns.append((taken[order.reseller], place[order.reseller], order))
    return [order for _, _, order in sorted(turns, key=lambda one: one[:2])]
