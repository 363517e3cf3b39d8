"""Up to where the tables are complete: on PostgreSQL a lower id may be committed after a higher one."""

from __future__ import annotations

import asyncio
import time

from aggregator.audit.scope import Marks, last_id
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine

PATIENCE_SECONDS = 3.0
PAUSE_SECONDS = 0.02


async def settled_marks() -> Marks | None:
    """The last row of each table as of now, once every transaction that ran then has ended; None if that takes long."""
    marks = Marks(
        await last_id("entries"),
        await last_id("orders"),
        await last_id("attempts"),
        await last_id("decisions"),
        await last_id("refills"),
    )
    return marks if is_sqlite(engine()) or await _ended(await _transaction("xmax")) else None


async def _ended(first_after: int) -> bool:
    until = time.monotonic() + PATIENCE_SECONDS
    while await _transaction("xmin") < first_after:
        if time.monotonic() >= until:
            return False
        await asyncio.sleep(PAUSE_SECONDS)
    return True


async def _transaction(edge: str) -> int:
    """`xmax`: every transaction that has begun is below; `xmin`: every one below has ended."""
    rows = await Signal.raw(f"select pg_snapshot_{edge}(pg_current_snapshot())::text::bigint as id")
    return int(rows[0]["id"])
