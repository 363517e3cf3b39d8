"""The rows of attempts: written before a request leaves, answered once, followed while they can still change.

Why before: a lost answer must not buy twice (docs/decisions/0024-attempt-before-send.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from piccolo.query.functions import Count, Min

from aggregator.orders.model import Attempt, Order
from aggregator.orders.state import DOUBTFUL_IN_SQL, LIVE_IN_SQL, EventKind, Outcome
from aggregator.orders.store import get_many
from aggregator.storage import clock, tables
from aggregator.storage.conditions import PLACING, UNSURE
from aggregator.storage.engine import is_sqlite, is_unique_violation
from aggregator.storage.parameters import values_table
from aggregator.storage.transaction import engine, write

_ATTEMPT = tables.Attempt
LEASE_MS = 60_000
"""How long a claimed poll is left to its worker."""

FOLLOWED = (
    "(select id from attempts where poll_at is not null union select id from attempts where outcome = 'unsure'"
    " union select id from attempts where outcome = 'placing'"
    " union select attempt as id from refills where due_at is not null) as followed cross join attempts a"
)
"""What is asked about, in doubt or being refilled; the few first, which on SQLite a cross join means."""


_NEW = {
    "order_id": "bigint",
    "provider": "text",
    "service": "text",
    "outcome": "text",
    "cost": "bigint",
    "cost_theirs": "text",
    "currency": "text",
    "fx": "text",
    "deadline_at": "bigint",
    "created_at": "bigint",
    "door": "text",
    "package_units": "bigint",
}


class NewAttempt(Struct, frozen=True, kw_only=True):
    """What is written down before the request leaves."""

    order: int
    provider: str
    service: str
    cost: int
    cost_theirs: str
    currency: str
    fx: str
    deadline_at: int
    door: str | None = None
    package_units: int | None = None


class Followed(Struct, frozen=True):
    """An attempt to ask about, with the order that waits for the answer."""

    attempt: Attempt
    order: Order


class AcceptedAdd(Struct, frozen=True):
    """The yes of a provider."""

    attempt: int
    upstream_order: str
    reply: str


async def insert(new: NewAttempt) -> Attempt:
    return (await insert_many([new]))[new.order]


async def insert_many(new: Sequence[NewAttempt]) -> dict[int, Attempt]:
    """Write down attempts of different orders, whose ids they are told by."""
    if not new:
        return {}
    now = clock.now()
    rows = [
        (
            one.order,
            one.provider,
            one.service,
            Outcome.PLACING.value,
            one.cost,
            one.cost_theirs,
            one.currency,
            one.fx,
            one.deadline_at,
            now,
            one.door,
            one.package_units,
        )
        for one in new
    ]
    query, values = values_table(_NEW, rows)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    written = await _ATTEMPT.raw(f"insert into attempts ({', '.join(_NEW)}) {query} returning *", *values)
    return {row["order_id"]: as_attempt(row) for row in written}


class AttemptChanges(Struct, frozen=True, kw_only=True):
    """What is written of an attempt together with its outcome; what is not given stays as it is."""

    error: str | UnsetType = UNSET
    error_text: str | UnsetType = UNSET
    reply: str | UnsetType = UNSET
    reply_status: int | UnsetType | None = UNSET
    given_order: str | UnsetType = UNSET
    """The provider's id that is another attempt's still."""
    upstream_order: str | UnsetType = UNSET
    poll_at: int | UnsetType = UNSET
    """When to ask about it next (milliseconds since 1970)."""
    door: str | UnsetType = UNSET
    judged_word: int | UnsetType = UNSET


NO_CHANGES = AttemptChanges()


class DuplicateUpstreamOrder(Exception):
    """The provider gave an id that is another attempt's still; the transaction must be given up."""


async def answer(
    attempt: int,
    outcome: Outcome,
    *,
    source: Iterable[Outcome] = (Outcome.PLACING, Outcome.UNSURE),
    changes: AttemptChanges = NO_CHANGES,
) -> Attempt | None:
    """Write down what became of an attempt that nobody has answered yet; None where somebody has."""
    values = {"outcome": outcome.value, "answered_at": clock.now(), **msgspec.to_builtins(changes)}
    undecided = (_ATTEMPT.id == attempt) & _ATTEMPT.outcome.is_in([state.value for state in source])
    unnamed = _ATTEMPT.upstream_order.is_null()
    try:
        query = _ATTEMPT.update(values).where(undecided & unnamed if "upstream_order" in values else undecided)
        rows = await query.returning(*_ATTEMPT.all_columns())
    except Exception as error:
        if is_unique_violation(error):
            raise DuplicateUpstreamOrder from error
        raise
    return as_attempt(rows[0]) if rows else None


