"""A TCP proxy between two parties of a test, which cuts their connections, or lets replies get lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Proxy:
    """Forwards what it hears on a port of its own to another port of this machine."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._deaf = False
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut everything."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def cut(self) -> None:
        """Reset every connection, whatever is on its way."""
        for writer in self._writers:
            writer.transport.abort()

    async def deafen(self, seconds: float) -> None:
        """Let requests through and their replies get lost, then cut: nobody knows whether the request was done."""
        self._deaf = True
        await asyncio.sleep(seconds)
        self.cut()
        self._deaf = False

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            await self._connect(reader, writer)
        except OSError:
            writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, onward = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.add(onward)
        try:
            await asyncio.gather(
                self._forward(reader, onward, replies=False), self._forward(there, writer, replies=True)
            )
        finally:
            self._writers.discard(onward)
            onward.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, replies: bool) -> None:
        while data := await reader.read(65_536):
            if not (replies and self._deaf):
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()
