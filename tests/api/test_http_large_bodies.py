"""A body that is too large is read to its end and thrown away, so that its sender can hear why it was refused."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
import requests

from aggregator.api.http import AT_ONCE, LARGEST_DISCARDED, Discards
from tests.api.served import Client, Served

MEGABYTE = 1_000_000


class Caller:
    """Somebody who says all there is to say before listening."""

    def __init__(self, shop: Served) -> None:
        host, port = shop.url.removeprefix("http://").split(":")
        self._where = (host, int(port))
        self.reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def begin(self, length: int, *lines: str) -> Caller:
        """The head of a request with a body of so many bytes."""
        self.reader, self._writer = await asyncio.open_connection(*self._where)
        head = ["POST /api/v2 HTTP/1.1", "Host: x", f"Content-Length: {length}", *lines]
        self._writer.write("\r\n".join([*head, "", ""]).encode())
        return self

    async def send(self, body: bytes) -> None:
        self._writer.write(body)
        await self._writer.drain()

    async def hear(self) -> tuple[int, Any]:
        """The code and what is said; the connection then ends."""
        try:
            head, _, body = (await self.reader.read()).partition(b"\r\n\r\n")
        finally:
            await self.hang_up()
        return int(head.split(b" ")[1]), json.loads(body)

    async def hang_up(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()


REFUSED = (413, {"error": "The request is too large: its body may have at most 64 KiB"})


@pytest.mark.parametrize("size", [65_537, MEGABYTE, 5 * MEGABYTE, 10 * MEGABYTE, LARGEST_DISCARDED])
async def test_whoever_sends_all_before_listening_hears_the_refusal(shop: Served, size: int) -> None:
    caller = await Caller(shop).begin(size)
    for start in range(0, size, MEGABYTE):
        await caller.send(b"x" * min(MEGABYTE, size - start))
    assert await caller.hear() == REFUSED


async def test_the_library_of_most_clients_can_read_the_refusal(shop: Served, anna: Client) -> None:
    def post() -> tuple[int, Any]:
        comments = "x\n" * (5 * MEGABYTE)
        reply = requests.post(f"{shop.url}/api/v2", data={"key": anna.key, "comments": comments}, timeout=20)
        return reply.status_code, reply.json()

    assert await asyncio.to_thread(post) == (413, {"error": REFUSED[1]["error"].replace("64", "192")})
    assert (await anna.json("balance")).status_code == 200


async def test_a_body_larger_still_is_refused_before_it_comes(shop: Served) -> None:
    caller = await Caller(shop).begin(LARGEST_DISCARDED + 1)
    assert await caller.hear() == REFUSED


async def test_no_more_than_so_many_are_listened_to_at_once(shop: Served) -> None:
    """The next is refused before its body comes; and once one of the others has ended, there is room again."""
    silent = [await Caller(shop).begin(MEGABYTE) for _ in range(AT_ONCE)]
    await asyncio.sleep(0.2)
    assert await (await Caller(shop).begin(MEGABYTE)).hear() == REFUSED
    assert not any(caller.reader._buffer for caller in silent)  # type: ignore[attr-defined]  # nothing was said to them
    await silent[0].send(b"x" * MEGABYTE)
    assert await silent[0].hear() == REFUSED
    for caller in silent[1:]:
        await caller.hang_up()
    await asyncio.sleep(0.2)
    late = await Caller(shop).begin(MEGABYTE)
    await late.send(b"x" * MEGABYTE)
    assert await late.hear() == REFUSED


async def test_whoever_never_comes_to_the_end_is_waited_for_no_longer_than_that() -> None:
    """Nor one who has gone; and neither takes the place of another for good."""

    async def never() -> Any:
        await asyncio.Event().wait()

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    discards = Discards(seconds=0.05)
    for receive in (never, gone):
        await asyncio.gather(*(discards.read(receive, MEGABYTE) for _ in range(AT_ONCE)))
        assert discards.under_way == 0
