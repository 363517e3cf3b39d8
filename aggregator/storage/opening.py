"""Opens the database of a configuration, up to date and bound to the tables: for a panel and for every command."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import TypeVar

import structlog

from aggregator.failpoints import Failpoints, read_failpoints
from aggregator.settings import Settings
from aggregator.storage import clock, migrations
from aggregator.storage.engine import Sqlite, bind, create_engine
from aggregator.storage.transaction import drain, intercept_writes

log = structlog.get_logger(__name__)
T = TypeVar("T")


@cache
def failpoints() -> Failpoints:
    """Those of this process; read once."""
    return read_failpoints(os.environ)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[None]:
    """The database of the configuration, open, up to date and bound to the tables."""
    opened = create_engine(settings.database_url)
    bind(opened)
    intercept_writes(failpoints().transaction)
    await opened.open()
    try:
        await migrations.migrate()
        await clock.follow(at_once=True)
        yield
    finally:
        await drain()
        await opened.close()


async def look_up(settings: Settings, question: Callable[[], Awaitable[T]]) -> T | None:
    """Ask the database as it is, where it is there; None where it is not, or too old. Nothing is made or migrated."""
    opened = create_engine(settings.database_url)
    if isinstance(opened, Sqlite) and not opened.is_there:
        return None
    bind(opened)
    try:
        await opened.open()
        return await question()
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing can be looked up
        log.debug("database.not_looked_up", error=type(error).__name__)
        return None
    finally:
        await opened.close()
