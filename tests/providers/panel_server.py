"""A panel of a test's own: a real HTTP server that gives the replies it was told to, and keeps what it was sent."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import replace

from providers.adapter import Adapter, Profile
from providers.dialect import Dialect
from providers.registry import open_adapter

KEY = "s3cret/key+with&signs=1"
_TLS_HELLO = b"\x16"


class Canned(Struct, frozen=True, kw_only=True):
    """One reply, or one way of not giving any."""

    status: int = 200
    body: Any = None
    """Sent as JSON, unless `text` is given."""
    text: str | None = None
    headers: dict[str, str] = {}
    raw: bytes | None = None
    """Sent as it is in place of everything else; empty = the connection is closed without a word."""
    silent: bool = False
    """The connection stays open and nothing is said."""
    drips: bool = False
    """A reply begins and goes on for ever, a byte now and then."""

    def encoded(self) -> bytes:
        if self.raw is not None:
            return self.raw
        body = (json.dumps(self.body) if self.text is None else self.text).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **self.headers}
        lines = [f"HTTP/1.1 {self.status} Said", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Sent(Struct, frozen=True):
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Which of the server's connections it came on."""

    @property
    def request(self) -> str:
        """The verb and the path, as in "GET /api/v2/orders/5"."""
        return f"{self.method} {self.target.partition('?')[0]}"

    @property
    def params(self) -> dict[str, Any]:
        """What was sent, in the body or else in the address."""
        if not self.body:
            return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))
        if self.headers.get("content-type") == "application/json":
            return dict(json.loads(self.body))
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class PanelServer:
    """Gives its replies in turn, the last one for ever."""

    def __init__(self, *replies: Canned) -> None:
        self.replies = list(replies)
        self.sent: list[Sent] = []
        self.url = ""
        self.asked = asyncio.Event()
        """Set once a request has arrived."""
        self._connections = 0
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def actions(self) -> list[str]:
        return [str(one.params.get("action", one.request)) for one in self.sent]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self._connections += 1
        try:
            await self._answer_all(reader, writer, self._connections)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            self._serving.discard(task)

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            first = await reader.readexactly(1)
            if first == _TLS_HELLO:
                writer.write(b"HTTP/1.1 400 Not TLS\r\n\r\n")
                return
            reply = await self._take(reader, first, number)
            if reply.silent:
                await asyncio.Event().wait()
            while reply.drips:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" if reply.status else b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
                reply = replace(reply, status=0)
            writer.write(reply.encoded())
            await writer.drain()
            if reply.raw is not None:
                return

    async def _take(self, reader: asyncio.StreamReader, first: bytes, number: int) -> Canned:
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode()
        start, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, target, _ = start.split(" ")
        self.sent.append(Sent(method, target, headers, body, number))
        self.asked.set()
        return self.replies[min(len(self.sent), len(self.replies)) - 1]

    async def stop(self) -> None:
        tasks = list(self._serving)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Patience:
    """A pace without limits that counts its turns."""

    def __init__(self) -> None:
        self.turns: list[str] = []

    async def turn(self, profile: Profile, action: str) -> None:
        assert profile.name
        self.turns.append(action)


@asynccontextmanager
async def panel_server(*replies: Canned, tls: ssl.SSLContext | None = None) -> AsyncIterator[PanelServer]:
    """Listen on a free port of the loopback address; with a context only to those who encrypt."""
    panel = PanelServer(*replies)
    server = await asyncio.start_server(panel.serve, "127.0.0.1", 0, ssl=tls)
    scheme = "https" if tls else "http"
    panel.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v2"
    try:
        yield panel
    finally:
        server.close()
        await panel.stop()


def profile_of(url: str, dialect: Dialect | None = None, **settings: Any) -> Profile:
    """A provider at this address whose owner set these things."""
    plain = Profile(name="alpha", url=url, key=KEY, dialect=dialect or Dialect(), timeout_seconds=5)
    return replace(plain, **settings)


@asynccontextmanager
async def adapter_for(url: str, dialect: Dialect | None = None, **settings: Any) -> AsyncIterator[Adapter]:
    """A panel's adapter, closed afterwards."""
    async with adapter_of(profile_of(url, dialect, **settings)) as adapter:
        yield adapter


@asynccontextmanager
async def adapter_of(profile: Profile, preset: str = "perfectpanel") -> AsyncIterator[Adapter]:
    """The adapter that a preset has for this provider, closed afterwards."""
    adapter = open_adapter(profile, preset, Patience())
    try:
        yield adapter
    finally:
        await adapter.aclose()
