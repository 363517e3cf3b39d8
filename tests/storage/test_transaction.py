"""A write is committed whole or not at all, whoever hangs up, and nothing that fails harms what comes after it."""

from __future__ import annotations

import asyncio
import errno
import random
import sqlite3
import threading
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from aggregator.storage import signals
from aggregator.storage.engine import Postgres, Sqlite, is_passing, is_unreachable
from aggregator.storage.readers import MOST
from aggregator.storage.sql import execute
from aggregator.storage.tables import ApiKey, Signal
from aggregator.storage.transaction import drain, engine, snapshot, write, write_with_retry
from tests.builders import open_database
from tests.servers import PostgresServer

REPEATS = 300
ORPHAN = (
    "insert into api_keys (reseller, prefix, digest, read_only, same_link, duplicate_seconds, created_at)"
    " values (999, 'p', 'd', false, 'allow', 0, 0)"
)


async def names() -> set[str]:
    return set(await signals.read())


async def leave_no_room() -> None:
    """For the connection that writes; the error ends that connection, and with it the lack of room."""
    [row] = await execute("pragma page_count")
    await execute(f"pragma max_page_count = {row['page_count']}")


async def raise_twice(name: str) -> None:
    await signals.raise_signal(f"{name}-a")
    await asyncio.sleep(0)
    await signals.raise_signal(f"{name}-b")


async def test_what_fails_leaves_nothing(panel_database: str) -> None:
    async def work() -> None:
        await raise_twice("x")
        raise LookupError

    with pytest.raises(LookupError):
        await write(work)
    assert await names() == set()


async def test_a_write_sees_its_own_rows_and_nobody_else_does_before_the_end(panel_database: str) -> None:
    halfway, go_on = threading.Event(), threading.Event()

    async def work() -> set[str]:
        await signals.raise_signal("x")
        halfway.set()
        while not go_on.is_set():  # noqa: ASYNC110  # on SQLite this is no place for events of the loop
            await asyncio.sleep(0)
        return await names()

    writing = asyncio.create_task(write(work))
    await asyncio.to_thread(halfway.wait)
    assert await names() == set()
    go_on.set()
    assert await writing == {"x"}
    assert await names() == {"x"}


async def test_a_write_inside_a_write_is_refused(panel_database: str) -> None:
    """Nested, it would be a part of the outer one: a failure that is caught would keep half of the work."""

    async def work() -> None:
        await write(lambda: signals.raise_signal("inner"))

    with pytest.raises(RuntimeError, match="already running"):
        async with asyncio.timeout(5):
            await write(work)
    assert await names() == set()


async def test_on_sqlite_a_write_that_waits_for_something_else_is_refused_whole(fresh_sqlite: str) -> None:
    """It would hold up every other one."""

    class Never:
        def __await__(self) -> Generator[object]:
            yield self

    async def work() -> None:
        await signals.raise_signal("x")
        await Never()

    async with open_database(fresh_sqlite):
        with pytest.raises(RuntimeError, match="not its database"):
            await write(work)
        assert await names() == set()


async def test_callers_that_hang_up_leak_no_connection_and_lose_no_work(panel_database: str) -> None:
    """Three hundred callers are cancelled somewhere in the middle; a pool has twelve connections."""
    dice = random.Random(7)
    begun: set[str] = set()

    async def work(name: str) -> None:
        begun.add(name)
        await raise_twice(name)

    for number in range(REPEATS):
        name = f"n{number}"
        caller = asyncio.create_task(write(partial(work, name)))
        for _ in range(dice.randrange(12)):
            await asyncio.sleep(0)
        caller.cancel()
    await drain()
    assert len(begun) > REPEATS / 2
    assert await names() == {f"{name}-{part}" for name in begun for part in "ab"}
    async with asyncio.timeout(20):
        await asyncio.gather(*(write(lambda: signals.raise_signal("after")) for _ in range(30)))
    assert (await signals.read())["after"] == 30
    bound = engine()
    if isinstance(bound, Postgres):
        assert bound.pool is not None
        assert bound.pool.get_idle_size() == bound.pool.get_size()


async def test_readers_that_hang_up_leak_no_connection(panel_database: str) -> None:
    dice = random.Random(8)
    for _ in range(100):
        reader = asyncio.create_task(snapshot(names))
        for _ in range(dice.randrange(12)):
            await asyncio.sleep(0)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
    async with asyncio.timeout(20):
        await asyncio.gather(*(names() for _ in range(30)))


