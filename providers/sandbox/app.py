"""The sandbox as an ASGI application: which path is whose, and how a reply, or none, goes out."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from providers.sandbox.controls import Controls
from providers.sandbox.reply import Reply, Silence, in_json
from providers.sandbox.request import read_params
from providers.sandbox.steering import steer

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class Sandbox(Controls):
    """A whole upstream panel; any ASGI server can serve it. The methods of `Controls` steer it from within."""

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = await _read_body(receive)
            if body is not None:
                await _send(self._route(scope, body), receive, send)

    def _route(self, scope: Message, body: bytes) -> Reply | Silence:
        path = re.sub("/+", "/", scope["path"]).rstrip("/").lower()
        method = scope["method"]
        if path == "/api/v2":
            if method not in ("GET", "POST"):
                return in_json({"error": "Incorrect request"}, 405)
            kind = dict(scope["headers"]).get(b"content-type", b"").decode("latin-1")
            return self._panel.answer(lambda: read_params(scope["query_string"], kind, body))
        if path.startswith("/sandbox/"):
            return steer(self, method, path.removeprefix("/sandbox/"), body)
        return in_json({"error": "nothing here"}, 404)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        event = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{event}.complete"})
        if event == "shutdown":
            return


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body; None when the client left before its end."""
    parts = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _send(reply: Reply | Silence, receive: Receive, send: Send) -> None:
    if reply is Silence.HANG_UP:
        await _hang_up(receive, send)
    elif reply is Silence.HOLD:
        await _hold(receive)
    elif isinstance(reply, Reply):
        await _start(send, reply.code, reply.content_type, len(reply.body))
        await send({"type": "http.response.body", "body": reply.body})


async def _start(send: Send, code: int, content_type: str, length: int) -> None:
    headers = [
        (b"content-type", content_type.encode()),
        (b"content-length", str(length).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": code, "headers": headers})


async def _hold(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang_up(receive: Receive, send: Send) -> None:
    """ASGI has no word for closing a connection unanswered.

    uvicorn's `receive` belongs to an object that holds the connection; with another server the reply begins and
    breaks off, which its client cannot use either.
    """
    connection = getattr(getattr(receive, "__self__", None), "transport", None)
    if connection is None:
        await _start(send, 200, "application/json", 64)
        return
    connection.close()
    await _hold(receive)
