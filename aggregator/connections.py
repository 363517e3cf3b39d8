"""Cuts off whoever takes too long to say what they want, so that slow clients cost a socket for seconds, not for days.

uvicorn waits for ever for a request that never comes, or never ends. A proxy in front may be stricter still.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any

from msgspec import Struct
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_LATE_TEXT = b'{"error":"The request took too long"}'
_TOO_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_TOO_LATE_TEXT), _TOO_LATE_TEXT)
)
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_FILES = 20_000


def most_connections() -> int:
    """Half of the files that this process may open: databases and providers need some too.

    Asks the machine for as many as it allows; shells hand out few.
    """
    _, allowed = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = _FILES if allowed == resource.RLIM_INFINITY else min(allowed, _FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, allowed))
    return files // 2


class ClientTimeouts(Struct, frozen=True, kw_only=True):
    """How long, and for how much, one client is waited for."""

    head_seconds: float = 10.0
    """For a request's headers, from the connection or from the first byte after the last reply."""
    body_seconds: float = 10.0
    reply_seconds: float = 60.0
    """For the client to take what we have written."""
    idle_seconds: int = 30
    """Between a reply and the next request."""
    head_bytes: int = 65_536
    connections: int = 0
    """Beyond so many, whoever has been saying nothing the longest makes room; 0 = what the machine allows."""


class Waiting:
    """The connections that have not said yet what they want, the oldest first."""

    def __init__(self, patience: ClientTimeouts) -> None:
        self.patience = patience
        self.most = patience.connections or most_connections()
        self._silent: dict[Connection, None] = {}

    def add(self, connection: Connection) -> None:
        self._silent[connection] = None

    def __contains__(self, connection: object) -> bool:
        return connection in self._silent

    def discard(self, connection: Connection) -> None:
        self._silent.pop(connection, None)

    def make_room(self) -> None:
        """Cut the one that has been silent the longest; the newest itself where nobody else is."""
        oldest = next(iter(self._silent))
        self.discard(oldest)
        oldest.cut()


class Connection(HttpToolsProtocol):
    """uvicorn's connection with a deadline for each of its parts."""

    def __init__(self, waiting: Waiting, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._waiting = waiting
        self._patience = waiting.patience
        self._deadline: asyncio.TimerHandle | None = None
        self._reading: asyncio.TimerHandle | None = None
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        super().connection_made(transport)
        self._expect_head()
        if len(self.connections) > self._waiting.most:
            self._waiting.make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        answered = self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first
        if answered and self._deadline is None:
            self._expect_head()
        self._head_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self in self._waiting and self._head_bytes > self._patience.head_bytes:
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()
        self._deadline = self.loop.call_later(self._patience.body_seconds, self._give_up)

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._reading is None:
            self._reading = self.loop.call_later(self._patience.reply_seconds, self.cut)

    def resume_writing(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        super().resume_writing()

    def cut(self) -> None:
        """End the connection without a word: whoever it is does not listen."""
        self.transport.abort()

    def _give_up(self) -> None:
        """End a request whose body does not come to its end, with a word where none was said yet."""
        if not self.cycle.response_started:
            self.transport.write(_TOO_LATE)
        self.transport.close()

    def _expect_head(self) -> None:
        self._head_bytes = 0
        self._deadline = self.loop.call_later(self._patience.head_seconds, self.cut)
        self._waiting.add(self)

    def _stop_waiting(self) -> None:
        self._waiting.discard(self)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
