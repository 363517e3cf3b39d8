"""Connections to providers, each made only to an address that was looked up and judged for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import httpcore
import httpx

from providers.addresses import Resolve, permitted, resolve


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Connects by address, never by name: what was judged is what is called, whatever the name says a moment later."""

    def __init__(
        self, *, allow_private: bool, ask: Resolve = resolve, network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._allow_private = allow_private
        self._ask = ask
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore's signature; seconds, not money
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout):
                addresses = await permitted(host, port, allow_private=self._allow_private, ask=self._ask)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        share = timeout / len(addresses) if timeout else None  # an address that is silent leaves time for the others
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
        return await self._network.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:  # seconds, not money
        await asyncio.sleep(seconds)


class GuardedTransport(httpx.AsyncBaseTransport):
    """httpx's own over a guarded network, one for each call that is under way.

    httpcore's pool looks through all of its connections at every call and at its end: so each has one to look at.
    """

    def __init__(self, context: ssl.SSLContext, *, keep: int, network: GuardedNetwork) -> None:
        self._context = context
        self._keep = keep
        self._network = network
        self._idle: list[httpx.AsyncHTTPTransport] = []
        """The last one used is taken first: its connection is the least likely to have been closed meanwhile."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        single = self._idle.pop() if self._idle else self._open()
        try:
            response = await single.handle_async_request(request)
        except BaseException:
            await single.aclose()
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Lent(response.stream, partial(self._take_back, single))
        return response

    async def aclose(self) -> None:
        """Close what is kept; calls under way close theirs when they end."""
        self._keep = 0
        while self._idle:
            await self._idle.pop().aclose()

    def _open(self) -> httpx.AsyncHTTPTransport:
        single = httpx.AsyncHTTPTransport(verify=self._context, trust_env=False)
        single._pool = httpcore.AsyncConnectionPool(  # noqa: SLF001  # the only way to give it a network
            ssl_context=self._context, max_keepalive_connections=min(self._keep, 1), network_backend=self._network
        )
        return single

    async def _take_back(self, single: httpx.AsyncHTTPTransport) -> None:
        if len(self._idle) < self._keep:
            self._idle.append(single)
        else:
            await single.aclose()


class _Lent(httpx.AsyncByteStream):
    """A body that says when it has been read, or was given up."""

    def __init__(self, stream: httpx.AsyncByteStream, ended: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._ended: Callable[[], Awaitable[None]] | None = ended

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._stream.__aiter__()

    async def aclose(self) -> None:
        ended, self._ended = self._ended, None
        try:
            await self._stream.aclose()
        finally:
            if ended is not None:
                await ended()
