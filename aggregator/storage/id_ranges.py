"""Finds rows by time without an index on it: ids grow with time, so the first row of a moment is found by halving.

Rows of one moment may be out of order by as long as a transaction takes: good for figures by day, not for accounts.
"""

from __future__ import annotations

from typing import Any

from piccolo.table import Table

from aggregator.storage.engine import is_sqlite
from aggregator.storage.transaction import engine


async def first_id(table: type[Table], moment: int, *, column: str = "created_at") -> int:
    """The id of the first row since a moment (milliseconds since 1970); one beyond the last where there is none."""
    first, last = await _end(table, "id"), await _end(table, "id desc")
    if first is None or last is None:
        return 1
    low, high = first, last + 1
    while low < high:
        middle = (low + high) // 2
        row = await _at_or_after(table, middle, column)
        if row is None or row[column] >= moment:
            high = middle
        else:
            low = row["id"] + 1
    return low


def from_id_on(table: type[Table]) -> str:
    """A table in a statement that reads it from some id on; by itself SQLite would take any index there is."""
    name: str = table._meta.tablename  # noqa: SLF001  # piccolo's place for it
    return f"{name} not indexed" if is_sqlite(engine()) else name


async def drop_before(table: type[Table], moment: int, *, column: str, most: int) -> int:
    """Delete the oldest rows from before a moment, at most so many of them; how many there were."""
    first, oldest = await first_id(table, moment, column=column), await _end(table, "id")
    if oldest is None or oldest >= first:
        return 0
    text = f"delete from {table._meta.tablename} where id < {{}} returning id"  # noqa: S608, SLF001
    return len(await table.raw(text, min(first, oldest + most)))


async def _end(table: type[Table], order: str) -> int | None:
    rows = await table.raw(f"select id from {table._meta.tablename} order by {order} limit 1")  # noqa: S608, SLF001
    return int(rows[0]["id"]) if rows else None


async def _at_or_after(table: type[Table], number: int, column: str) -> dict[str, Any] | None:
    text = f"select id, {column} from {table._meta.tablename} where id >= {{}} order by id limit 1"  # noqa: S608, SLF001
    rows = await table.raw(text, number)
    return rows[0] if rows else None
