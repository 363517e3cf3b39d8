"""A served panel for every test that asks, on SQLite; tests of what the database promises ask for both engines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.served import Client, Served, served


@pytest.fixture
async def shop(tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Served]:
    """A panel that sells service 1 at 2.50 and answers over HTTP, without any limit of requests."""
    async with served(tmp_path, fresh_sqlite) as opened:
        yield opened


@pytest.fixture
async def anna(shop: Served) -> Client:
    """A reseller with 150 dollars."""
    return await shop.reseller("anna")
