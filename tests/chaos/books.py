"""The panel's database as the checker reads it: by SQL of its own, behind the program's back."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing, suppress
from typing import Any

import asyncpg

Row = dict[str, Any]


class Books:
    """Opened anew for each question, since the database may have died since the last."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def rows(self, statement: str) -> list[Row]:
        """Run one statement."""
        if self.url.startswith("sqlite:"):
            return await asyncio.to_thread(self._rows_of_sqlite, statement)
        connection = await asyncpg.connect(self.url)
        try:
            return [dict(row) for row in await connection.fetch(statement)]
        finally:
            await connection.close()

    def _rows_of_sqlite(self, statement: str) -> list[Row]:
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=30)) as connection:
            connection.row_factory = sqlite3.Row
            with connection:
                return [dict(row) for row in connection.execute(statement)]

    async def let_leases_run_out(self) -> None:
        """Move on in time: what a process has claimed and not done is anybody's again."""
        now = int(time.time() * 1000)
        for statement in (
            f"update orders set due_at = {now} where state = 'queued' and due_at > {now}",
            f"update attempts set poll_at = {now} where poll_at > {now + 1_000}",
        ):
            await self._insist(statement)

    async def _insist(self, statement: str) -> None:
        """The program takes rows in orders of its own, so that we may meet it in a deadlock."""
        while True:
            with suppress(asyncpg.DeadlockDetectedError):
                await self.rows(statement)
                return
            await asyncio.sleep(0.1)
