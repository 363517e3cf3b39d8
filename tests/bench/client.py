"""The lean client: keeps so many connections busy with prepared requests and counts what comes back.

`python -m tests.bench.client` reads a `Load` as JSON from its input and prints a `Figure`: a process of its own, so
that it and the server each have a core.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any, Final

import msgspec
import uvloop
from msgspec import Struct

_END_OF_HEADERS: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Load(Struct, frozen=True, kw_only=True):
    """What to send, and for how long."""

    host: str
    port: int
    requests: list[str]
    """Whole HTTP requests, sent in turn."""
    connections: int
    seconds: float  # not money
    pause: float = 0.0  # seconds
    """Between a reply and the next request of a connection."""


class Figure(Struct, frozen=True, kw_only=True):
    """What came of it; latencies in milliseconds."""

    rate: float  # requests a second
    p50: float  # ms
    p99: float  # ms
    cpu: float = 0.0  # microseconds
    """What one request cost the processes that served it."""
    failed: int
    """Replies with a code of 400 or above, and connections that broke."""


class Tally:
    """What all connections count together."""

    def __init__(self, load: Load) -> None:
        self.requests = [request.encode("latin-1") for request in load.requests]
        self.next = 0
        self.took: list[float] = []  # seconds
        self.failed = 0
        self.running = True

    def request(self) -> bytes:
        self.next += 1
        return self.requests[self.next % len(self.requests)]


class Connection(asyncio.Protocol):
    """Sends the next request when the reply to the last is complete."""

    def __init__(self, tally: Tally, pause: float) -> None:
        self._tally = tally
        self._pause = pause  # seconds
        self._reply = b""
        self._sent_at = 0.0  # seconds
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        if not self._tally.running:
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._tally.request())

    def data_received(self, data: bytes) -> None:
        reply = self._reply + data if self._reply else data
        end = reply.find(_END_OF_HEADERS)
        if end < 0 or len(reply) < end + 4 + _length(reply, end):
            self._reply = reply
            return
        self._reply = b""
        self._tally.took.append(time.perf_counter() - self._sent_at)
        self._tally.failed += reply[9:10] not in b"123"
        if self._pause:
            asyncio.get_running_loop().call_later(self._pause, self._send)
        else:
            self._send()

    def connection_lost(self, _: Exception | None) -> None:
        self._tally.failed += self._tally.running


def _length(reply: bytes, end: int) -> int:
    at = reply.lower().find(_LENGTH, 0, end)
    if at < 0:
        return 0
    return int(reply[at + len(_LENGTH) : reply.find(b"\r", at)])


async def load(wanted: Load) -> Figure:
    """Keep the connections busy for as long as wanted."""
    loop, tally = asyncio.get_running_loop(), Tally(wanted)
    opened = [
        await loop.create_connection(lambda: Connection(tally, wanted.pause), wanted.host, wanted.port)
        for _ in range(wanted.connections)
    ]
    begun = time.perf_counter()
    await asyncio.sleep(wanted.seconds)
    tally.running, took = False, sorted(tally.took)
    rate = len(took) / (time.perf_counter() - begun)
    for transport, _ in opened:
        transport.close()
    return Figure(rate=rate, p50=_at(took, 0.5), p99=_at(took, 0.99), failed=tally.failed)


def _at(took: list[float], share: float) -> float:  # seconds, of all
    return 1000 * took[int(share * (len(took) - 1))] if took else float("nan")  # ms


def main() -> None:
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=Load)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(load(wanted))))


if __name__ == "__main__":
    main()
