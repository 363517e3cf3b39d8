"""Databases and caches for every test that asks: real servers, started once for each worker, empty for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
import structlog
from hypothesis import settings

from tests.flows.samples import LEFT_OUT
from tests.servers import PostgresServer, RedisServer, create_database, drop_database

# A shared machine may stall for longer than any deadline; an example's duration says nothing about the code.
settings.register_profile("aggregator", deadline=None)
settings.load_profile("aggregator")


LONG = ("tests/chaos", "tests/readme", "tests/web", "tests/flows", "tests/interop")
"""Folders whose files take long begin early, so that no worker is left alone with one at the end."""


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as processors: a test waits for servers most of its time."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, each folder in its order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def write_plain_logs() -> None:
    """Tracebacks as Python writes them: drawing one with all its variables takes half a minute."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


write_plain_logs()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL in which databases may be made: TEST_POSTGRES_URL, else one of our own."""
    if given := os.environ.get("TEST_POSTGRES_URL"):
        yield given
        return
    server = PostgresServer()
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def redis_url(worker_id: str) -> Iterator[str]:
    """A Redis database for this worker alone: on TEST_REDIS_URL, one number a worker, else on a server of our own."""
    if given := os.environ.get("TEST_REDIS_URL"):
        number = worker_id.removeprefix("gw").replace("master", "0")
        yield urlunsplit(urlsplit(given)._replace(path=f"/{number}"))
        return
    server = RedisServer()
    yield server.url
    server.stop()


@pytest.fixture
def fresh_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL database, gone after the test."""
    url = create_database(postgres_url)
    yield url
    drop_database(postgres_url, url)


@pytest.fixture
def fresh_sqlite(tmp_path: Path) -> str:
    """The URL of a SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path / 'aggregator.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database; whoever asks runs once on each engine."""
    engine = {"sqlite": "fresh_sqlite", "postgresql": "fresh_postgres"}[request.param]
    return str(request.getfixturevalue(engine))


@pytest.fixture
def fresh_redis(redis_url: str) -> Iterator[str]:
    """The URL of an empty Redis database, emptied again after the test."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
        yield redis_url
        client.flushdb()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, to kill, start again and flush."""
    server = RedisServer()
    yield server
    server.stop()


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL of the test's own, to kill and start again."""
    server = PostgresServer()
    yield server
    server.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the programs that this machine could not run."""
    for sample in LEFT_OUT:
        terminalreporter.write_line(f"not tried, for there is no {sample.needs} here: {sample.name}", yellow=True)
    if any("chromium" in str(report.longrepr) for report in terminalreporter.getreports("skipped")):
        terminalreporter.write_line("not tried, for there is no chromium here: the pages in a browser", yellow=True)
