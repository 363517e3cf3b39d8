"""A call and its answer as ASGI carries them: a body within its limits in, prepared bytes out.

The web framework finds the way here and no more: its requests, responses and bodies would cost as much as the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import Struct

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Any]]
Send: TypeAlias = Callable[[Any], Awaitable[None]]
Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

_READ = MappingProxyType(
    {
        name.encode(): name
        for name in (
            "accept-encoding",
            "authorization",
            "content-encoding",
            "content-length",
            "content-type",
            "idempotency-key",
            "if-none-match",
            "x-api-key",
        )
    }
)
_ID = "idempotency-key"
_JSON: Headers = ((b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"))
KEPT_BY_NOBODY: Headers = ((b"cache-control", b"no-store"),)


class Call(Struct, frozen=True):
    """What a client sent, as it came."""

    method: str
    headers: Mapping[str, str]
    """Those that anybody here reads, by lower-case names; an Idempotency-Key given twice line by line."""
    query: bytes
    body: bytes
    address: str = ""
    """Of whoever calls: the other end of the connection, or whom a trusted proxy names."""


class Answer(Struct, frozen=True):
    """JSON, or nothing, under an HTTP status."""

    code: int
    body: bytes
    headers: Headers = KEPT_BY_NOBODY


LARGEST_DISCARDED = 16 * 1024 * 1024
"""Bytes of a body that is read to be thrown away."""
DISCARD_SECONDS = 5.0
AT_ONCE = 20
"""Connections whose bodies are thrown away."""
LARGE_AT_ONCE = 32
"""Bodies larger than usual that are held while they come; whoever comes then may try again."""
BUSY = Answer(
    503,
    b'{"error":"The panel is temporarily unavailable, please try again later"}',
    (*KEPT_BY_NOBODY, (b"retry-after", b"5"), (b"connection", b"close")),
)


def too_large(most_bytes: int) -> Answer:
    """The refusal of a body, with the limit."""
    text = b'{"error":"The request is too large: its body may have at most %d KiB"}' % (most_bytes // 1024)
    return Answer(413, text, (*KEPT_BY_NOBODY, (b"connection", b"close")))


class Discards:
    """Reads bodies that are too large to their end: who sends all before listening hears no refusal before that.

    Within reason: so many bytes, for so long, of so many at once; whoever is beyond that is refused unread.
    """

    def __init__(self, seconds: float = DISCARD_SECONDS) -> None:
        self._seconds = seconds
        self.under_way = 0

    async def read(self, receive: Receive, stated: int) -> None:
        """Throw a body of so many bytes away."""
        if stated > LARGEST_DISCARDED or self.under_way >= AT_ONCE:
            return
        self.under_way += 1
        try:
            async with asyncio.timeout(self._seconds):
                while (await receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass
        finally:
            self.under_way -= 1


class Bodies:
    """Reads bodies: only so large ones, and of those beyond the usual only so many at a time."""

    def __init__(self, limit: Callable[[Mapping[str, str]], int], usual: int) -> None:
        """`limit` tells by the headers (names in lower case) how many bytes a body may have; `usual` is in bytes."""
        self.limit = limit
        self.discards = Discards()
        self._usual = usual
        self._large = 0

    async def read(self, receive: Receive, most_bytes: int) -> bytes | Answer | None:
        """A body, the refusal of it, or None where the client has gone."""
        body, more, counted = bytearray(), True, 0
        try:
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > most_bytes:
                    return too_large(most_bytes)
                if not counted and len(body) > self._usual:
                    if self._large >= LARGE_AT_ONCE:
                        return BUSY
                    self._large += (counted := 1)
                more = message.get("more_body", False)
        finally:
            self._large -= counted
        return bytes(body)


async def read_call(scope: Scope, receive: Receive, bodies: Bodies) -> Call | Answer | None:
    """The call, the refusal of one that is too large, or None where the client has gone.

    How long a body may take is the connection's affair.
    """
    headers = _read_headers(scope["headers"])
    most_bytes = bodies.limit(headers)
    text = headers.get("content-length", "0")
    stated = int(text[:12]) if text.isdigit() else 0
    if stated > most_bytes:
        await bodies.discards.read(receive, stated)
        return too_large(most_bytes)
    body = await bodies.read(receive, most_bytes)
    if not isinstance(body, bytes):
        return body
    client = scope.get("client")
    return Call(scope["method"], headers, scope["query_string"], body, client[0] if client else "")


def _read_headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in pairs:
        if name in _READ:
            before = f"{headers[_ID]}\n" if _READ[name] == _ID and _ID in headers else ""
            headers[_READ[name]] = before + value.decode("latin-1")
    return headers


async def send_answer(send: Send, answer: Answer) -> None:
    length = (b"content-length", b"%d" % len(answer.body))
    headers = [*answer.headers, length] if answer.code == 304 else [*_JSON, *answer.headers, length]  # noqa: PLR2004  # not modified
    await send({"type": "http.response.start", "status": answer.code, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
