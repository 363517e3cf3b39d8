"""A bounded pool of SQLite connections that only read: each is a thread and some files of the process."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from piccolo.engine.sqlite import dict_factory

PRAGMAS = (
    "foreign_keys = 1",
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 8000",
    "temp_store = MEMORY",
)
"""WAL lets readers pass the writer; FULL keeps the last commits through a power cut.

The log is worked into the database every 32 MB: the pages that every commit changes are then written there once. What
a statement puts aside while it runs needs no file.
"""
MOST = 6
"""Connections; further queries wait for one. More would wait for each other at the interpreter's lock."""

_CLOSED = "the database is not open"


class Readers:
    """Lends connections that cannot write, and keeps them for the next."""

    def __init__(self, options: Mapping[str, Any], *, most: int = MOST) -> None:
        """`options` are what `sqlite3.connect` takes."""
        self._options = dict(options)
        self._free = asyncio.Semaphore(most)
        self._idle: list[aiosqlite.Connection] = []
        self._is_open = False
        self._edition = 0

    async def open(self) -> None:
        """Open one connection, to see that the file is a database."""
        self._is_open = True
        try:
            async with self.lend():
                pass
        except BaseException:
            self._is_open = False
            raise

    async def close(self) -> None:
        self._is_open = False
        await self._drop_idle()

    async def renew(self) -> None:
        """Let every connection be opened anew, before its next use."""
        self._edition += 1
        await self._drop_idle()

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[aiosqlite.Connection]:
        """A connection of one's own for a while; it is not used again where the work with it fails."""
        async with self._free:
            connection, edition = await self._take(), self._edition
            try:
                yield connection
            except BaseException:
                await connection.interrupt()  # whoever asked has left: what still runs is for nobody
                await connection.close()
                raise
            if self._is_open and edition == self._edition:
                self._idle.append(connection)
            else:
                await connection.close()

    async def _take(self) -> aiosqlite.Connection:
        if self._idle:
            return self._idle.pop()
        if not self._is_open:  # nobody would close it again
            raise sqlite3.OperationalError(_CLOSED)
        connection = await aiosqlite.connect(**self._options)
        connection.row_factory = dict_factory  # type: ignore[assignment]  # piccolo reads rows as dicts
        try:
            for pragma in (*PRAGMAS, "query_only = 1"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()
            raise
        return connection

    async def _drop_idle(self) -> None:
        while self._idle:
            await self._idle.pop().close()
