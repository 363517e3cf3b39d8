"""Databases and caches for every test that asks: real servers, started once for each worker, empty for each test."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
import structlog

from aggregator.storage import tables
from tests import depth
from tests.builders import open_database
from tests.flows.samples import LEFT_OUT
from tests.servers import PostgresServer, RedisServer, create_database, drop_database

depth.register_profiles()


LONG = ("tests/chaos", "tests/readme", "tests/web", "tests/flows", "tests/interop")
"""Folders whose files take long begin early, so that no worker is left alone with one at the end."""


def pytest_xdist_auto_num_workers() -> int:
    """Twice as many as processors: a test waits for servers most of its time."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, each folder in its order; whatever is left out of a run, the examples stay the same."""
    depth.load_everything()
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def write_plain_logs() -> None:
    """Tracebacks as Python writes them: drawing one with all its variables takes half a minute."""
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


write_plain_logs()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL and its superuser, who may make databases in it: TEST_POSTGRES_URL, else one of our own."""
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


_EMPTY = f"""
do $$
declare found record;
begin
    set local session_replication_role = replica;
    for found in select tablename from pg_tables
        where schemaname = 'public' and tablename <> '{tables.Migration._meta.tablename}'
    loop execute format('delete from %I', found.tablename); end loop;
    for found in select distinct tgrelid::regclass as place from pg_trigger
        where not tgisinternal and tgenabled = 'D'
    loop execute format('alter table %s enable trigger user', found.place); end loop;
    for found in select sequencename, start_value from pg_sequences
        where schemaname = 'public' and last_value is not null
    loop perform setval(found.sequencename::regclass, found.start_value, false); end loop;
end $$"""
"""No rows, the guards that a test took away, and ids from where they start.

By DELETE, past the triggers that refuse it: TRUNCATE takes 70 ms.
"""


@pytest.fixture(scope="session")
def kept_postgres(postgres_url: str) -> Iterator[str]:
    """A PostgreSQL database that is emptied for each test, since making one takes longer than most tests."""
    url = create_database(postgres_url)
    yield url
    drop_database(postgres_url, url)


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database that is up to date, to copy: making its tables takes longer than most tests."""
    path = tmp_path_factory.mktemp("migrated") / "aggregator.sqlite"

    async def make() -> None:
        async with open_database(f"sqlite:///{path}"):
            pass

    asyncio.run(make())
    return path


@pytest.fixture
def copied_sqlite(migrated_sqlite: Path, fresh_sqlite: str) -> str:
    """A SQLite database of the test's own, up to date."""
    shutil.copyfile(migrated_sqlite, fresh_sqlite.removeprefix("sqlite:///"))
    return fresh_sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def panel_url(request: pytest.FixtureRequest) -> str:
    """Where the next panel keeps its data."""
    engine = {"sqlite": "copied_sqlite", "postgresql": "kept_postgres"}[request.param]
    return str(request.getfixturevalue(engine))


@pytest.fixture
async def panel_database(panel_url: str) -> AsyncIterator[str]:
    """The URL of an open, empty, migrated database; whoever asks runs once on each engine."""
    async with open_database(panel_url):
        if panel_url.startswith("postgresql"):
            await tables.Signal.raw(_EMPTY)
        yield panel_url


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
