"""A provider that takes its time: `python -m tests.bench.upstream` serves one and says where."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from threading import Event, Thread
from urllib.parse import parse_qs

import uvloop

ANSWER_SECONDS = 0.05
NEVER = 3_600
_STATE = {"charge": "0.27819", "start_count": "3572", "status": "In progress", "remains": "157", "currency": "USD"}
_SOLD = {"service": "1", "name": "Followers", "category": "All", "rate": "1.00", "min": "10", "max": "100000"}
_HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"


class Upstream:
    """A provider that says of every order that it is under way, and notes when it was asked and bought from."""

    def __init__(self) -> None:
        self.port = 0
        self.asked: dict[str, float] = {}  # seconds
        self.bought: list[float] = []  # seconds
        self._taken = 0
        self._ready = Event()

    def start(self) -> None:
        """Serve in a thread, from now on."""
        Thread(target=lambda: asyncio.run(self.serve()), daemon=True).start()
        self._ready.wait()

    async def serve(self, tell: Callable[[int], None] = lambda _: None) -> None:
        """Until it is cancelled; `tell` hears the port."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        tell(self.port)
        await server.serve_forever()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = head.partition("content-length:")[2].split("\r\n")[0].strip()
                fields = parse_qs((await reader.readexactly(int(length or 0))).decode())
                body = json.dumps(self._say(fields)).encode()
                await asyncio.sleep(NEVER if "/hangs" in head else ANSWER_SECONDS)
                writer.write(_HEAD.format(len(body)).encode() + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _say(self, fields: dict[str, list[str]]) -> object:
        if "order" in fields:
            return _STATE
        if fields.get("action") == ["add"]:
            self._taken += 1
            self.bought.append(time.monotonic())
            return {"order": self._taken}
        if "orders" in fields:
            ids = fields["orders"][0].split(",")
            self.asked |= dict.fromkeys(ids, time.monotonic())
            return dict.fromkeys(ids, _STATE)
        return [_SOLD] if fields.get("action") == ["services"] else {"balance": "1000000", "currency": "USD"}


def _say_where(port: int) -> None:
    sys.stderr.write(f"upstream on {port}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    uvloop.run(Upstream().serve(_say_where))
