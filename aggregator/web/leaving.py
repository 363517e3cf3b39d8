"""Works for a visitor as long as there is one: whoever closes the page ends what is worked out for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from litestar import Request
from litestar.types import ASGIApp, Message, Receive, Scope, Send

T = TypeVar("T")


class Left(Exception):
    """The visitor has gone; nobody reads an answer."""


async def while_here(request: Request[Any, Any, Any], work: Awaitable[T]) -> T:
    """The result of work that only reads, for a request without a body; raises `Left`."""
    working, leaving = asyncio.ensure_future(work), asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Left
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def leaving(app: ASGIApp) -> ASGIApp:
    """Middleware: gives a page up as soon as its visitor leaves. A deed is done to its end, a file ends by itself."""

    async def while_awaited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "GET":
            await app(scope, receive, send)
            return
        begun, goes_on = asyncio.get_running_loop().create_future(), asyncio.Event()

        async def held(message: Message) -> None:
            """Nothing is sent while somebody else listens: what ends an answer would look like leaving."""
            if not begun.done():
                begun.set_result(None)
            await goes_on.wait()
            await send(message)

        working = asyncio.ensure_future(app(scope, receive, held))
        try:
            until = asyncio.wait((working, begun), return_when=asyncio.FIRST_COMPLETED)
            await while_here(Request(scope, receive), until)
            goes_on.set()
            await working
        finally:
            working.cancel()

    return while_awaited