async def test_a_commit_that_fails_does_not_poison_what_the_same_task_does_next(panel_database: str) -> None:
    """A key of a reseller who does not exist, found out only at commit."""
    bound = engine()
    if isinstance(bound, Postgres):
        await ApiKey.raw(
            "alter table api_keys alter constraint api_keys_reseller_fkey deferrable initially deferred"
        ).run()

    async def work() -> None:
        if not isinstance(bound, Postgres):
            await ApiKey.raw("pragma defer_foreign_keys = on")
        await signals.raise_signal("lost")
        await ApiKey.raw(ORPHAN)

    for _ in range(3):
        with pytest.raises(Exception, match=r"(?i)foreign key"):
            await write(work)
        assert await names() == set()
    await write(lambda: signals.raise_signal("kept"))
    assert await names() == {"kept"}
    if isinstance(bound, Postgres):
        await ApiKey.raw("alter table api_keys alter constraint api_keys_reseller_fkey not deferrable").run()


async def test_a_connection_that_dies_in_the_middle_is_replaced(fresh_postgres: str) -> None:
    async def work() -> None:
        await signals.raise_signal("lost")
        await Signal.raw("select pg_terminate_backend(pg_backend_pid())")

    async with open_database(fresh_postgres):
        for _ in range(20):
            with pytest.raises(Exception) as failure:  # noqa: PT011 - the driver has many words for it
                await write(work)
            assert is_unreachable(failure.value)
        await write(lambda: signals.raise_signal("kept"))
        assert await names() == {"kept"}


async def test_of_two_writes_in_a_deadlock_both_are_done(fresh_postgres: str) -> None:
    """The database ends one of them, which is tried again."""
    both_hold_one = asyncio.Barrier(2)
    first_try = [True, True]

    async def work(number: int, first: str, second: str) -> None:
        await signals.raise_signal(first)
        if first_try[number]:
            first_try[number] = False
            await both_hold_one.wait()
        await signals.raise_signal(second)

    async with open_database(fresh_postgres):
        await raise_twice("x")
        await asyncio.gather(write(lambda: work(0, "x-a", "x-b")), write(lambda: work(1, "x-b", "x-a")))
        assert await signals.read() == {"x-a": 3, "x-b": 3}


