"""The database behind the tables: SQLite or PostgreSQL, opened from its URL and bound to every table.

Why one thread writes on SQLite: docs/decisions/0022-sqlite-writer.md.
"""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

import aiosqlite
import asyncpg
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine, dict_factory

from aggregator.errors import TemporarilyUnavailable
from aggregator.storage.readers import PRAGMAS, Readers
from aggregator.storage.tables import TABLES

Engine: TypeAlias = "Sqlite | Postgres"
T = TypeVar("T")

BUSY_SECONDS = 30
"""How long a SQLite connection waits for another process's write."""
IDLE_MS = "10000"
"""How long a transaction may do nothing: the rows of a process that was frozen in one are free again by then."""
UNREACHABLE = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError, asyncpg.CannotConnectNowError)
"""What the drivers raise when the database is away."""


_WRITING = frozenset({"insert", "update", "delete", "replace", "create", "drop", "alter", "analyze", "reindex"})
"""First words of statements that no reader can run."""


class Sqlite(SQLiteEngine):
    """Piccolo's SQLite with a few connections that read and are kept, and one thread that writes.

    Piccolo opens a connection (a thread and a file) for each query; kept ones are several times faster. A transaction
    runs in the writer's thread from beginning to end: to go there and back for each statement would cost more than
    the statement. A statement that writes outside any is a transaction of its own.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path=str(path), timeout=BUSY_SECONDS)
        self.readers = Readers(self.connection_kwargs)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._written: sqlite3.Connection | None = None

    @property
    def is_there(self) -> bool:
        """Whether its file has been made."""
        return Path(self.path).exists()

    async def _run_in_new_connection(
        self,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",  # noqa: ARG002  # piccolo's signature
        table: Any = None,  # noqa: ARG002  # the same
    ) -> list[dict[str, Any]]:
        if query.split(None, 1)[0].lower() in _WRITING:
            return await self._write(query, args)
        try:
            async with self.readers.lend() as connection:
                return await self._run_in_existing_connection(connection, query, args)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY:
                raise
        return await self._write(query, args)

    async def _write(self, query: str, args: list[Any] | None) -> list[dict[str, Any]]:
        """One statement as a transaction of its own."""

        async def work() -> list[dict[str, Any]]:
            return await self._run_in_existing_connection(self.current_transaction.get().connection, query, args)  # type: ignore[union-attr]  # set by _transact

        return await self.transact(work)

    async def transact(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run work in a transaction; it must not wait for anything but its statements."""
        loop, context = asyncio.get_running_loop(), copy_context()
        return await loop.run_in_executor(self._writer, context.run, self._transact, work)

    def _transact(self, work: Callable[[], Awaitable[T]]) -> T:
        connection = self._written or self._open_for_writing()
        self.current_transaction.set(running_on(connection))
        try:
            connection.execute("BEGIN IMMEDIATE")
            result = _drive(work())
            connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error) or connection.in_transaction:
                self._written = None
                connection.close()
            raise
        return result

    def _open_for_writing(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite3.connect(**self.connection_kwargs)
        connection.row_factory = dict_factory
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        self._written = connection
        return connection

    async def _run_in_existing_connection(
        self,
        connection: aiosqlite.Connection | sqlite3.Connection,
        query: str,
        args: list[Any] | None = None,
        query_type: str = "generic",  # noqa: ARG002  # piccolo's signature
        table: Any = None,  # noqa: ARG002  # the same
    ) -> list[dict[str, Any]]:
        if isinstance(connection, sqlite3.Connection):
            found: list[dict[str, Any]] = connection.execute(query, args or []).fetchall()
            return found
        # One way to the connection's thread and back; a cursor of our own would take three.
        return await connection.execute_fetchall(query, args or [])  # type: ignore[return-value]  # dict_factory makes them dicts

    async def analyze(self) -> None:
        """Look, roughly, how much the tables hold: by that SQLite chooses among indexes, when a connection opens."""

        async def count() -> None:
            running = self.current_transaction.get()
            assert running is not None
            connection = running.connection
            connection.execute("PRAGMA analysis_limit = 400")  # rows of each index: milliseconds, however large it is
            connection.execute("ANALYZE")

        await self.transact(count)
        await self.readers.renew()

    async def open(self) -> None:
        _make_private(Path(self.path))
        await self.readers.open()

    async def close(self) -> None:
        await self.readers.close()
        if self._written is not None:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._written.close)
        self._writer.shutdown()


class _Running:
    def __init__(self, connection: Any) -> None:
        self.connection = connection


def running_on(connection: Any) -> Any:
    """What piccolo looks up to find the connection of the running transaction, and asks nothing else."""
    return _Running(connection)


def _drive(work: Awaitable[T]) -> T:
    """Drive a coroutine that never suspends, and return its result; `RuntimeError` where it does suspend."""
    running = _run_to_completion(work)
    try:
        while running.send(None) is None:  # a pause for others, who are not here
            pass
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]  # what it returned
    running.close()
    raise RuntimeError("a transaction waited for something that is not its database")


async def _run_to_completion(work: Awaitable[T]) -> T:
    return await work


async def _leave(_: asyncpg.Connection) -> None:
    """Skip asyncpg's RESET on release, a round trip: no session state of a connection is ever changed."""


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
            server_settings={
                "lock_timeout": "10000",
                "statement_timeout": "60000",
                "application_name": "aggregator",
                "idle_in_transaction_session_timeout": IDLE_MS,
            },
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


def concurrency(url: str) -> int:
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


def is_passing(error: BaseException) -> bool:
    """Whether SQLite has trouble that passes: a full disk, or somebody else at a file that is not WAL yet.

    Two connections that turn a new file to WAL at one moment do not wait for each other.
    """
    passing = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_BUSY_RECOVERY)
    return any(
        getattr(cause, "errno", None) == errno.ENOSPC or getattr(cause, "sqlite_errorcode", None) in passing
        for cause in causes(error)
    )


def is_no_database(error: BaseException) -> bool:
    """Whether the file of a SQLite database is another's, or damaged: no waiting mends it."""
    wrong = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
    return any(getattr(cause, "sqlite_errorcode", None) in wrong for cause in causes(error))


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
                asyncpg.IdleInTransactionSessionTimeoutError,
                TemporarilyUnavailable,
            ),
        )
        for cause in causes(error)
    )
