"""Who had a provider's id before it was given again, and how the earlier attempt gives it up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from aggregator.orders.attempt_store import Followed, as_attempt, with_orders
from aggregator.orders.model import WaitingRows
from aggregator.orders.refill_store import ENDED, RefillState
from aggregator.storage import clock, tables
from aggregator.storage.parameters import in_list, values_table

_ATTEMPT = tables.Attempt
_REFILL = tables.Refill


class Named(NamedTuple):
    """An attempt and the id that its provider has given it."""

    attempt: int
    provider: str
    upstream_order: str


async def earlier(named: Sequence[Named]) -> list[Followed]:
    """Other attempts that had one of these ids before, and have it still."""
    if not named:
        return []
    query, values = values_table({"mine": "bigint", "place": "text", "named": "text"}, named)
    # SQL: it joins rows that come as one parameter.
    rows = await _ATTEMPT.raw(
        f"select attempts.* from ({query}) as given join attempts on attempts.provider = given.place"
        " and attempts.upstream_order = given.named and attempts.id <> given.mine"
        " where attempts.superseded_at is null order by attempts.id",
        *values,
    )
    return await with_orders([as_attempt(row) for row in rows]) if rows else []


async def holders(provider: str, orders: Sequence[str]) -> list[Followed]:
    """The attempts to which these orders of a provider belong."""
    these, values = in_list("upstream_order", orders)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    rows = await _ATTEMPT.raw(
        f"select * from attempts where provider = {{}} and {these} and superseded_at is null", provider, values
    )
    return await with_orders([as_attempt(row) for row in rows])


async def supersede(attempts: Sequence[int], *, watched_too: bool) -> set[int]:
    """These lose their ids, and are asked about no more; those that did."""
    these, values = in_list("id", attempts)
    watched = "" if watched_too else " and poll_at is null"
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    rows = await _ATTEMPT.raw(
        "update attempts set superseded_at = {}, poll_at = null, cancel_due_at = null"
        f" where {these} and superseded_at is null{watched} returning id",
        clock.now(),
        values,
    )
    return {row["id"] for row in rows}


async def drop_refills(attempts: Sequence[int]) -> set[int]:
    """Nobody asks for, or about, the refills of these any more; the attempts that had one."""
    changes: dict[Any, Any] = {
        _REFILL.state: RefillState.REJECTED.value,
        _REFILL.error: "ID_GIVEN_AGAIN",
        _REFILL.ended_at: clock.now(),
        _REFILL.due_at: None,
    }
    open_states = [state.value for state in RefillState if state not in ENDED]
    waiting = _REFILL.attempt.is_in([0, *attempts]) & _REFILL.state.is_in(open_states)
    return {row["attempt"] for row in await _REFILL.update(changes).where(waiting).returning(_REFILL.attempt)}


async def note_restart(provider: str) -> None:
    """Its ids have begun anew: how high one is says nothing of those given before."""
    row = tables.Provider
    await row.update({row.ids_restarted_at: clock.now()}).where(row.name == provider)


async def clashes() -> dict[str, WaitingRows]:
    """By provider: unsure attempts that were given the id of an order that still runs there."""
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await _ATTEMPT.raw(
        "select u.provider, count(distinct u.id) as n, min(u.created_at) as since from attempts u"
        " join attempts a on a.provider = u.provider and a.upstream_order = u.given_order"
        " join orders o on o.id = a.order_id where u.outcome = 'unsure' and u.given_order is not null"
        " and a.outcome = 'accepted' and a.superseded_at is null and o.ended_at is null group by u.provider"
    )
    return {row["provider"]: WaitingRows(int(row["n"]), row["since"]) for row in rows}
