"""A desk for every test: nothing is ordered yet, and two providers answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from providers.sandbox import Sandbox
from tests.cli.desk import Desk, make_desk, providers_in_a_thread, wares
from tests.conftest import write_plain_logs


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """A command sets up the log of its process, which here is ours."""
    yield
    write_plain_logs()


@pytest.fixture
def sandboxes() -> list[Sandbox]:
    return wares()


@pytest.fixture
def desk(tmp_path: Path, sandboxes: list[Sandbox]) -> Iterator[Desk]:
    """Commands on a fresh configuration: nothing is synced yet."""
    with providers_in_a_thread(*sandboxes) as urls:
        yield make_desk(tmp_path, urls)


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    """The same after a sync."""
    desk.ask("sync")
    return desk


@pytest.fixture
def idle(tmp_path: Path) -> Desk:
    """Commands that need no provider: none answers."""
    return make_desk(tmp_path, ["http://127.0.0.1:1"] * 2)
