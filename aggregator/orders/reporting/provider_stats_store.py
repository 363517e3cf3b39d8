"""What the rows say of providers, resellers and whatever waits; an index, or ids of its time, bound every question.

Sums are whole 1e-8 of the panel's currency, times milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from piccolo.columns import BigInt
from piccolo.columns.combination import WhereRaw
from piccolo.query import Select
from piccolo.query.functions import Count, Min

from aggregator.orders import halts
from aggregator.orders.attempt_store import FOLLOWED
from aggregator.orders.model import WaitingRows
from aggregator.storage import tables
from aggregator.storage.conditions import OPEN, PLACING, QUEUED, UNSURE
from aggregator.storage.id_ranges import first_id
from aggregator.storage.parameters import in_list
from aggregator.storage.totals import read_total, total

_ORDER = tables.Order
_ATTEMPT = tables.Attempt
MOST = 1_000_000
"""Rows that are grouped at most. The limit also keeps SQLite at the index of the moment, not at that of the group."""
_SPENT = total(
    "case when outcome = 'accepted' or (outcome = 'called_off' and returned = 0) then coalesce(spent, cost) end",
    "spent",
)


class Tries(Struct, frozen=True, kw_only=True):
    """What became of the attempts at a provider since a moment."""

    sent: int = 0
    accepted: int = 0
    unsure: int = 0
    spent: int = 0
    """What the accepted ones cost at first, and those that were charged after they had been called off."""
    answered_ms: int = 0
    """How long all answered ones took together."""
    answered: int = 0


async def queued_before(moment: int) -> WaitingRows:
    return _waiting(await _counted(_ORDER.created_at).where(QUEUED & (_ORDER.created_at < moment)))


async def queued_for(services: Sequence[int]) -> dict[int, WaitingRows]:
    """By our id of the service."""
    these, values = in_list("service", services)
    # SQL: a list as one parameter, and the partial index by its own words.
    rows = await tables.Order.raw(
        "select service, count(*) as n, min(created_at) as since from orders where state = 'queued'"
        f" and {these} group by service",
        values,
    )
    return {row["service"]: WaitingRows(int(row["n"]), row["since"]) for row in rows}


async def due_before(moment: int) -> WaitingRows:
    """Queued orders whose turn it is, since the oldest's turn."""
    return _waiting(await _counted(_ORDER.due_at).where(QUEUED & (_ORDER.due_at < moment)))


async def placing_before(moment: int) -> WaitingRows:
    """Attempts that passed their deadline and that nobody swept."""
    return _waiting(await _counted(_ATTEMPT.deadline_at).where(PLACING & (_ATTEMPT.deadline_at < moment)))


async def held() -> WaitingRows:
    return _waiting(await _counted(_ORDER.created_at).where(_ORDER.held.is_not_null()))


async def halted() -> WaitingRows:
    """Open orders that stand still because a promise is broken; since when is told by the audits."""
    if not await halts.standing():
        return WaitingRows(0, None)
    return WaitingRows(await _ORDER.count().where(OPEN & WhereRaw(f"not ({halts.NOT_HALTED})")), None)


async def unsure_by_provider() -> dict[str, WaitingRows]:
    counted = _ATTEMPT.select(_ATTEMPT.provider, Count(alias="n"), Min(_ATTEMPT.created_at, alias="since"))
    rows = await counted.where(UNSURE).group_by(_ATTEMPT.provider)
    return {row["provider"]: WaitingRows(int(row["n"]), row["since"]) for row in rows}


async def polls_before(moment: int) -> dict[str, WaitingRows]:
    """By provider: attempts whose status should have been asked for by a moment."""
    # SQL: it groups no more rows than so many.
    rows = await tables.Attempt.raw(
        "select provider, count(*) as n, min(poll_at) as since from"
        " (select provider, poll_at from attempts where poll_at < {} limit {}) as late group by provider",
        moment,
        MOST,
    )
    return {row["provider"]: WaitingRows(int(row["n"]), row["since"]) for row in rows}


async def elsewhere_by_provider() -> dict[str, WaitingRows]:
    """By provider: followed orders that went through a door (address and key) of which nobody said where it leads."""
    # SQL: a union of partial indexes, joined.
    rows = await tables.Attempt.raw(
        f"select a.provider, count(*) as n, min(a.created_at) as since from {FOLLOWED}"
        " join providers p on p.name = a.provider"
        " where a.id = followed.id and a.door is not null and a.door <> p.door"
        " and not exists (select 1 from account_doors one join account_doors other"
        " on other.provider = one.provider and other.account = one.account"
        " where one.provider = a.provider and one.door = a.door and other.door = p.door)"
        " group by a.provider"
    )
    return {row["provider"]: WaitingRows(int(row["n"]), row["since"]) for row in rows}


async def tries_since(moment: int) -> dict[str, Tries]:
    """By provider."""
    # SQL: it groups no more rows than so many, with sums in halves.
    rows = await tables.Attempt.raw(
        "select provider, count(case when outcome <> 'placing' then 1 end) as sent,"
        " count(case when outcome in ('accepted', 'called_off') then 1 end) as accepted,"
        " count(case when outcome = 'unsure' then 1 end) as unsure,"
        f" {_SPENT},"
        " coalesce(sum(answered_at - created_at), 0) as answered_ms, count(answered_at) as answered"
        " from (select * from attempts where id >= {} order by id limit {}) as lately group by provider",
        await first_id(tables.Attempt, moment),
        MOST,
    )
    counts = [name for name in Tries.__struct_fields__ if name != "spent"]
    return {
        row["provider"]: Tries(spent=read_total(row, "spent"), **{name: int(row[name]) for name in counts})
        for row in rows
    }


async def spent_since(moment: int) -> dict[int, tuple[int, int]]:
    """By reseller: orders, and what they were charged less what they got back."""
    # SQL: it groups no more rows than so many, with sums in halves.
    rows = await tables.Order.raw(
        f"select reseller, count(*) as n, {total('charge - refunded', 'spent')} from"
        " (select reseller, charge, refunded from orders where id >= {} order by id limit {}) as lately"
        " group by reseller",
        await first_id(tables.Order, moment),
        MOST,
    )
    return {row["reseller"]: (int(row["n"]), read_total(row, "spent")) for row in rows}


def _counted(since: BigInt) -> Select[Any]:
    return since._meta.table.select(Count(alias="n"), Min(since, alias="since"))  # noqa: SLF001  # piccolo's place for it


def _waiting(rows: list[dict[str, Any]]) -> WaitingRows:
    return WaitingRows(int(rows[0]["n"]), rows[0]["since"])
