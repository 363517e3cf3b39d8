"""Finds orders for the owner: by state, provider, reseller, hold, or a text: an id of ours or theirs, or a link.

Every question is bounded: a piece of a link is looked for only among the newest orders.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from aggregator.orders.model import Order
from aggregator.orders.state import OPEN, OPEN_IN_SQL
from aggregator.orders.store import as_order
from aggregator.storage import tables

NEWEST_BY_LINK = 100_000
"""Orders in which a piece of a link is looked for."""
NEWEST_AT_PROVIDER = 20_000
"""Orders of one provider among which the rest of a question is asked, for each page."""


class OrderSearch(Struct, frozen=True, kw_only=True):
    """What is asked for; what is left out does not matter."""

    states: tuple[str, ...] = ()
    provider: str = ""
    reseller: int | None = None
    held: bool = False
    text: str = ""
    link: str = ""
    """A piece of it."""
    since: int = 0
    """Milliseconds: ordered then or later."""
    before: int | None = None
    """The last id of the page before."""


async def find(sought: OrderSearch, *, limit: int) -> list[Order]:
    """The newest first."""
    conditions, values = _conditions(sought)
    if sought.text:
        hits = await _by_text(sought.text.strip())
        if not hits:
            return []
        conditions.append(f"o.id in ({', '.join(['{}'] * len(hits))})")
        values += hits
    if sought.link:
        hits = await _by_link(sought.link.strip())
        conditions.append(f"o.id in ({', '.join(['{}'] * len(hits))})" if hits else "o.id < 0")
        values += hits
    where = f"where {' and '.join(conditions)}" if conditions else ""
    # SQL: conditions put together, with subselects.
    rows = await tables.Order.raw(f"select o.* from orders o {where} order by o.id desc limit {{}}", *values, limit)
    return [as_order(row) for row in rows]


def _conditions(sought: OrderSearch) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if sought.before is not None:
        conditions.append("o.id < {}")
        values.append(sought.before)
    if sought.states:
        conditions.append(f"o.state in ({', '.join(['{}'] * len(sought.states))})")
        values += sought.states
        if OPEN.issuperset(sought.states):
            # SQLite takes the index of open orders only where the question says what that index is of.
            conditions.append(f"o.state in ({OPEN_IN_SQL})")
    if sought.provider:
        conditions.append(
            "o.id in (select order_id from attempts where provider = {} and order_id < {}"
            " order by order_id desc limit {})"
        )
        values += [sought.provider, sought.before or 2**62, NEWEST_AT_PROVIDER]
    if sought.reseller is not None:
        conditions.append("o.reseller = {}")
        values.append(sought.reseller)
    if sought.since:
        conditions.append("o.created_at >= {}")
        values.append(sought.since)
    if sought.held:
        conditions.append("o.held is not null")
    return conditions, values


_MOST_HITS = 500
LINK_HAS = "lower(link) like {} escape '\\'"
"""The condition that a link has a piece, as `piece_of_link` gives it."""


def piece_of_link(text: str) -> str:
    """The pattern of links that have this text in them, in whichever case; nothing in it has a meaning of its own."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def order_number(text: str) -> int | None:
    """An id of ours as people write it: 123 or #123; None = the text is something else."""
    digits = text.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() else None


async def _by_text(text: str) -> list[int]:
    """The ids of the newest orders that a text may mean."""
    # SQL: SQLite is given an index by a list of providers.
    rows = await tables.Attempt.raw(
        "select order_id as id from attempts where provider in (select name from providers) and upstream_order = {}"
        " order by order_id desc limit {}",
        text,
        _MOST_HITS,
    )
    hits = {int(row["id"]) for row in rows}
    number = order_number(text)
    if number is not None:
        return sorted(hits | ({number} if number < 2**63 else set()), reverse=True)
    return sorted(hits.union(await _by_link(text)), reverse=True)


async def _by_link(text: str) -> list[int]:
    # SQL: the newest so many by a subselect, with an escape.
    rows = await tables.Order.raw(
        "select id from orders where id > (select coalesce(max(id), 0) from orders) - {}"
        f" and {LINK_HAS} order by id desc limit {{}}",
        NEWEST_BY_LINK,
        piece_of_link(text),
        _MOST_HITS,
    )
    return [int(row["id"]) for row in rows]
