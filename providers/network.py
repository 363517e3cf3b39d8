"""Connections to one provider, each made only to an address that was judged for it, and each request sent only once."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult

from providers.adapter import Profile
from providers.addresses import ForbiddenAddress, Resolve, may_call, permitted
from providers.encoding import Request

Trace = Callable[[str, str], Awaitable[None]]
"""Told of the steps of a call, as they happen: its action, and `connect`, `headers-sent`, `body-sent`, `reply-read`."""
OpenSocket = Callable[[socket.AddressFamily | int, socket.SocketKind | int, int], socket.socket]
"""As `socket.socket` does it."""

_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 5.0
"""Servers close connections that are kept longer, some of them under the next request."""
_LONGEST_LINE = 65_536


class SentBefore(Exception):
    """The library would send a request again of which something has left already."""

    def __str__(self) -> str:
        return "the connection was lost"


class Watch:
    """Follows one call: whether anything of its request may have left, and its steps for whoever wants to know."""

    sent = False

    def __init__(self, action: str, trace: Trace | None) -> None:
        self._action = action
        self._trace = trace

    async def step(self, name: str) -> None:
        if self._trace is not None:
            await self._trace(self._action, name)


_watch: ContextVar[Watch] = ContextVar("watch")


class _Request(aiohttp.ClientRequest):
    """Says so before its first byte leaves; it never leaves twice. What is said to a proxy on the way is none."""

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        watch = _watch.get()
        if watch.sent:
            raise SentBefore
        watch.sent = True
        return await super().send(conn)


class _TracedRequest(_Request):
    """Its headers leave before its body, so that a step can be told between them."""

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: aiohttp.connector.Connection, content_length: int | None = None
    ) -> None:
        watch = _watch.get()
        try:
            writer.send_headers()
            await watch.step("headers-sent")
            await super().write_bytes(writer, conn, content_length)
            await watch.step("body-sent")
        except Exception as error:
            if conn.protocol is None:
                raise
            conn.protocol.set_exception(error)


class _Resolver(AbstractResolver):
    """Names, as far as all of their addresses may be called."""

    def __init__(self, *, allow_private: bool, ask: Resolve) -> None:
        self._allow_private = allow_private
        self._ask = ask

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002  # the library's signature
    ) -> list[ResolveResult]:
        addresses = await permitted(host, port, allow_private=self._allow_private, ask=self._ask)
        return [
            ResolveResult(
                hostname=host, host=address, port=port, proto=0, flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            )
            for address in addresses
        ]  # fmt: skip

    async def close(self) -> None:
        pass


class Line:
    """Our connections to one provider: kept from one call to the next, or a fresh one for each.

    Closed, it lets the calls under way end, and keeps nothing.
    """

    def __init__(
        self, profile: Profile, *, fresh: bool, ask: Resolve, traced: bool = False,
        open_socket: OpenSocket = socket.socket,
    ) -> None:  # fmt: skip
        self._profile = profile
        self._fresh = fresh
        self._ask = ask
        self._traced = traced
        self._open_socket = open_socket
        self._session: aiohttp.ClientSession | None = None
        self._calls = 0
        self._closed = False

    @asynccontextmanager
    async def send(self, request: Request, watch: Watch, *, seconds: float) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send it once; the response, of which the body is still to come. Seconds are not money."""
        if self._session is None:
            self._session = self._open()
        session = self._session
        timeout = aiohttp.ClientTimeout(connect=min(_CONNECT_SECONDS, seconds))
        _watch.set(watch)
        self._calls += 1
        try:
            async with session.request(
                request.method, request.url, data=request.body, headers=request.headers, timeout=timeout,
                allow_redirects=False, proxy=self._profile.proxy,
            ) as response:  # fmt: skip
                yield response
        finally:
            self._calls -= 1
            await self._close_if_done()

    async def aclose(self) -> None:
        """Close what is kept; the last of the calls under way closes the rest."""
        self._closed = True
        await self._close_if_done()

    async def _close_if_done(self) -> None:
        if self._closed and not self._calls and self._session is not None:
            session, self._session = self._session, None
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        profile = self._profile
        keeping: dict[str, Any] = {"force_close": True} if self._fresh else {"keepalive_timeout": _IDLE_SECONDS}
        # Behind a proxy it is the proxy that looks names up.
        guard: dict[str, Any] = {} if profile.proxy else {
            "resolver": _Resolver(allow_private=profile.allow_private, ask=self._ask), "use_dns_cache": False,
            "socket_factory": self._judged_socket,
        }  # fmt: skip
        connector = aiohttp.TCPConnector(limit=0, ssl=trust(verify=profile.verify_tls), **keeping, **guard)
        return aiohttp.ClientSession(
            connector=connector,
            request_class=_TracedRequest if self._traced else _Request,
            trace_configs=[_connections_told()] if self._traced else None,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Content-Type",),
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            trust_env=False,
        )

    def _judged_socket(self, address: tuple[Any, ...]) -> socket.socket:
        """Every address is judged once more where it is called: one that is written out is never looked up."""
        family, kind, proto, _, (host, *_) = address
        written = urlsplit(self._profile.url).hostname or ""
        if not may_call(written, host, allow_private=self._profile.allow_private):
            raise ForbiddenAddress(written, host)
        return self._open_socket(family, kind, proto)


def _connections_told() -> aiohttp.TraceConfig:
    async def told(*_: object) -> None:
        await _watch.get().step("connect")

    config = aiohttp.TraceConfig()
    config.on_connection_create_start.append(told)
    return config


@cache
def trust(*, verify: bool) -> ssl.SSLContext:
    """One for the whole process: loading the authorities takes longer than a call."""
    context = ssl.create_default_context(cafile=certifi.where())
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
