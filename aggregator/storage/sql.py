"""Statements as texts, straight to the driver: what is asked a thousand times a second needs no query builder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import count
from typing import Any, TypeAlias

from aggregator.storage.engine import Sqlite
from aggregator.storage.transaction import engine

Row: TypeAlias = Mapping[str, Any]

_PLACE = "{}"


async def execute(text: str, *values: object) -> list[Row]:
    """The rows of a statement, `{}` standing for each of the values; inside `write` a part of its transaction."""
    bound = engine()
    running = bound.current_transaction.get()
    if isinstance(bound, Sqlite):
        query, given = text.replace(_PLACE, "?"), list(values)
        if running is None:
            return list(await bound._run_in_new_connection(query, given))  # noqa: SLF001  # ours, under piccolo's name
        return list(await bound._run_in_existing_connection(running.connection, query, given))  # noqa: SLF001  # as above
    if running is not None:
        return list(await running.connection.fetch(_numbered(text), *values))
    assert bound.pool is not None
    async with bound.pool.acquire() as connection:
        return list(await connection.fetch(_numbered(text), *values))


@lru_cache(maxsize=500)
def _numbered(text: str) -> str:
    """As PostgreSQL wants its places named: $1, $2 and so on."""
    first, *others = text.split(_PLACE)
    return first + "".join(f"${number}{other}" for number, other in zip(count(1), others, strict=False))
