"""Connections that leave this program, each made only to an address that was judged for it: the only file that names
aiohttp, which carries httpx's requests (docs/decisions/0001-http-client.md).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import certifi
from aiohttp.abc import AbstractResolver, AbstractStreamWriter, ResolveResult
from aiohttp.typedefs import LooseHeaders

from providers.adapter import Profile
from providers.wire.addresses import ForbiddenAddress, Resolve, may_call, permitted, resolve
from providers.wire.http import AiohttpTransport, httpx

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


class _Sending(NamedTuple):
    request: httpx.Request
    watch: Watch


_sending: ContextVar[_Sending] = ContextVar("sending")


class _Request(aiohttp.ClientRequest):
    """Says so before its first byte leaves; it never leaves twice. What is said to a proxy on the way is none."""

    def update_headers(self, headers: LooseHeaders | None) -> None:  # noqa: ARG002  # whose names came in small letters
        """Write each header as its sender did: firewalls know browsers by that."""
        raw = _sending.get().request.headers.raw
        super().update_headers([(name.decode(), value.decode()) for name, value in raw])

    async def send(self, conn: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        watch = _sending.get().watch
        if watch.sent:
            raise SentBefore
        watch.sent = True
        return await super().send(conn)


class _TracedRequest(_Request):
    """Its headers leave before its body, so that a step can be told between them."""

    async def write_bytes(
        self, writer: AbstractStreamWriter, conn: aiohttp.connector.Connection, content_length: int | None = None
    ) -> None:
        watch = _sending.get().watch
        try:
            writer.send_headers()
            await watch.step("headers-sent")
            await super().write_bytes(writer, conn, content_length)
            await watch.step("body-sent")
        except Exception as error:
            if conn.protocol is None:
                raise
            conn.protocol.set_exception(error)


class _Response(aiohttp.ClientResponse):
    """Without the words beside its status: the transport trips over those of a server that writes no UTF-8."""

    async def start(self, connection: aiohttp.connector.Connection) -> aiohttp.ClientResponse:
        await super().start(connection)
        self.reason = None
        return self


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
                hostname=host,
                host=address,
                port=port,
                proto=0,
                flags=socket.AI_NUMERICHOST,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        pass


class Line:
    """Our connections to one provider: kept from one call to the next, or a fresh one for each.

    Closed, it lets the calls under way end, and keeps nothing.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        fresh: bool,
        ask: Resolve,
        traced: bool = False,
        open_socket: OpenSocket = socket.socket,
    ) -> None:
        self._profile = profile
        self._fresh = fresh
        self._ask = ask
        self._traced = traced
        self._open_socket = open_socket
        self._transport: AiohttpTransport | None = None
        self._calls = 0
        self._closed = False

    @asynccontextmanager
    async def send(self, request: httpx.Request, watch: Watch, *, seconds: float) -> AsyncIterator[httpx.Response]:
        """Send it once; the response, of which the body is still to come. Seconds are not money.

        Raises what httpx has for it. The name says nothing of what was sent, as `ConnectTimeout` is also the name of a
        connection that broke under a request: that is the watch's to say.
        """
        if self._transport is None:
            self._transport = self._open()
        request.extensions["timeout"] = {"pool": min(_CONNECT_SECONDS, seconds)}
        _sending.set(_Sending(request, watch))
        self._calls += 1
        try:
            async with aclosing(await _answer(self._transport, request)) as response:
                yield response
        finally:
            self._calls -= 1
            await self._close_if_done()

    async def aclose(self) -> None:
        """Close what is kept; the last of the calls under way closes the rest."""
        self._closed = True
        await self._close_if_done()

    async def _close_if_done(self) -> None:
        if self._closed and not self._calls and self._transport is not None:
            transport, self._transport = self._transport, None
            await transport.aclose()

    def _open(self) -> AiohttpTransport:
        profile = self._profile
        return guarded(
            urlsplit(profile.url).hostname or "",
            allow_private=profile.allow_private,
            verify_tls=profile.verify_tls,
            proxy=profile.proxy,
            fresh=self._fresh,
            ask=self._ask,
            open_socket=self._open_socket,
            request_class=_TracedRequest if self._traced else _Request,
            trace_configs=[_connections_told()] if self._traced else None,
            skip_auto_headers=("Content-Type",),
        )


async def _answer(transport: AiohttpTransport, request: httpx.Request) -> httpx.Response:
    try:
        return await transport.handle_async_request(request)
    except aiohttp.ClientError as error:  # the transport has no name for it: above all what is no HTTP
        raise httpx.RemoteProtocolError(str(error), request=request) from error


def told(error: Exception) -> str:
    """What failed, in the words of the library beneath or of the machine, which know more than httpx's name for it."""
    beneath = error.__cause__ if isinstance(error, httpx.TransportError) and error.__cause__ else error
    cause = beneath.__cause__ if isinstance(beneath, aiohttp.ClientConnectionError) else None
    said = str(cause or beneath) or ("the deadline passed" if isinstance(beneath, TimeoutError) else "no answer")
    return f"{type(beneath).__name__}: {said}"


def guarded(
    host: str,
    *,
    allow_private: bool = False,
    verify_tls: bool = True,
    proxy: str | None = None,
    fresh: bool = False,
    ask: Resolve = resolve,
    open_socket: OpenSocket = socket.socket,
    **session: Any,
) -> AiohttpTransport:
    """Carries httpx's requests to one host; to be made where they are sent. Each connection leads to a judged address.

    Also for an `httpx.AsyncClient`, which should be given `trust_env=False`. `session` goes to aiohttp's session.
    """

    def judged_socket(address: tuple[Any, ...]) -> socket.socket:
        """Every address is judged once more where it is called: one that is written out is never looked up."""
        family, kind, proto, _, (called, *_) = address
        if not may_call(host, called, allow_private=allow_private):
            raise ForbiddenAddress(host, called)
        return open_socket(family, kind, proto)

    keeping: dict[str, Any] = {"force_close": True} if fresh else {"keepalive_timeout": _IDLE_SECONDS}
    # Behind a proxy it is the proxy that looks names up.
    guard: dict[str, Any] = (
        {}
        if proxy
        else {
            "resolver": _Resolver(allow_private=allow_private, ask=ask),
            "use_dns_cache": False,
            "socket_factory": judged_socket,
        }
    )
    trusted = trust(verify=verify_tls)
    client = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=trusted, **keeping, **guard),
        proxy=proxy,
        response_class=_Response,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=_LONGEST_LINE,
        max_field_size=_LONGEST_LINE,
        trust_env=False,
        **session,
    )
    return AiohttpTransport(verify=trusted, client=client)


def _connections_told() -> aiohttp.TraceConfig:
    async def told(*_: object) -> None:
        await _sending.get().watch.step("connect")

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
