"""What stands before a provider that is badly behaved: once told to begin, it is slow, hangs up, or floods."""

from __future__ import annotations

import asyncio

from tests.chaos.proxy import Proxy

SLOW_SECONDS = 1.5
HANG_UP_EVERY = 2
"""Of so many replies one is cut off in its middle."""
_FLOOD = b'{"service":1,"name":"Likes","category":"Photo","rate":"0.9","min":50,"max":9000},' * 800
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


class Door(Proxy):
    """Well behaved until it is told otherwise: a panel has read a catalogue before its trouble begins."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.begun = False


class Slow(Door):
    """Every reply waits."""

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool) -> None:
        if self.begun and replies:
            await asyncio.sleep(SLOW_SECONDS)
        await super()._forward(reader, writer, replies=replies)


class HangingUp(Door):
    """Replies are cut off, or never begin."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._calls = 0

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._calls += 1
        if not self.begun:
            await super()._connect(reader, writer)
        elif self._calls % HANG_UP_EVERY:
            await reader.read(1)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[")
            await writer.drain()
        writer.transport.abort()


class Flooding(Door):
    """Every question is answered with rows that never end."""

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.begun:
            await super()._connect(reader, writer)
            return
        await reader.read(1)
        writer.write(_HEAD + b"1\r\n[\r\n")
        while not writer.transport.is_closing():
            writer.write(b"%x\r\n%s\r\n" % (len(_FLOOD), _FLOOD))
            await writer.drain()
