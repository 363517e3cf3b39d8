"""Whoever takes too long to say what they want is cut off, and nobody else waits for them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest

from aggregator.connections import ClientTimeouts
from aggregator.serving import listen, make_server

SHORT = ClientTimeouts(head_seconds=0.2, body_seconds=0.3, reply_seconds=0.3, idle_seconds=60)
LARGE = b"x" * 20_000_000


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body where it is asked to, and answers at length where it is asked to."""
    if scope["path"] == "/read":
        while (await receive()).get("more_body"):
            pass
    who = f"{scope['client'][0]} {scope['scheme']}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": {"/large": LARGE, "/who": who}.get(scope["path"], b"hello")})


@asynccontextmanager
async def listening(patience: ClientTimeouts) -> AsyncIterator[int]:
    """A server of ours with this patience; yields its port."""
    server, door = make_server(hello, patience), listen("127.0.0.1", 0)
    running = asyncio.create_task(server.serve(sockets=[door]))
    try:
        yield int(door.getsockname()[1])
    finally:
        server.should_exit = True
        await running


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with listening(SHORT) as opened:
        yield opened


async def talk(port: int, *said: bytes, again: bytes = b"", pause: float = 0.02) -> bytes:
    """Say these things, then the same again and again; everything that was answered until the other side cut us off."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for words in said:
        writer.write(words)
    heard = bytearray()
    listens = asyncio.create_task(_listen(reader, heard))
    with suppress(ConnectionError):
        while again and not listens.done():
            writer.write(again)
            await writer.drain()
            await asyncio.wait([listens], timeout=pause)
    try:
        async with asyncio.timeout(20):
            await listens
    finally:
        writer.close()
    return bytes(heard)


async def _listen(reader: asyncio.StreamReader, heard: bytearray) -> None:
    with suppress(ConnectionError):
        while said := await reader.read(65_536):
            heard += said


HEAD = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
SLOW: dict[str, Callable[[int], Any]] = {
    "says nothing": talk,
    "sends blank lines": lambda port: talk(port, again=b"\r\n"),
    "never ends its headers": lambda port: talk(port, HEAD, again=b"X-A: b\r\n"),
}
LATE: dict[str, Callable[[int], Any]] = {
    "never begins its body": lambda port: talk(port, HEAD + b"\r\n"),
    "never ends its body": lambda port: talk(port, HEAD + b"\r\n", again=b"x"),
    "never ends a body in chunks": lambda port: talk(
        port, b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", again=b"1\r\nx\r\n"
    ),
}


@pytest.mark.parametrize("client", SLOW.values(), ids=SLOW.keys())
async def test_a_client_that_never_comes_to_its_end_is_cut_off_without_an_answer(
    port: int, client: Callable[[int], Any]
) -> None:
    assert await client(port) == b""


@pytest.mark.parametrize("client", LATE.values(), ids=LATE.keys())
async def test_a_body_that_never_comes_to_its_end_is_given_up_with_a_word(
    port: int, client: Callable[[int], Any]
) -> None:
    reply = await client(port)
    assert reply.startswith(b"HTTP/1.1 408 ")
    assert reply.endswith(b'{"error":"The request took too long"}')


@pytest.mark.parametrize("again", [b"x", b"GET /"], ids=["a body that nobody wanted", "a second request"])
async def test_a_client_that_was_answered_once_is_no_longer_waited_for(port: int, again: bytes) -> None:
    reply = await talk(port, HEAD.replace(b"/read", b"/") + b"\r\n", again=again)
    assert reply.count(b"HTTP/1.1 200") == 1


async def test_a_client_that_does_not_take_its_reply_is_cut_off(port: int) -> None:
    """Twenty megabytes stay in our memory until it does."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await reader.readexactly(10)
    await asyncio.sleep(2 * SHORT.reply_seconds)
    with suppress(ConnectionError):
        assert len(await reader.read()) < len(LARGE) / 2
        assert len(await reader.read()) == 0
    writer.close()


async def test_headers_without_an_end_are_refused_before_they_fill_the_memory() -> None:
    """However patient we are."""
    async with listening(ClientTimeouts(head_seconds=600)) as port:
        reply = await talk(port, HEAD, again=b"X-Large: " + b"x" * 10_000 + b"\r\n", pause=0)
    assert reply == b"" or reply.startswith(b"HTTP/1.1 431 ")


async def test_whoever_speaks_in_time_is_answered_on_the_same_connection_again_and_again() -> None:
    """Longer than anybody may be silent, all in all."""
    patience = ClientTimeouts(head_seconds=0.8, body_seconds=0.8)
    async with (
        listening(patience) as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
    ):
        for _ in range(3):
            assert (await http.post("/read", content=b"x" * 60_000)).text == "hello"
            await asyncio.sleep(patience.head_seconds / 2)


async def test_no_header_makes_a_client_somebody_else(port: int) -> None:
    """Not even one who calls from this machine, as the proxy before us does."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
        reply = await http.get("/who", headers={"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https"})
    assert reply.text == "127.0.0.1 http"


async def test_beyond_the_limit_the_longest_silent_makes_room() -> None:
    """Three hundred that say nothing keep nobody out, whatever their patience."""
    patient = ClientTimeouts(head_seconds=600, connections=20)
    async with listening(patient) as port:
        silent = [asyncio.create_task(talk(port)) for _ in range(300)]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:
            for _ in range(5):
                assert (await http.get("/")).text == "hello"
        await asyncio.wait(silent, return_when=asyncio.FIRST_COMPLETED)
        while sum(task.done() for task in silent) < 300 - patient.connections:  # noqa: ASYNC110  # told by no event
            await asyncio.sleep(0.01)
    await asyncio.gather(*silent)


def test_no_more_connections_are_kept_than_half_of_the_files_that_may_be_open() -> None:
    """Else the last file goes to a stranger, and the database gets none; a shell's own small limit is raised."""
    program = """
import resource
from aggregator.connections import most_connections
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 512))
print(most_connections(), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["256", "512"]