async def accept(taken: Sequence[AcceptedAdd], *, poll_at: int) -> set[int]:
    """Write down that attempts were accepted; those of them that nobody had answered yet.

    Raises `DuplicateUpstreamOrder` where one of the ids is that of an attempt that is followed.
    """
    query, values = values_table(
        {"attempt": "bigint", "named": "text", "said": "text"},
        [(one.attempt, one.upstream_order, one.reply) for one in taken],
    )
    try:
        # SQL: one compare-and-set for many, from rows as one parameter.
        rows = await _ATTEMPT.raw(
            "update attempts set outcome = 'accepted', answered_at = {}, poll_at = {}, upstream_order = given.named,"
            f" reply = given.said, error = null, error_text = null from ({query}) as given where id = given.attempt"
            f" and outcome in ({DOUBTFUL_IN_SQL}) and upstream_order is null returning id",
            clock.now(),
            poll_at,
            *values,
        )
    except Exception as error:
        if is_unique_violation(error):
            raise DuplicateUpstreamOrder from error
        raise
    return {row["id"] for row in rows}


async def decides(attempt: int, *, late: bool) -> bool:
    """Whether this is (still) the attempt whose provider decides about its order.

    It is not once its id is another order's. Where the order has ended (`late`), nor is it while an unsure attempt was
    given that id too: nobody knows of which of them the provider speaks.
    """
    contested = (
        " and not exists (select 1 from attempts u where u.outcome = 'unsure' and u.provider = a.provider"
        " and u.created_at > 0 and u.given_order = a.upstream_order)"
    )
    # SQL: it asks for another row of the same table; once for every reading.
    rows = await _ATTEMPT.raw(
        "select 1 as one from attempts a where a.id = {} and a.outcome = 'accepted' and a.superseded_at is null"
        + (contested if late else ""),
        attempt,
    )
    return bool(rows)


async def attach(attempt: int, upstream_order: str) -> bool:
    """Follow what an attempt turned out to be after it was given up; whether it had been.

    Raises `DuplicateUpstreamOrder` where the id is that of an attempt that is followed.
    """
    given_up = _ATTEMPT.outcome.is_in([Outcome.ABSENT.value, Outcome.WRITTEN_OFF.value])
    changes: dict[Any, Any] = {_ATTEMPT.upstream_order: upstream_order, _ATTEMPT.poll_at: clock.now()}
    unknown = (_ATTEMPT.id == attempt) & given_up & _ATTEMPT.upstream_order.is_null()
    try:
        return bool(await _ATTEMPT.update(changes).where(unknown).returning(_ATTEMPT.id))
    except Exception as error:
        if is_unique_violation(error):
            raise DuplicateUpstreamOrder from error
        raise


async def note_lost(attempt: int, since: int) -> None:
    """Its provider denies it, since a moment (milliseconds since 1970)."""
    await _ATTEMPT.update({_ATTEMPT.lost_since: since}).where(_ATTEMPT.id == attempt)


async def of_orders(orders: Sequence[int]) -> dict[int, list[Attempt]]:
    """The attempts of each order, oldest first."""
    found: dict[int, list[Attempt]] = {order: [] for order in orders}
    if orders:
        for row in await _ATTEMPT.select().where(_ATTEMPT.order_id.is_in(list(orders))).order_by(_ATTEMPT.id):
            found[row["order_id"]].append(as_attempt(row))
    return found


async def doors_of(attempts: Sequence[int]) -> dict[int, str | None]:
    """Through which door each attempt went."""
    rows = await _ATTEMPT.select(_ATTEMPT.id, _ATTEMPT.door).where(_ATTEMPT.id.is_in(list(attempts)))
    return {row["id"]: row["door"] for row in rows}


async def of_order(order: int) -> list[Attempt]:
    return (await of_orders([order]))[order]


async def overdue() -> list[Attempt]:
    """Attempts whose deadline has passed without an answer."""
    rows = await _ATTEMPT.select().where(PLACING & (_ATTEMPT.deadline_at < clock.now()))
    return [as_attempt(row) for row in rows]


