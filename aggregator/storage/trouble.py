"""How a failure that stops nothing else is logged: one line, in our words where the world outside is to blame."""

from __future__ import annotations

import sqlite3
from typing import Any

import asyncpg
from structlog.typing import FilteringBoundLogger

from aggregator.errors import TemporarilyUnavailable
from aggregator.storage.engine import causes, is_passing, is_unreachable

_WORDS: dict[type[BaseException], str] = {
    asyncpg.LockNotAvailableError: "somebody else holds a row that it needs",
    asyncpg.IdleInTransactionSessionTimeoutError: "the database ended its transaction, which stood still",
    asyncpg.QueryCanceledError: "the database gave its query up, which took too long",
    asyncpg.InsufficientResourcesError: "the database has no room left: disk, memory or connections",
    asyncpg.PostgresConnectionError: "the database is away",
    asyncpg.CannotConnectNowError: "the database is away",
    asyncpg.InterfaceError: "the database is away",
    sqlite3.OperationalError: "the database cannot be used",
    TemporarilyUnavailable: "the database is away",
    ConnectionError: "the connection failed",
    TimeoutError: "it took too long",
    OSError: "the system refused",
}
"""By what is raised for it; the first that fits."""


def words_for(error: BaseException) -> str | None:
    """What is wrong outside; None for a fault of ours, which only its place explains."""
    if is_passing(error):
        return "the database's file is locked, or its disk is full"
    if not is_unreachable(error):
        return None
    return next((words for cause in causes(error) for kind, words in _WORDS.items() if isinstance(cause, kind)), None)


def tell_failure(log: FilteringBoundLogger, event: str, error: Exception, **facts: Any) -> None:
    """A warning where the world outside is to blame, with why; else an error. Both say what failed and where."""
    words = words_for(error)
    if words is None:
        log.error(event, **facts, failed=error)
    else:
        log.warning(event, because=words, **facts, failed=error)