async def test_a_write_waits_for_another_process(fresh_sqlite: str) -> None:
    async with open_database(fresh_sqlite):
        other = sqlite3.connect(fresh_sqlite.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("begin immediate")
        other.execute("insert into signals (name, value) values ('theirs', 1)")
        mine = asyncio.create_task(write(lambda: signals.raise_signal("mine")))
        await asyncio.sleep(0.05)
        assert not mine.done()
        other.execute("commit")
        await mine
        other.close()
        assert await names() == {"theirs", "mine"}


async def test_a_full_disk_is_a_database_that_is_away_for_as_long_as_it_is_full(fresh_sqlite: str) -> None:
    """Nothing half is left; resellers are told to come again, and can read what there is meanwhile."""
    async with open_database(fresh_sqlite):
        await write(lambda: signals.raise_signal("before"))
        await write(leave_no_room)

        async def fill() -> None:
            await signals.raise_signal("lost")
            await Signal.raw("insert into signals (name, value) values (hex(randomblob(1000000)), 0)")

        with pytest.raises(sqlite3.OperationalError, match="full") as failure:
            await write(fill)
        assert is_unreachable(failure.value)
        assert await names() == {"before"}
        await write(lambda: signals.raise_signal("after"))
        assert await names() == {"before", "after"}
    assert is_unreachable(asyncpg.DiskFullError("could not extend file"))


async def test_a_snapshot_sees_one_moment(panel_database: str) -> None:
    looked, go_on = asyncio.Event(), asyncio.Event()

    async def look_twice() -> tuple[set[str], set[str]]:
        first = await names()
        looked.set()
        await go_on.wait()
        return first, await names()

    looking = asyncio.create_task(snapshot(look_twice))
    await looked.wait()
    await write(lambda: signals.raise_signal("meanwhile"))
    go_on.set()
    assert await looking == (set(), set())
    assert await names() == {"meanwhile"}


class TestRestart:
    """PostgreSQL goes away and comes back under a running process."""

    async def test_the_same_process_goes_on(self, postgres_server: PostgresServer) -> None:
        async with open_database(postgres_server.url):
            await write(lambda: signals.raise_signal("before"))
            for _ in range(2):
                postgres_server.kill()
                with pytest.raises(Exception) as failure:  # noqa: PT011 - the drivers have many words for it
                    await asyncio.gather(*(write(lambda: signals.raise_signal("lost")) for _ in range(20)))
                assert is_unreachable(failure.value)
                await drain()
                await asyncio.to_thread(postgres_server.start)
                await asyncio.gather(*(write_with_retry(lambda: signals.raise_signal("after")) for _ in range(20)))
            assert await signals.read() == {"before": 1, "after": 40}

    async def test_what_only_we_know_is_written_when_the_database_is_back(
        self, postgres_server: PostgresServer
    ) -> None:
        async with open_database(postgres_server.url):
            postgres_server.kill()
            kept = asyncio.create_task(write_with_retry(lambda: signals.raise_signal("kept")))
            await asyncio.sleep(0.1)
            assert not kept.done()
            await asyncio.to_thread(postgres_server.start)
            await kept
            assert await signals.read() == {"kept": 1}

    async def test_what_is_wrong_is_not_tried_again(self, fresh_sqlite: str) -> None:
        tries = []

        async def work() -> None:
            tries.append(1)
            raise LookupError

        async with open_database(fresh_sqlite):
            with pytest.raises(LookupError):
                await write_with_retry(work)
        assert tries == [1]


def test_a_disk_that_fails_is_no_full_one() -> None:
    """A panel waits for room; one that waited for a broken disk would never say so."""
    full, locked, broken = sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR_READ
    for code, passes in ((full, True), (locked, True), (broken, False), (None, False)):
        error = sqlite3.OperationalError("as told")
        if code is not None:
            error.sqlite_errorcode = code
        assert is_passing(error) is passes
    assert is_passing(OSError(errno.ENOSPC, "no space"))
    assert not is_passing(OSError(errno.EACCES, "not allowed"))


async def test_sqlite_learns_how_much_its_tables_hold(copied_sqlite: str) -> None:
    """Also for connections that were open before, and while others read and write."""
    async with open_database(copied_sqlite):
        bound = engine()
        assert isinstance(bound, Sqlite)
        for number in range(300):
            await signals.raise_signal(f"signal-{number}")
        await asyncio.gather(bound.analyze(), names(), write(lambda: signals.raise_signal("last")))
        [row] = await execute("select stat from sqlite_stat1 where tbl = 'signals'")
        assert int(row["stat"].split()[0]) >= 300
        assert "last" in await names()


async def test_sqlite_keeps_its_last_commit_through_a_power_cut(copied_sqlite: str) -> None:
    """A log that readers pass, made durable at each commit, on the connection that writes and on those that read."""

    async def pragmas() -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [next(iter((await execute(f"pragma {name}"))[0].values())) for name in names]

    async with open_database(copied_sqlite):
        assert await pragmas() == await write(pragmas) == ["wal", 2, 1]


class TestReaders:
    """SQLite's connections are threads and files: a bounded number of them, however many wait."""

    async def test_many_waiting_queries_need_few_threads_and_files(self, copied_sqlite: str) -> None:
        async with open_database(copied_sqlite):
            before = threading.active_count()
            reading = [asyncio.create_task(names()) for _ in range(600)]
            writing = [asyncio.create_task(signals.raise_signal("x")) for _ in range(300)]
            most = 0
            while not all(task.done() for task in [*reading, *writing]):
                most = max(most, threading.active_count())
                await asyncio.sleep(0)
            await asyncio.gather(*reading, *writing)
            opened = _opened()
            assert most - before <= MOST + 1  # and one that writes
            assert sum(path.startswith(copied_sqlite.removeprefix("sqlite:///")) for path in opened) <= 3 * (MOST + 1)
            assert (await signals.read())["x"] == 300

    async def test_a_statement_that_writes_by_itself_waits_for_the_writer(self, copied_sqlite: str) -> None:
        """Whatever it begins with; a connection of its own would wait for the file instead, and give up one day."""
        halfway, go_on = threading.Event(), threading.Event()

        async def work() -> None:
            halfway.set()
            while not go_on.is_set():  # noqa: ASYNC110  # on SQLite this is no place for events of the loop
                await asyncio.sleep(0)

        async with open_database(copied_sqlite):
            writing = asyncio.create_task(write(work))
            await asyncio.to_thread(halfway.wait)
            before = threading.active_count()
            alone = [asyncio.create_task(signals.raise_signal("x")) for _ in range(30)]
            other = "with given as (select 'y' as name) insert into signals (name, value) select name, 1 from given"
            alone.append(asyncio.create_task(execute(other)))  # type: ignore[arg-type]  # its rows are none
            assert await names() == set()
            await asyncio.sleep(0.1)
            assert threading.active_count() - before <= MOST
            go_on.set()
            await asyncio.gather(writing, *alone)
            assert await signals.read() == {"x": 30, "y": 1}

    async def test_a_snapshot_leaves_its_connection_to_others(self, copied_sqlite: str) -> None:
        async with open_database(copied_sqlite):
            await asyncio.gather(*(snapshot(names) for _ in range(3 * MOST)))
            await signals.raise_signal("later")
            assert [await names() for _ in range(2 * MOST)] == [{"later"}] * (2 * MOST)

    async def test_whoever_leaves_ends_what_was_computed_for_him(self, copied_sqlite: str) -> None:
        """A search that nobody waits for any more would hold one of the few connections to its end."""
        endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n"
        async with open_database(copied_sqlite):
            searches = [asyncio.create_task(execute(endless)) for _ in range(MOST)]
            await asyncio.sleep(0.1)
            for search in searches:
                search.cancel()
            await asyncio.wait(searches)
            assert await names() == set()


def _opened() -> list[str]:
    """The files that this process has open."""
    found = []
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # one of them is the list itself
            found.append(str(file.readlink()))
    return found