async def long_unsure(before: int) -> list[Attempt]:
    """Attempts that have been unsure since before a moment, of which their order's history does not tell yet."""
    # SQL: the history is a subselect's, by the beginning of a text.
    rows = await _ATTEMPT.raw(
        "select a.* from attempts a where a.outcome = 'unsure' and a.answered_at < {} and not exists (select 1 from"
        f" events v where v.order_id = a.order_id and v.kind = '{EventKind.STILL_UNSURE}')",
        before,
    )
    return [as_attempt(row) for row in rows]


async def unsure_since_when() -> int | None:
    """Since when the oldest unsure attempt has been so (milliseconds since 1970)."""
    rows = await _ATTEMPT.select(Min(_ATTEMPT.answered_at, alias="since")).where(UNSURE)
    since: int | None = rows[0]["since"]
    return since


async def link_runs(order: Order, provider: str, service: str) -> bool:
    """Whether another order for the same link is live in this service of a provider.

    Inside a transaction the answer stays true until its end: the link is locked against others who ask.
    """
    if not is_sqlite(engine()):
        # SQL: an advisory lock; it joins, and the tables name no foreign keys to Piccolo.
        await _ATTEMPT.raw("select pg_advisory_xact_lock(hashtext({}))", order.link_key)
    rows = await _ATTEMPT.raw(
        "select 1 as one from attempts a join orders o on o.id = a.order_id where o.link_key = {} and o.id <> {}"
        f" and a.provider = {{}} and a.service = {{}} and a.outcome in ({LIVE_IN_SQL})"
        " and o.ended_at is null limit 1",
        order.link_key,
        order.id,
        provider,
        service,
    )
    return bool(rows)


async def unsure_since(moment: int) -> dict[str, int]:
    """How many unsure attempts each provider has since a moment."""
    counted = _ATTEMPT.select(_ATTEMPT.provider, Count(alias="n")).where(UNSURE & (_ATTEMPT.created_at > moment))
    rows = await counted.group_by(_ATTEMPT.provider)
    return {row["provider"]: int(row["n"]) for row in rows}


async def claim_polls(provider: str, limit: int) -> list[Followed]:
    """Take the attempts at a provider whose status is due, with their orders; ours for `LEASE_MS`."""
    now = clock.now()
    lock = "" if is_sqlite(engine()) else "for update skip locked"
    # SQL: one statement chooses, skips what is locked, and claims.
    # Materialized: PostgreSQL may else ask the list again for every row, and each time it is the next ones.
    rows = await write(
        lambda: _ATTEMPT.raw(
            "with due as materialized (select id from attempts where provider = {} and poll_at <= {}"
            f" and superseded_at is null order by poll_at limit {{}} {lock})"
            " update attempts set poll_at = {} where id in (select id from due) returning *",
            provider,
            now,
            limit,
            now + LEASE_MS,
        ).run()
    )
    return await with_orders([as_attempt(row) for row in rows])


async def with_orders(attempts: Sequence[Attempt]) -> list[Followed]:
    """Each attempt with its order."""
    orders = {order.id: order for order in await get_many([attempt.order_id for attempt in attempts])}
    return [Followed(attempt, orders[attempt.order_id]) for attempt in attempts]


async def poll_again(due: Mapping[int, int | None], *, whole: Mapping[int, int] | None = None) -> None:
    """When to ask about each attempt next, unless its id is another's by now: one statement for all.

    `whole`: when some were seen to come as a whole.
    """
    seen = whole or {}
    rows = [(attempt, moment, seen.get(attempt)) for attempt, moment in sorted(due.items())]
    query, values = values_table({"id": "bigint", "moment": "bigint", "seen": "bigint"}, rows)
    # SQL: an update from rows as one parameter.
    await write(
        lambda: _ATTEMPT.raw(
            "update attempts set poll_at = given.moment, whole_at = coalesce(given.seen, whole_at)"
            f" from ({query}) as given where attempts.id = given.id and attempts.superseded_at is null",
            *values,
        ).run()
    )


async def providers_in_use() -> set[str]:
    """Providers with open, unsure or watched orders."""
    # SQL: a union of partial indexes.
    rows = await _ATTEMPT.raw(
        "select provider from attempts where outcome = 'placing'"
        " union select provider from attempts where outcome = 'unsure'"
        " union select provider from attempts where poll_at is not null"
    )
    return {row["provider"] for row in rows}


async def rename_provider(old: str, new: str) -> None:
    await _ATTEMPT.update({_ATTEMPT.provider: new}).where(_ATTEMPT.provider == old)


def as_attempt(row: Mapping[str, Any]) -> Attempt:
    return msgspec.convert(dict(row), Attempt, strict=False)
