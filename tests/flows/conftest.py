"""Panels and providers for whole-panel tests; every panel's books are proven when its test ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.panels import Panel
from tests.flows.sandboxes import Provider, provider


@pytest.fixture
def panel(tmp_path: Path, fresh_sqlite: str) -> Iterator[Panel]:
    """A panel on SQLite."""
    with Panel(tmp_path, fresh_sqlite) as opened:
        yield opened


@pytest.fixture
def any_panel(tmp_path: Path, database_url: str) -> Iterator[Panel]:
    """A panel on each engine in turn."""
    with Panel(tmp_path, database_url) as opened:
        yield opened


@pytest.fixture
def alpha() -> Iterator[Provider]:
    """A classic provider that asks 2.00 per 1,000."""
    with provider() as opened:
        yield opened


@pytest.fixture
def bravo() -> Iterator[Provider]:
    """A JSON provider that asks 2.20 per 1,000."""
    with provider(dialect="json", rate="2.20") as opened:
        yield opened
