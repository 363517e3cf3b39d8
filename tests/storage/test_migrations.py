"""A database is brought up to date once, by whoever comes first, and is then as the tables say."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import pytest
from piccolo.columns import BigInt, BigSerial, Boolean, Integer, Text

from aggregator.storage import migrations
from aggregator.storage.engine import bind, create_engine, is_sqlite
from aggregator.storage.migrations import STEPS, NewerDatabase
from aggregator.storage.sql import execute
from aggregator.storage.tables import INDEXES, TABLES, Migration, Signal
from aggregator.storage.transaction import engine
from tests.builders import open_database

COLUMN_TYPES = {BigInt: "bigint", BigSerial: "bigint", Boolean: "boolean", Integer: "integer", Text: "text"}


async def columns_of(table: str) -> dict[str, tuple[str, bool]]:
    """Name -> type and whether it may be null, as the database says; a SQLite key is an integer of 63 bits."""
    if is_sqlite(engine()):
        rows = await Signal.raw(f"pragma table_info({table})")
        return {row["name"]: (row["type"].lower(), not row["notnull"] and not row["pk"]) for row in rows}
    rows = await Signal.raw(
        "select column_name, data_type, is_nullable from information_schema.columns where table_name = {}", table
    )
    return {row["column_name"]: (row["data_type"], row["is_nullable"] == "YES") for row in rows}


async def test_a_second_migration_has_nothing_to_do(database_url: str) -> None:
    async with open_database(database_url):
        assert await migrations.migrate() == []
        assert await migrations.missing() == []
    async with open_database(database_url):
        rows = await Migration.select().order_by(Migration.id)
    assert [row["id"] for row in rows] == sorted(STEPS)


async def test_an_empty_database_misses_every_step(database_url: str) -> None:
    bound = create_engine(database_url)
    bind(bound)
    await bound.open()
    try:
        assert await migrations.missing() == sorted(STEPS)
        tables = "sqlite_master" if is_sqlite(bound) else "pg_stat_user_tables"
        assert await execute(f"select * from {tables}") == []  # to ask changes nothing
        assert await migrations.migrate() == sorted(STEPS)
    finally:
        await bound.close()


async def test_the_database_has_the_columns_of_the_tables(panel_database: str) -> None:
    """And none besides: a column that the program does not know would be a promise that nobody keeps."""
    for table in TABLES:
        expected = {
            column._meta.name: (COLUMN_TYPES[type(column)], column._meta.null) for column in table._meta.columns
        }
        found = await columns_of(table._meta.tablename)
        if is_sqlite(engine()) and isinstance(table._meta.primary_key, BigSerial):
            expected["id"] = ("integer", False)
        assert found == expected, table._meta.tablename


async def test_every_index_has_its_reason(panel_database: str) -> None:
    """Nobody pays for one at each commit without knowing what for."""
    asked = (
        "select name from sqlite_master where type = 'index' and sql is not null"
        if is_sqlite(engine())
        else "select indexname as name from pg_indexes where schemaname = 'public' and indexname not in"
        " (select conname from pg_constraint)"
    )
    assert {str(row["name"]) for row in await execute(asked)} == set(INDEXES)


async def test_many_that_migrate_at_once_take_each_step_once(database_url: str) -> None:
    bound = create_engine(database_url)
    bind(bound)
    await bound.open()
    try:
        taken = await asyncio.gather(*(migrations.migrate() for _ in range(5)))
    finally:
        await bound.close()
    assert sorted(step for steps in taken for step in steps) == sorted(STEPS)


async def test_two_processes_that_migrate_at_once_take_each_step_once(fresh_sqlite: str, fresh_postgres: str) -> None:
    command = "import asyncio, sys; from tests.builders import open_database\n"
    command += "async def main():\n    async with open_database(sys.argv[1]): pass\nasyncio.run(main())"

    async def start(url: str) -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", command, url)
        return await process.wait()

    assert await asyncio.gather(*(start(url) for url in (fresh_sqlite, fresh_postgres) * 2)) == [0] * 4


async def test_a_step_that_fails_half_way_is_not_taken_at_all(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start takes it again, from the beginning."""
    async with open_database(database_url):
        after = max(STEPS) + 1
        broken = ["create table half (id bigint)", "create table half (id bigint)"]
        monkeypatch.setitem(STEPS, after, lambda _: broken)
        with pytest.raises(Exception, match="already exists"):
            await migrations.migrate()
        assert await migrations.missing() == [after]
        monkeypatch.setitem(STEPS, after, lambda _: broken[:1])
        assert await migrations.migrate() == [after]


async def test_a_database_of_a_later_version_is_refused(database_url: str) -> None:
    async with open_database(database_url):
        await Migration.insert(Migration(id=max(STEPS) + 1, at=0))
        with pytest.raises(NewerDatabase, match="newer version"):
            await migrations.migrate()


async def test_a_migration_waits_for_the_lock_of_another_program(fresh_postgres: str) -> None:
    bound = create_engine(fresh_postgres)
    bind(bound)
    await bound.open()
    other = await asyncpg.connect(fresh_postgres)
    try:
        await other.execute(f"select pg_advisory_lock({migrations._LOCK})")
        mine = asyncio.create_task(migrations.migrate())
        await asyncio.sleep(0.1)
        assert not mine.done()
        await other.execute(f"select pg_advisory_unlock({migrations._LOCK})")
        assert await mine == sorted(STEPS)
    finally:
        await other.close()
        await bound.close()


async def test_cancels_that_were_dropped_before_are_asked_once_more(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody wrote down which of them were taken; what has ended, or was never asked for, is left alone."""
    step = STEPS[15]
    order = (
        "insert into orders (id, reseller, service, type, link, quantity, runs, fields, link_key, same_link, rate,"
        " rate_per, charge, refunded, undelivered, state, phase, cancel_wish, remains, delivery_seen, payload, due_at,"
        " created_at, ended_at) values ({0}, 1, 1, 'Default', 'x', 1000, 1, '{{}}', 'x', 'allow', 1, 1000, 1, 0, 0,"
        " '{1}', 'pending', {2}, 1000, false, 'p', 0, 0, {3})"
    )
    attempt = (
        "insert into attempts (order_id, provider, service, outcome, upstream_order, cost, cost_theirs, currency, fx,"
        " deadline_at, cancel_at, created_at) values ({0}, 'alpha', '1', 'accepted', 'up-{0}', 1, '1', 'USD', '1', 0,"
        " {1}, 0)"
    )
    bound = create_engine(database_url)
    bind(bound)
    await bound.open()
    try:
        monkeypatch.delitem(STEPS, 15)
        await migrations.migrate()
        await bound.run_ddl(
            "insert into resellers (id, name, tier, spelling, frozen, created_at)"
            " values (1, 'ann', '', 'auto', false, 0)"
        )
        for number, state, wish, ended, asked in (
            (1, "active", "true", "null", "7"),
            (2, "active", "true", "null", "null"),
            (3, "completed", "true", "9", "7"),
            (4, "active", "false", "null", "null"),
        ):
            await bound.run_ddl(order.format(number, state, wish, ended))
            await bound.run_ddl(attempt.format(number, asked))
        monkeypatch.setitem(STEPS, 15, step)
        assert await migrations.migrate() == [15]
        rows = await execute("select order_id, cancel_due_at as due from attempts order by order_id")
    finally:
        await bound.close()
    assert [row["due"] for row in rows] == [7, None, None, None]
