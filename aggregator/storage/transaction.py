"""One way to begin a write: `await write(work)` runs it in a transaction and a task of its own.

A handler that is cancelled inside a transaction would leak its connection, and a connection that dies at
commit would poison the task that used it. So the work runs shielded, in a fresh task whose context dies with it.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import asyncpg

from aggregator.storage.engine import Engine, Postgres, Sqlite, is_unreachable, running_on
from aggregator.storage.tables import Wallet

T = TypeVar("T")
Work = Callable[[], Awaitable[T]]
Interceptor = Callable[[Work[Any], Callable[[Work[Any]], Awaitable[Any]]], Coroutine[Any, Any, Any]]

ROLLED_BACK_FOR_SURE = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
TRIES = 4
PAUSE_SECONDS = 0.05
"""Before the second try, so that the other of a deadlock is through by then; longer each time, and never the same."""
SURELY_SECONDS = 60
LONG_LOOK_MS = 600_000
"""How long a snapshot, which locks no row, may work out something between two statements."""

_running: set[asyncio.Task[Any]] = set()


async def _straight(work: Work[T], run: Callable[[Work[T]], Awaitable[T]]) -> T:
    return await run(work)


_passage: Interceptor = _straight


def intercept_writes(passage: Interceptor) -> None:
    """Install an interceptor around every write (failpoints use it): it must return what `run(work)` returns."""
    global _passage  # noqa: PLW0603  # one way to begin a write, one thing that may stand in it
    _passage = passage


def engine() -> Engine:
    """The database that the tables are bound to."""
    return Wallet._meta.db  # type: ignore[return-value]  # noqa: SLF001  # bound by storage.engine.bind


async def write(work: Work[T]) -> T:
    """Run `work` in one write transaction: all of it is committed, or none.

    The caller may be cancelled; the work is not. It waits for nothing but its statements: no
    network, no tasks, no other `write`. A deadlock is tried again, at most
    four times in all; every other error rolls back and is raised.
    """
    bound = engine()
    if bound.current_transaction.get() is not None:
        raise RuntimeError("a transaction is already running here")
    return await asyncio.shield(_begin(_passage(work, partial(_attempt, bound))))


def _begin(work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """In a task of its own, which is waited for before the database is closed."""
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return task


async def _attempt(bound: Engine, work: Work[T]) -> T:
    for tried in range(1, TRIES + 1):
        try:
            return await (bound.transact(work) if isinstance(bound, Sqlite) else _on_postgres(bound, work))
        except ROLLED_BACK_FOR_SURE:
            if tried == TRIES:
                raise
        await asyncio.sleep(PAUSE_SECONDS * tried * random.uniform(1, 2))  # noqa: S311  # no secret
    raise AssertionError


async def _on_postgres(bound: Postgres, work: Work[T]) -> T:
    assert bound.pool is not None
    connection = await bound.pool.acquire()
    before = bound.current_transaction.set(running_on(connection))
    try:
        async with connection.transaction():
            return await work()
    finally:
        bound.current_transaction.reset(before)
        _begin(_give_back(bound.pool, connection))  # nobody needs to wait for that


async def _give_back(pool: asyncpg.Pool, connection: Any) -> None:
    with suppress(Exception):
        await pool.release(connection, timeout=5)


async def off_loop(compute: Callable[[], T]) -> T:
    """What takes long to work out, in a transaction or out of one, beside the event loop: nobody else waits for it.

    A transaction of SQLite that writes is beside it already.
    """
    running = engine().current_transaction.get()
    if running is not None and isinstance(running.connection, sqlite3.Connection):
        return compute()
    return await asyncio.to_thread(compute)


async def write_with_retry(work: Work[T]) -> T:
    """`write` for what nobody else knows: tried again while the database is away, for a minute.

    It may be that the first try was committed and only its confirmation lost: `work` must find that out by itself.
    """
    until = time.monotonic() + SURELY_SECONDS
    while True:
        try:
            return await write(work)
        except Exception as error:
            if not is_unreachable(error) or time.monotonic() >= until:
                raise
        await asyncio.sleep(0.2)


async def drain() -> None:
    """Return when no transaction of this process is running."""
    while _running:
        await asyncio.wait(set(_running))


async def snapshot(work: Work[T]) -> T:
    """Run reads that must all see the same moment; nothing can be written."""
    bound = engine()
    return await asyncio.create_task(
        _read_sqlite(bound, work) if isinstance(bound, Sqlite) else _read_postgres(bound, work)
    )


async def _read_sqlite(bound: Sqlite, work: Work[T]) -> T:
    async with bound.readers.lend() as connection:
        bound.current_transaction.set(running_on(connection))
        await connection.execute("BEGIN")
        result = await work()
        await connection.execute("COMMIT")
        return result


async def _read_postgres(bound: Postgres, work: Work[T]) -> T:
    assert bound.pool is not None
    async with bound.pool.acquire() as connection:
        bound.current_transaction.set(running_on(connection))
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(f"set local idle_in_transaction_session_timeout = {LONG_LOOK_MS}")
            return await work()
