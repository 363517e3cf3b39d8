"""A panel that is started while its database is away, or its disk is full: it says so, waits, and takes up its work."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.chaos.disk import Disk
from tests.flows.panels import Panel
from tests.flows.processes import Process, wait_until
from tests.servers import PostgresServer, create_database


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk of its own."""
    mounted = Disk(tmp_path / "disk", 8)
    mounted.open()
    if not mounted.is_own:
        pytest.skip("this machine lends no small disk: mounting a tmpfs is not allowed")
    yield mounted
    mounted.close()


@pytest.mark.parametrize("used_before", [True, False], ids=["a panel", "a new panel"])
def test_a_panel_that_starts_on_a_full_disk_waits_for_room(tmp_path: Path, disk: Disk, *, used_before: bool) -> None:
    with Panel(tmp_path / "panel", f"sqlite:///{disk.folder}/panel.sqlite") as panel:
        if used_before:
            panel.reseller(funds=100)
        disk.fill([])
        _starts_without(panel, tmp_path / "log", lambda: disk.free([]))


def test_a_panel_that_starts_before_its_database_waits_for_it(
    tmp_path: Path, postgres_server: PostgresServer, fresh_redis: str
) -> None:
    with Panel(tmp_path / "panel", create_database(postgres_server.url), cache=fresh_redis) as panel:
        panel.reseller(funds=100)
        postgres_server.kill()
        _starts_without(panel, tmp_path / "log", postgres_server.start)


def _starts_without(panel: Panel, log: Path, bring_back: Callable[[], None]) -> None:
    """It is there, refuses with a time to wait, and serves by itself when its database is back."""
    port = _free_port()
    process = Process(log, "serve", "--port", str(port), "--config", str(panel.config))
    try:
        assert wait_until(lambda: _ready(port)) == 503
        wait_until(lambda: "database.unavailable" in process.said)
        for body, code in (('{"key":"k","action":"balance"}', 503), ("key=k&action=balance", 503)):
            reply = httpx.post(f"http://127.0.0.1:{port}/api/v2", content=body, trust_env=False)
            assert (reply.status_code, list(reply.json())) == (code, ["error"])
            assert int(reply.headers["retry-after"]) > 0
        assert process.runs
        bring_back()
        wait_until(lambda: _ready(port) == 200)
        assert process.terminate() == 0
    finally:
        process.kill()


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _ready(port: int) -> int:
    """What a load balancer is told; 0 while nobody listens."""
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code
    return 0
