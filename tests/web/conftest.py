"""A panel with pages for every test that asks, and a browser where there is one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from aggregator.people import passwords
from tests.web.chromium import CHROMIUM, Screen, screen_of
from tests.web.kit import Visitor, Web, web_of


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many rounds as can be counted on one finger: how long a guess takes is the library's promise, not ours."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
async def web(tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Web]:
    """Two services of one provider, and open doors for whoever signs up."""
    async with web_of(tmp_path, fresh_sqlite, panel='sign_up = "open"\n') as opened:
        yield opened


@pytest.fixture
async def anna(web: Web) -> Visitor:
    """A reseller with 150 dollars who is signed in."""
    return await web.reseller()


@pytest.fixture
async def boss(web: Web) -> Visitor:
    """An owner who is signed in."""
    return await web.owner()


@pytest.fixture
async def screen(web: Web, tmp_path: Path) -> AsyncIterator[Screen]:
    """A real browser on the panel; left out, and said so at the end, where the machine has none."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium here")
    async with screen_of(web, tmp_path / "profile") as opened:
        yield opened
