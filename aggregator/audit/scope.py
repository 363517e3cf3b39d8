"""What one run looks at: everything, page by page, or what may have changed since the last green checkpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

from aggregator.orders.state import OPEN_IN_SQL
from aggregator.storage.tables import Signal

PAGE = 20_000
"""Ids in one question: few enough that no answer is long."""
LISTED = 5_000
OVERLAP = 1_000
"""So many rows before a mark are looked at again: an id is given out a moment before its row is written."""

_TOUCHED = f"""
select id from orders where state in ({OPEN_IN_SQL})
union select id from orders where id > {{orders}}
union select order_id from entries where id > {{entries}} and order_id is not null
union select order_id from attempts where id > {{attempts}}
union select subject_id from decisions where id > {{decisions}} and subject = 'order'
order by 1
"""


class Marks(Struct, frozen=True):
    """The last row of each table that a run has seen, with nothing before it still on its way into the database."""

    entries: int = 0
    orders: int = 0
    attempts: int = 0
    decisions: int = 0
    refills: int = 0


class Pages(Protocol):
    """Conditions that together hold for every row in question, each for a few thousand of them."""

    def __call__(self, key: str) -> str:
        """The condition in SQL, for the column that holds the id."""
        ...


class Between(Struct, frozen=True):
    first: int
    last: int

    def __call__(self, key: str) -> str:
        return f"{key} between {self.first} and {self.last}"


class OneOf(Struct, frozen=True):
    ids: Sequence[int]

    def __call__(self, key: str) -> str:
        return f"{key} in ({', '.join(map(str, self.ids))})"


class Scope(Struct):
    """`since` = what the last green checkpoint saw; None = everything. Of one snapshot."""

    since: Marks | None = None
    _touched: list[int] | None = None

    @property
    def whole(self) -> bool:
        return self.since is None

    async def orders(self) -> AsyncIterator[Pages]:
        """Every order, or those that are open, new, or had an entry, an attempt or a decision since."""
        if self.since is None:
            for page in between(0, await last_id("orders")):
                yield page
            return
        if self._touched is None:
            self._touched = await _touched_since(self.since)
        for start in range(0, len(self._touched), LISTED):
            yield OneOf(self._touched[start : start + LISTED])

    async def entries(self) -> AsyncIterator[Pages]:
        """Every entry, or the new ones."""
        for page in between(self.since.entries if self.since else 0, await last_id("entries")):
            yield page

    async def refills(self) -> AsyncIterator[Pages]:
        """Every refill, or the new and the open ones."""
        first = 0
        if self.since is not None:
            rows = await Signal.raw(
                "select min(id) as id from refills"
                " where state in ('requested', 'sending', 'unsure', 'pending', 'running')"
            )
            new = max(0, self.since.refills - OVERLAP)
            first = new if rows[0]["id"] is None else min(new, rows[0]["id"] - 1)
        for page in between(first, await last_id("refills")):
            yield page


async def _touched_since(marks: Marks) -> list[int]:
    """The orders that may have changed since, in the order of their ids."""
    back = {name: max(0, getattr(marks, name) - OVERLAP) for name in ("orders", "attempts", "decisions")}
    rows = await Signal.raw(_TOUCHED.format(entries=marks.entries, **back))
    return [int(row["id"]) for row in rows]


def between(after: int, last: int) -> Iterator[Between]:
    """Pages of the ids above `after`, up to and with `last`."""
    for first in range(after + 1, last + 1, PAGE):
        yield Between(first, min(first + PAGE - 1, last))


async def last_id(table: str) -> int:
    rows = await Signal.raw(f"select max(id) as id from {table}")
    return int(rows[0]["id"] or 0)
