"""Serves an ASGI application over real HTTP for the length of a test, and a customer who calls a sandbox there."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn

from providers.sandbox import Sandbox


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Listen on a free port of the loopback address, in the running event loop; yields `http://127.0.0.1:PORT`.

    The port is open before the block begins, so that nothing has to wait for it. Calls that the application leaves
    unanswered are cut off one second after the block ends.
    """
    config = uvicorn.Config(app, log_level="error", access_log=False, proxy_headers=False, timeout_graceful_shutdown=1)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # asyncio sends at once, without waiting 40 ms for more, only on sockets that name their protocol.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        await server.startup(sockets=[listening])
        assert server.started, "the application refused to start"
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            await server.shutdown(sockets=[listening])


class Customer:
    """Somebody with a key who writes form bodies, or JSON ones, to one sandbox."""

    def __init__(self, http: httpx.AsyncClient, key: str, *, writes_json: bool) -> None:
        self.http = http
        self._key = key
        self._writes_json = writes_json

    async def send(self, action: str, **params: object) -> httpx.Response:
        """One call, with the whole reply."""
        fields = {"key": self._key, "action": action, **params}
        if self._writes_json:
            return await self.http.post("/api/v2", json=fields)
        return await self.http.post("/api/v2", data=fields)

    async def call(self, action: str, **params: object) -> Any:
        """One call, with what it says."""
        return (await self.send(action, **params)).json()

    async def buy(self, word: str = "", *, service: object = 1, quantity: int = 1000) -> int:
        """Place an order whose link holds this word, and return its id."""
        reply = await self.call("add", service=service, link=f"https://x.example/u/{word}", quantity=quantity)
        order = reply["order"]
        assert isinstance(order, int)
        return order

    async def steer(self, lever: str, **change: object) -> Any:
        """Pull a lever; without a change, look at one."""
        path = f"/sandbox/{lever}"
        reply = await (self.http.post(path, json=change) if change else self.http.get(path))
        return reply.json()


@asynccontextmanager
async def customer_of(sandbox: Sandbox, *, key: str = "sandbox") -> AsyncIterator[Customer]:
    """Serve a sandbox and yield a customer who writes as its dialect does."""
    async with serving(sandbox) as url, httpx.AsyncClient(base_url=url, timeout=10) as http:
        yield Customer(http, key, writes_json=sandbox.dialect == "json")
