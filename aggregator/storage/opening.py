"""Opens the database of a configuration, up to date and bound to the tables: for a panel and for every command."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from aggregator.failpoints import Failpoints, read_failpoints
from aggregator.settings import Settings
from aggregator.storage import clock, migrations
from aggregator.storage.engine import bind, create_engine
from aggregator.storage.transaction import lead_through, settled


@cache
def failpoints() -> Failpoints:
    """Those of this process; read once."""
    return read_failpoints(os.environ)


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[None]:
    """The database of the configuration, open, up to date and bound to the tables."""
    opened = create_engine(settings.database_url)
    bind(opened)
    lead_through(failpoints().transaction)
    await opened.open()
    try:
        await migrations.migrate()
        await clock.follow(at_once=True)
        yield
    finally:
        await settled()
        await opened.close()
