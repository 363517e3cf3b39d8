"""A file of any length arrives whole, in portions that are made beside the event loop, one at a time a person."""

from __future__ import annotations

import asyncio
import csv
import threading
import tracemalloc
from collections.abc import AsyncIterator, Sequence

import pytest

from aggregator.ledger import book
from aggregator.ledger.book import PostedEntry
from aggregator.storage.engine import is_sqlite
from aggregator.storage.sql import execute
from aggregator.storage.transaction import engine, write
from aggregator.web.account.wallet import HEAD, cells_of
from aggregator.web.exports import EACH, as_csv, in_turn
from tests.builders import make_reseller
from tests.web.kit import Web

MANY = 20_000
ROOM = 6_000_000
"""Bytes: far less than all the rows take at once."""


async def test_a_long_statement_arrives_whole_and_in_order(web: Web) -> None:
    anna = await web.reseller(funds="150")
    await write_entries(anna.reseller, MANY)
    reply = await anna.http.get("/wallet/statement.csv")
    assert "content-length" not in reply.headers, "it is sent while it is read"
    ids = [int(row["id"]) for row in csv.DictReader(reply.text.splitlines())]
    assert len(ids) == MANY + 1
    assert ids == sorted(ids, reverse=True)


async def test_it_is_sent_while_it_is_read_and_read_no_further_once_nobody_is_there(web: Web) -> None:
    """By the application as a server asks it: a client without one hears of an answer only when it is whole."""
    anna = await web.reseller(funds="150")
    await write_entries(anna.reseller, MANY)
    left, rows = asyncio.Event(), 0
    coming = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, object]:
        if coming:
            return coming.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        nonlocal rows
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        rows += body.count(b"\n")
        if rows > EACH:
            left.set()

    cookie = "; ".join(f"{name}={value}" for name, value in anna.http.cookies.items())
    async with asyncio.timeout(60):  # an answer that is gathered first would be waited for without end
        await web.app(page_scope("/wallet/statement.csv", cookie), receive, send)
    assert EACH < rows < MANY


def page_scope(path: str, cookie: str) -> dict[str, object]:
    """What a server says of a GET."""
    headers = [(b"host", b"panel.example"), (b"cookie", cookie.encode())]
    asked = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    where = {"scheme": "http", "http_version": "1.1", "root_path": "", "client": ("127.0.0.1", 1)}
    return {**asked, **where, "server": ("127.0.0.1", 1), "headers": headers}


@pytest.mark.usefixtures("panel_database")
async def test_no_more_than_a_portion_of_it_is_in_memory_and_it_is_written_beside_the_loop() -> None:
    ann, threads, lines = await make_reseller(), set[int](), 0
    await write_entries(ann.id, MANY)

    def cells(entry: PostedEntry) -> Sequence[object]:
        threads.add(threading.get_ident())
        return cells_of(entry)

    tracemalloc.start()
    try:
        async for piece in as_csv(HEAD, book.statement_in_portions(ann.id, each=EACH), cells):
            assert piece.count(b"\n") <= EACH
            lines += piece.count(b"\n")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert lines == MANY + 2, "a head, the funds that it began with, and all the others"
    assert peak < ROOM
    assert threading.get_ident() not in threads


async def test_a_second_file_begins_after_the_first_and_another_person_waits_for_neither() -> None:
    first, second, other = [in_turn(person, pieces()) for person in (1, 1, 2)]
    assert await anext(first) == b"1"
    waiting: asyncio.Future[bytes] = asyncio.ensure_future(anext(second))
    assert await anext(other) == b"1"
    await asyncio.sleep(0)
    assert not waiting.done()
    assert [piece async for piece in first] == [b"2"]
    assert await waiting == b"1"


async def test_who_leaves_holds_nobody_up_and_reads_no_further() -> None:
    closed = asyncio.Event()
    first, second = in_turn(1, pieces(closed)), in_turn(1, pieces())
    assert await anext(first) == b"1"
    await first.aclose()  # type: ignore[attr-defined]  # what yields can be closed
    assert closed.is_set()
    assert await anext(second) == b"1"


async def pieces(closed: asyncio.Event | None = None) -> AsyncIterator[bytes]:
    try:
        yield b"1"
        yield b"2"
    finally:
        if closed is not None:
            closed.set()


async def write_entries(reseller: int, many: int) -> None:
    """So many deposits of a cent, straight into the table."""
    numbers = (
        f"(with recursive c as (select 1 as n union all select n + 1 from c where n < {many}) select n from c) as c"
        if is_sqlite(engine())
        else f"generate_series(1, {many}) as c (n)"
    )
    await write(
        lambda: execute(
            "insert into entries (source, target, amount, reference, reseller, note, balance, at)"
            f" select 'gateway:bank', 'wallet:{reseller}', 1000000, 'deposit:bank:' || n, {reseller}, 'thank you', n,"
            f" 1700000000000 + n from {numbers} order by n"
        )
    )
