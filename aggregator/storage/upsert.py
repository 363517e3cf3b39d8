"""Thousands of rows of one table at once: objects of the query builder would cost more than the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from piccolo.columns import BigInt, BigSerial, Boolean, Integer, Text
from piccolo.table import Table

from aggregator.storage.parameters import values_table
from aggregator.storage.sql import execute

EACH = 2_000
"""Rows a statement: some megabytes."""
_KINDS = {Text: "text", BigInt: "bigint", Integer: "integer", Boolean: "boolean"}


async def put_many(
    table: type[Table], rows: Iterable[Mapping[str, Any]], *, key: Sequence[str] = (), overwrites: Sequence[str] = ()
) -> None:
    """Insert rows; what is left out of them gets the column's default, and numbers that count up come by themselves.

    They are taken as they are written, so that making a hundred thousand of them holds nobody up for long.

    With a `key`, a row that is there already has the columns that it `overwrites` changed, and no others.
    """
    kinds, defaults = _columns(table)
    then = ""
    if key:
        then = f"on conflict ({', '.join(key)}) do update set {', '.join(f'{n} = excluded.{n}' for n in overwrites)}"
    coming = iter(rows)
    while values := [[row.get(name, defaults[name]) for name in kinds] for row in islice(coming, EACH)]:
        query, given = values_table(kinds, values)
        await execute(f"insert into {table._meta.tablename} ({', '.join(kinds)}) {query} {then}", *given)  # noqa: SLF001


@cache
def _columns(table: type[Table]) -> tuple[dict[str, str], dict[str, Any]]:
    """The kinds and the defaults of a table's columns."""
    columns = [column for column in table._meta.columns if not isinstance(column, BigSerial)]  # noqa: SLF001
    kinds = {column._meta.name: _KINDS[type(column)] for column in columns}  # noqa: SLF001  # piccolo's place for it
    return kinds, {column._meta.name: column.get_default_value() for column in columns}  # noqa: SLF001  # the same
