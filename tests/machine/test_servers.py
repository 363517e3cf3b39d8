"""The servers of the tests are real, empty for each test, and end with whoever started them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis

from tests.servers import PostgresServer, RedisServer, create_database, drop_database

# A shell that runs the tests in the background makes its children deaf to Ctrl-C.
STARTER = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests import servers
server = getattr(servers, sys.argv[1])()
print(server.folder, server.port, flush=True)
sys.stdin.read()
"""


async def ask(url: str, question: str) -> object:
    """One value from PostgreSQL."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_a_fresh_postgres_answers_and_holds_no_table(fresh_postgres: str) -> None:
    """Two tests can never see each other's orders."""
    assert await ask(fresh_postgres, "SELECT 1") == 1
    assert await ask(fresh_postgres, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


async def test_a_database_is_copied_from_its_template(postgres_url: str) -> None:
    """A suite may migrate once and give every test a copy."""
    template = create_database(postgres_url)
    await ask(template, "CREATE TABLE orders (id bigint)")
    copy = create_database(postgres_url, urlsplit(template).path[1:])
    assert await ask(copy, "SELECT count(*) FROM orders") == 0
    for url in (copy, template):
        drop_database(postgres_url, url)


async def test_a_database_is_dropped_although_somebody_is_connected(postgres_url: str) -> None:
    """A test that leaks a connection cannot stop the next one."""
    url = create_database(postgres_url)
    connection = await asyncpg.connect(url)
    drop_database(postgres_url, url)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await asyncpg.connect(url)
    await connection.close()


def test_a_suite_runs_on_both_engines(database_url: str) -> None:
    """Both spellings are those that aggregator.toml takes."""
    assert database_url.startswith(("sqlite:////", "postgresql://"))


async def test_postgres_keeps_what_was_committed_when_it_is_killed(postgres_server: PostgresServer) -> None:
    """It comes back at the same address, with every committed row."""
    await ask(postgres_server.url, "CREATE TABLE entries AS SELECT 5 AS amount")
    postgres_server.kill()
    with pytest.raises(OSError, match=r"[Cc]onnect"):
        await ask(postgres_server.url, "SELECT 1")
    postgres_server.start()
    assert await ask(postgres_server.url, "SELECT amount FROM entries") == 5


def test_a_fresh_redis_remembers_only_this_test(fresh_redis: str) -> None:
    """What one test puts there is gone for the next."""
    with redis.Redis.from_url(fresh_redis, decode_responses=True) as client:
        assert client.dbsize() == 0
        client.set("reply:1", "Pending")
        assert client.get("reply:1") == "Pending"


def test_redis_forgets_everything_when_it_is_killed(redis_server: RedisServer) -> None:
    """It comes back at the same address, empty."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("reply:1", "Pending")
    redis_server.kill()
    with redis.Redis.from_url(redis_server.url) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    redis_server.start()
    with redis.Redis.from_url(redis_server.url) as client:
        assert client.dbsize() == 0


def test_redis_forgets_everything_when_it_is_flushed(redis_server: RedisServer) -> None:
    """The cache may be emptied at any moment while it runs."""
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("reply:1", "Pending")
        redis_server.flush()
        assert client.get("reply:1") is None


@pytest.mark.parametrize("kind", ["RedisServer", "PostgresServer"])
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_server_ends_with_the_process_that_started_it(kind: str, ending: signal.Signals) -> None:
    """Neither a Ctrl-C nor a kill -9 of the tests leaves a server or a folder behind."""
    command = [sys.executable, "-c", STARTER, kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as starter:
        assert starter.stdout is not None
        folder = Path(starter.stdout.readline().decode().split()[0])
        server = int((folder / "pid").read_text())
        starter.send_signal(ending)
        starter.wait()
    deadline = time.monotonic() + 30
    while (folder.exists() or is_running(server)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not folder.exists()
    assert not is_running(server)


def is_running(pid: int) -> bool:
    """Whether a process is still there; one that has ended and that nobody asked about (Z) does not count."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")
