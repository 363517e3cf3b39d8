"""Connections to providers, each made only to an address that was looked up and judged for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import suppress
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


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own over a guarded network."""

    def __init__(self, context: ssl.SSLContext, *, keep: int, network: GuardedNetwork) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context, max_connections=None, max_keepalive_connections=keep, network_backend=network
        )
