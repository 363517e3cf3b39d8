"""The database behind the tables: SQLite or PostgreSQL, opened from its URL and bound to every table."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

import aiosqlite
import asyncpg
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine, dict_factory

from aggregator.errors import TemporarilyUnavailable
from aggregator.storage.tables import TABLES

Engine: TypeAlias = "Sqlite | Postgres"

BUSY_SECONDS = 30
"""How long a SQLite connection waits for another process's write."""
UNREACHABLE = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError)
"""What the drivers raise when the database is away."""


class Sqlite(SQLiteEngine):
    """Piccolo's SQLite with connections that are kept, WAL, and full synchronisation.

    Piccolo opens a connection (a thread and a file) for each query; kept ones are several times faster.
    WAL lets readers pass the writer; FULL keeps the last commits through a power cut.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path=str(path), timeout=BUSY_SECONDS)
        self._idle: list[aiosqlite.Connection] = []
        self.writing = asyncio.Lock()

    async def get_connection(self) -> aiosqlite.Connection:
        """A connection of one's own: give it back with `put_back`, or close it when in doubt."""
        if self._idle:
            return self._idle.pop()
        connection = await aiosqlite.connect(**self.connection_kwargs)
        connection.row_factory = dict_factory  # type: ignore[assignment]  # piccolo reads rows as dicts
        try:
            for pragma in ("foreign_keys = 1", "journal_mode = WAL", "synchronous = FULL"):
                await connection.execute(f"PRAGMA {pragma}")
        except BaseException:
            await connection.close()
            raise
        return connection

    def put_back(self, connection: aiosqlite.Connection) -> None:
        self._idle.append(connection)

    async def _run_in_new_connection(
        self,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",  # noqa: ARG002  # piccolo's signature
        table: Any = None,  # noqa: ARG002  # the same
    ) -> list[dict[str, Any]]:
        connection = await self.get_connection()
        try:
            rows = await self._run_in_existing_connection(connection, query, args)
        except BaseException:
            await connection.close()
            raise
        self.put_back(connection)
        return rows

    async def _run_in_existing_connection(
        self,
        connection: aiosqlite.Connection,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",  # noqa: ARG002  # piccolo's signature
        table: Any = None,  # noqa: ARG002  # the same
    ) -> list[dict[str, Any]]:
        # One way to the connection's thread and back; a cursor of our own would take three.
        return await connection.execute_fetchall(query, args or [])  # type: ignore[return-value]  # dict_factory makes them dicts

    async def open(self) -> None:
        _make_private(Path(self.path))
        self.put_back(await self.get_connection())

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()


async def _leave(_: asyncpg.Connection) -> None:
    """What asyncpg would undo on each return, at the cost of a round trip, is nothing that we do to a connection."""


def _make_private(path: Path) -> None:
    """Orders and wallets are read by nobody else; SQLite gives the files beside the database its rights."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)


class Postgres(PostgresEngine):
    """Piccolo's PostgreSQL with a pool and time limits on the server's side."""

    async def check_version(self) -> None:
        """Piccolo would connect here, at the making of the engine, and complain in its own way."""

    async def open(self) -> None:
        await self.start_connection_pool(
            min_size=1,
            max_size=12,
            timeout=10,
            reset=_leave,
            server_settings={"lock_timeout": "10000", "statement_timeout": "60000", "application_name": "aggregator"},
        )

    async def close(self) -> None:
        if self.pool:
            with suppress(TimeoutError):
                await self.close_connection_pool()


def create_engine(url: str) -> Engine:
    """Build, not open, the engine of `sqlite:///path` or `postgresql://user:secret@host/name`."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return Sqlite(Path(unquote(url.removeprefix("sqlite:///"))))
    return Postgres(config={"dsn": url, "database": parts.path.lstrip("/")}, extensions=())


def lanes(url: str) -> int:
    """How many large writes of a process are best under way at once.

    SQLite has one writer. PostgreSQL works on one while the next gathers; more would only make them smaller.
    """
    return 1 if urlsplit(url).scheme == "sqlite" else 2


def bind(engine: Engine) -> None:
    """Make every table speak to this database. One process has one."""
    for table in TABLES:
        table._meta.db = engine  # noqa: SLF001  # piccolo's own way to bind a table late


def is_sqlite(engine: Engine) -> bool:
    return isinstance(engine, Sqlite)


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it: drivers wrap each other's."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def is_unique_violation(error: BaseException) -> bool:
    """Whether a unique index said no, on either database."""
    if isinstance(error, sqlite3.IntegrityError):
        return "UNIQUE" in str(error)
    return isinstance(error, asyncpg.UniqueViolationError)


def is_unreachable(error: BaseException) -> bool:
    """Whether the database is away (or full), as against a fault of ours."""
    return any(
        isinstance(
            cause,
            (
                *UNREACHABLE,
                asyncpg.InsufficientResourcesError,
                sqlite3.OperationalError,
                asyncpg.QueryCanceledError,
                asyncpg.LockNotAvailableError,
                TemporarilyUnavailable,
            ),
        )
        for cause in causes(error)
    )
