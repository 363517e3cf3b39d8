"""A step of an order that fails stops nobody else, and is told in one line: what, where, and whose fault."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import structlog

from aggregator import logs
from aggregator.app import Panel
from aggregator.ledger import book
from aggregator.logs import Form
from aggregator.resellers.model import Reseller
from aggregator.storage.sql import execute
from aggregator.storage.transaction import write
from aggregator.storage.trouble import tell_failure
from tests.builders import accept_order, make_reseller, open_database
from tests.conftest import write_plain_logs
from tests.orders.panels import PARTIAL_300, ScriptedPanel, dispatch, poll, running


@pytest.fixture
def told() -> Iterator[io.StringIO]:
    """What is logged from here on."""
    stream = io.StringIO()
    logs.set_up(stream)
    yield stream
    write_plain_logs()


@asynccontextmanager
async def missing(table: str) -> AsyncIterator[None]:
    """A fault of ours: the table is not there."""
    await execute(f"alter table {table} rename to renamed")
    try:
        yield
    finally:
        await execute(f"alter table renamed rename to {table}")


def lines_of(told: io.StringIO, event: str) -> list[str]:
    found = [line for line in told.getvalue().splitlines() if f" {event} " in line]
    assert found, told.getvalue()
    return found


def assert_says_where(line: str) -> None:
    assert "Traceback" not in line
    assert re.search(r", at \w+\.py:\d+'?$", line), line


async def test_an_order_that_cannot_be_sent_on_is_a_line(panel: Panel, ann: Reseller, told: io.StringIO) -> None:
    """Nobody sells its service, which its history cannot be told."""
    await accept_order(ann, service=404)
    async with missing("events"):
        await dispatch(panel)
    assert_says_where(*lines_of(told, "dispatch.failed"))


async def test_an_order_that_cannot_be_settled_is_a_line(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, told: io.StringIO
) -> None:
    await running(panel, ann)
    alpha.reply = PARTIAL_300
    async with missing("wallets"):
        await poll(panel)
        await poll(panel)
    for line in lines_of(told, "poll.order_failed"):
        assert_says_where(line)


async def test_a_row_that_another_holds_is_told_in_our_words(fresh_postgres: str, told: io.StringIO) -> None:
    log = structlog.get_logger("x")
    async with open_database(fresh_postgres):
        ann = await make_reseller()
        other = await asyncpg.connect(fresh_postgres)

        async def impatient() -> None:
            await execute("set local lock_timeout = '20ms'")
            await book.lock_wallets([ann.id])

        try:
            async with other.transaction():
                await other.execute("select * from wallets for update")
                with pytest.raises(asyncpg.LockNotAvailableError) as failure:
                    await write(impatient)
        finally:
            await other.close()
    tell_failure(log, "poll.order_failed", failure.value, order=7)
    (line,) = lines_of(told, "poll.order_failed")
    assert " warning poll.order_failed because='somebody else holds a row that it needs' order=7 failed=" in line
    assert_says_where(line)


def test_a_database_that_is_away_is_told_in_our_words(told: io.StringIO) -> None:
    with pytest.raises(ConnectionRefusedError) as failure:
        asyncio.run(asyncpg.connect("postgresql://x@127.0.0.1:1/x"))
    tell_failure(structlog.get_logger("x"), "dispatch.failed", failure.value)
    assert " warning dispatch.failed because='the connection failed' failed=" in told.getvalue()


def test_a_fault_of_ours_is_an_error_that_says_where_it_was_raised(told: io.StringIO) -> None:
    """Also where Python's own library passed it on; with how it came to that for whoever reads JSON."""
    with pytest.raises(json.JSONDecodeError) as failure:
        json.loads("{")
    for form in Form:
        logs.set_up(told, form)
        tell_failure(structlog.get_logger("x"), "dispatch.failed", failure.value, order=7)
    plain, written = told.getvalue().splitlines()
    assert " error dispatch.failed order=7 failed='JSONDecodeError: " in plain
    assert re.search(r", at test_failing_steps\.py:\d+'$", plain), plain
    assert "Traceback" in json.loads(written)["exception"]


async def test_the_only_failure_of_a_group_is_told_as_itself(told: io.StringIO) -> None:
    with pytest.raises(ExceptionGroup) as failure:
        async with asyncio.TaskGroup() as group:
            group.create_task(_fail())
    tell_failure(structlog.get_logger("x"), "dispatch.failed", failure.value)
    assert "failed='KeyError: " in told.getvalue()
    assert_says_where(told.getvalue().strip())


async def _fail() -> None:
    raise KeyError("alpha")
