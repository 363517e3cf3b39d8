"""A panel at the other end of a wire that takes orders, or does not, and then misbehaves in every way that is known.

The link of an order says how: `https://x.example/MODE/taken/NUMBER`, or `lost` for one that is not taken.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

Reply = Callable[[str], bytes]
"""From the id that the order would have to all bytes of the reply."""


def http(body: bytes | str | Any, status: int = 200, *headers: str) -> bytes:
    """A whole reply; what is neither bytes nor text goes out as JSON."""
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    content = text.encode() if isinstance(text, str) else text
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def says(body: Any, status: int = 200, *headers: str) -> Reply:
    """The same whatever became of the order."""
    return lambda _: http(body, status, *headers)


def page(status: int, title: str = "Welcome") -> Reply:
    return says(f"<html><title>{title}</title></html>", status, "Content-Type: text/html")


TAKEN: dict[str, Reply] = {
    "a number": lambda order: http({"order": int(order)}),
    "a text": lambda order: http({"order": order}),
    "a token": lambda order: http({"order": f"ord_{order}"}),
    "another name": lambda order: http({"order_id": order}),
    "status success beside it": lambda order: http({"status": "success", "order": int(order)}),
    "201": lambda order: http({"order": int(order)}, 201),
    "the id alone": http,
    "behind a byte order mark": lambda order: http(b"\xef\xbb\xbf" + json.dumps({"order": int(order)}).encode()),
    "in chunks": lambda order: (
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n{"order": %s}\r\n0\r\n\r\n'
        % (len(order) + 11, order.encode())
    ),
    "up to the end of the connection": lambda order: b'HTTP/1.1 200 OK\r\n\r\n{"order": %s}' % order.encode(),
}
"""Told plainly: nobody says so who has not taken the order."""

REFUSED: dict[str, Reply] = {
    "funds": says({"error": "Not enough funds"}),
    "service": says({"error": "Incorrect service ID"}),
    "least": says({"error": "Quantity less than minimal 100"}),
    "link": says({"error": "neworder.error.link"}),
    "key": says({"error": "Invalid API key"}, 401),
    "no word, 401": says({"error": "whatever"}, 401),
    "no word, 403": says({"error": "whatever"}, 403),
    "no word, 429": says({"error": "whatever"}, 429),
    "a page, 429": page(429),
    "an empty body, 429": says("", 429),
    "half of JSON, 429": says('{"order": ', 429),
    "compressed, 429": says(gzip.compress(b"<html>Slow down</html>"), 429, "Content-Encoding: gzip"),
    "compressed by what we do not know, 429": says(b"\x0b\x02\x80x\x03", 429, "Content-Encoding: br"),
    "half the body, 429": lambda _: b"HTTP/1.1 429 Said\r\nContent-Length: 99\r\n\r\n<html>",
    "headers alone, 429": lambda _: b"HTTP/1.1 429 Said\r\nContent-Length: 99\r\n\r\n",
    "a page, 413": page(413),
    "too large a page, 413": says("<html>" + " " * 600_000, 413),
    "a page, 414": page(414),
    "a page, 431": page(431),
    "too fast": says({"error": "Too many requests"}, 200),
    "gone": says({"success": False, "name": "SERVICE_NOT_FOUND", "message": "Service not found or unauthorized"}, 500),
}
NOT_SENT: dict[str, Reply] = {
    "a challenge": page(403, "Just a moment..."),
    "a page, 404": page(404, "Not Found"),
}
"""Said by what stands before the panel."""

EITHER: dict[str, Reply] = {
    "nothing at all": lambda _: b"",
    "half a status line": lambda _: b"HTTP/1.1 2",
    "half the headers": lambda _: b"HTTP/1.1 200 OK\r\nContent-Le",
    "no HTTP": lambda _: b"hello\r\n\r\n",
    "another protocol": lambda _: b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    "half the body": lambda order: b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"order": %s}' % order.encode(),
    "half a chunk": lambda _: b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{"order": ',
    "two lengths": lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "too large a header": lambda _: b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    "too large a body": lambda order: http(json.dumps({"order": int(order)}) + " " * 300_000),
    "compressed": lambda order: http(
        gzip.compress(json.dumps({"order": order}).encode()), 200, "Content-Encoding: gzip"
    ),
    "moved, 301": lambda _: http("", 301, "Location: /elsewhere"),
    "moved, 302": lambda _: http("", 302, "Location: /elsewhere"),
    "moved, 307": lambda _: http("", 307, "Location: https://elsewhere.example/"),
    "moved, 308": lambda _: http("", 308),
    "no content": lambda _: b"HTTP/1.1 204 None\r\n\r\n",
    "an empty body": says(""),
    "a page": page(200),
    "a word": says("OK"),
    "half of JSON": says('{"order": '),
    "an empty object": says({}),
    "an empty list": says([]),
    "null": says("null"),
    "only success": says({"status": "success"}),
    "id 0": says({"order": 0}),
    "id null": says({"order": None}),
    "a negative id": says({"order": -5}),
    "a fraction": says({"order": 1.5}),
    "true": says({"order": True}),
    "an empty id": says({"order": ""}),
    "a list of ids": says({"order": [1, 2]}),
    "not a number": says('{"order": NaN}'),
    "an id and an error": lambda order: http({"order": int(order), "error": "Not enough funds"}),
    "an id, 429": lambda order: http({"order": int(order)}, 429),
    "an id, 413": lambda order: http({"order": int(order)}, 413),
    "a compressed id, 429": lambda order: http(
        gzip.compress(json.dumps({"order": order}).encode()), 429, "Content-Encoding: gzip"
    ),
    "a page, 403": page(403),
    "an unknown text": says({"error": "Something went wrong"}),
    "try again": says({"error": "Please try again"}),
    "timeout": says({"error": "timeout"}),
    "still at it": says({"error": "Another transaction is being processed"}),
    "an unknown text, 400": says({"error": "Something went wrong"}, 400),
    "408": says({"error": "whatever"}, 408),
    "409": says({"error": "whatever"}, 409),
    "425": says({"error": "whatever"}, 425),
    "499": says({"error": "whatever"}, 499),
    "500": says({"error": "whatever"}, 500),
    "a page, 500": page(500),
    "a page, 502": page(502),
    "nothing, 503": says("", 503),
    "a page, 504": page(504),
    "a page, 520": page(520),
    "deep JSON": says("[" * 100_000),
}
"""Proves nothing: it is said by those who have taken the order, and by those who have not."""

SILENT, CUT, CUT_EARLY, DRIP = "silence", "a reset", "a reset before the body is read", "a byte now and then"
ODD = (SILENT, CUT, CUT_EARLY, DRIP)
"""What is not one reply; proves nothing either."""
REPLIES = TAKEN | REFUSED | NOT_SENT | EITHER


class Misbehaving:
    """Remembers which orders it has taken."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.seen: list[str] = []
        self.url = ""
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(line for line in head.lower().split("\r\n") if line.startswith("content-length:"))
            body = await reader.readexactly(int(length.partition(":")[2]))
            await self._answer(parse_qs(body.decode())["link"][0], writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self._serving.discard(task)

    async def stop(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _answer(self, link: str, writer: asyncio.StreamWriter) -> None:
        mode, truth, number = urlsplit(link).path[1:].replace("%20", " ").split("/")
        self.seen.append(link)
        if truth == "taken":
            self.taken.add(link)
        if mode == SILENT:
            await asyncio.sleep(5)
        elif mode in (CUT, CUT_EARLY):
            _reset(writer)
        elif mode == DRIP:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            for _ in range(100):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        else:
            writer.write(REPLIES[mode](number))
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close without a goodbye: what has arrived is thrown away."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@asynccontextmanager
async def misbehaving() -> AsyncIterator[Misbehaving]:
    """Listening on a free port of the loopback address."""
    panel = Misbehaving()
    server = await asyncio.start_server(panel.serve, "127.0.0.1", 0, limit=2**20)
    panel.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/v2"
    try:
        yield panel
    finally:
        server.close()
        await panel.stop()
