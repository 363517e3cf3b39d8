"""A market for every test that asks: on SQLite, or on both engines where the database's own promises matter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.storage import tables
from tests.api.served import Client
from tests.builders import open_database
from tests.interop.market import Market, market


@pytest.fixture
async def empty_url(panel_url: str) -> str:
    """An empty database on each engine in turn; the PostgreSQL one is swept, which is quicker than making another."""
    if panel_url.startswith("postgresql"):
        async with open_database(panel_url):
            names = ", ".join(table._meta.tablename for table in tables.TABLES if table is not tables.Migration)
            await tables.Signal.raw(f"truncate {names} restart identity cascade")
    return panel_url


@pytest.fixture
async def trade(tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Market]:
    """Alpha is a classic panel, bravo one of the JSON kind; one terminal answer is enough."""
    async with market(tmp_path, fresh_sqlite, presets={"bravo": "mystic"}) as opened:
        yield opened


@pytest.fixture
async def any_trade(tmp_path: Path, empty_url: str) -> AsyncIterator[Market]:
    """The same on each engine in turn."""
    async with market(tmp_path, empty_url, presets={"bravo": "mystic"}) as opened:
        yield opened


@pytest.fixture
async def ann(trade: Market) -> Client:
    """A reseller with 1,000 dollars."""
    return await trade.reseller()
