"""The only HTTP client: pace, deadlines, size limits, reads tried again, and whether a request was ever sent."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import IO, Any

import httpx
import stamina
from msgspec import Struct

from providers.adapter import Pace, Profile
from providers.addresses import Resolve, resolve
from providers.body import HELD, Unreadable, read_body, read_retry_after
from providers.encoding import Route, build_request
from providers.errors import Code, Garbled, ProviderError, Unreachable, Unsure
from providers.masking import Mask
from providers.network import GuardedNetwork, GuardedTransport

log = logging.getLogger(__name__)
# Both log whole addresses, and with body_format "query" the key is in them.
logging.getLogger("httpx").addFilter(lambda _record: False)
logging.getLogger("httpcore").setLevel(logging.WARNING)

Trace = Callable[[str, str], Awaitable[None]]
"""Told of the steps of a call, as they happen: its action, and httpcore's name of the step."""

_SIZE_LIMITS = {"services": 32 * 2**20, "add": 256 * 1024}
_BEGINNING = 65_536
_CONNECT_SECONDS = 10.0
_TRIES = 3
_MOVED, _REFUSED, _BROKEN = 300, 400, 500


class Answer(Struct, frozen=True):
    """What came back: nothing of it is understood yet."""

    status: int
    body: bytes
    """Of a large body only the beginning."""
    size: int
    """Bytes of all of it."""
    retry_after: float | None = None  # seconds, not money
    large: IO[bytes] | None = None
    """All of a catalogue too large to be held in memory, from its beginning; to be closed by who reads it."""


class _BrokenPage(Exception):
    """A page in place of an answer, from a server in trouble."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer


class _Settled(Garbled):
    """A reply that would be the same if we asked again."""


class _Watch:
    """Sees in httpcore's trace whether the request's headers began to leave for the panel."""

    sent = False

    def __init__(self, action: str, trace: Trace | None) -> None:
        self._action = action
        self._trace = trace

    async def __call__(self, event: str, info: dict[str, Any]) -> None:
        request = info.get("request")
        if event == "http11.send_request_headers.started" and getattr(request, "method", b"") != b"CONNECT":
            self.sent = True
        if self._trace is not None:
            await self._trace(self._action, event)


class Transport:
    """Calls one provider. Reads share connections; every write has a fresh one and is sent at most once.

    Urgent calls have their own slots, so that a slow catalogue never holds up an order.
    """

    def __init__(self, profile: Profile, pace: Pace, trace: Trace | None = None, *, ask: Resolve = resolve) -> None:
        self.profile = profile
        self.mask = Mask(profile)
        self._pace = pace
        self._trace = trace
        self._network = GuardedNetwork(allow_private=profile.allow_private, ask=ask)
        self._slots = {urgent: asyncio.Semaphore(max(1, profile.parallel)) for urgent in (False, True)}
        self._clients: dict[bool, httpx.AsyncClient] = {}

    async def read(self, action: str, params: dict[str, str], route: Route | None = None) -> Answer:
        """Ask, again where the network or the server fails. Raises `Unreachable` and `Garbled`.

        `action` also says which deadline and size hold; with a route it is not sent.
        """
        seconds = self._seconds(action)
        try:
            async for attempt in stamina.retry_context(
                on=_may_pass, attempts=_TRIES, timeout=2 * seconds, wait_initial=0.1, wait_max=2.0, wait_jitter=0.2
            ):
                with attempt:
                    return _unless_broken(await self._call(action, params, seconds, Garbled, route))
        except _BrokenPage as page:
            return page.answer
        raise AssertionError("stamina ends with an answer or an error")

    async def write(self, action: str, params: dict[str, str], route: Route | None = None) -> Answer:
        """Send once. Raises `Unreachable` when nothing left us, `Unsure` when something did and no answer came.

        Waiting for a turn and the call together end by the profile's deadline, so that whoever wrote the deadline
        down may judge by it; a turn that takes half of it is not waited for.
        """
        return await self._call(action, params, self._seconds(action), Unsure, route)

    async def aclose(self) -> None:
        """Close all connections."""
        while self._clients:
            await self._clients.popitem()[1].aclose()

    def _seconds(self, action: str) -> float:
        special = {"services": self.profile.services_timeout_seconds, "add": self.profile.add_timeout_seconds}
        return special.get(action, self.profile.timeout_seconds)

    async def _call(
        self, action: str, params: dict[str, str], seconds: float, doubt: type[Unsure | Garbled], route: Route | None
    ) -> Answer:
        watch, started = _Watch(action, self._trace), time.monotonic()
        outcome: Answer | ProviderError
        try:
            outcome = await self._exchange(action, params, seconds, watch, route, urgent=doubt is Unsure)
        except Exception as error:  # noqa: BLE001  # whatever broke, the caller must learn whether anything was sent
            settled = _Settled if isinstance(error, Unreadable) and doubt is Garbled else doubt
            outcome = self._failure(error, settled if watch.sent else Unreachable)
        self._note(action, outcome, started)
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    async def _exchange(
        self, action: str, params: dict[str, str], seconds: float, watch: _Watch, route: Route | None, *, urgent: bool
    ) -> Answer:
        async with AsyncExitStack() as stack:
            started = asyncio.get_running_loop().time()
            async with asyncio.timeout(seconds / 2 if urgent else None):
                await stack.enter_async_context(self._turn(urgent=urgent))
            begun = started if urgent else asyncio.get_running_loop().time()
            async with asyncio.timeout_at(begun + seconds):
                client = self._client(fresh=urgent)
                request = build_request(client, self.profile, action, params, route)
                request.extensions = {**request.extensions, "timeout": _timeouts(seconds), "trace": watch}
                return await _receive(client, request, _SIZE_LIMITS.get(action, HELD), unpack=not urgent)

    @asynccontextmanager
    async def _turn(self, *, urgent: bool) -> AsyncIterator[None]:
        async with self._slots[urgent]:
            await self._pace.turn(self.profile, urgent=urgent)
            yield

    def _client(self, *, fresh: bool) -> httpx.AsyncClient:
        """A kept connection may be closed under our POST although the panel saw it; writes never use one."""
        if fresh not in self._clients:
            context, keep = trust(verify=self.profile.verify_tls), 0 if fresh else self.profile.parallel
            # Behind a proxy it is the proxy that looks names up.
            door = None if self.profile.proxy else GuardedTransport(context, keep=keep, network=self._network)
            self._clients[fresh] = httpx.AsyncClient(
                transport=door,
                verify=context,
                proxy=self.profile.proxy,
                limits=httpx.Limits(max_keepalive_connections=keep),
                follow_redirects=False,
                trust_env=False,
            )
        return self._clients[fresh]

    def _failure(self, error: Exception, kind: Callable[..., ProviderError]) -> ProviderError:
        late = isinstance(error, (TimeoutError, httpx.TimeoutException))
        said = str(error) or ("the deadline passed" if late else "the connection was lost")
        return kind(self.mask.text(f"{type(error).__name__}: {said}"), code=Code.TRANSPORT)

    def _note(self, action: str, outcome: Answer | ProviderError, started: float) -> None:  # seconds, not money
        took = round((time.monotonic() - started) * 1000)
        if isinstance(outcome, Answer):
            said = f"HTTP {outcome.status}, {outcome.size} bytes"
            log.info("%s %s: %s, %d ms", self.profile.name, action, said, took)
        else:
            said = f"{type(outcome).__name__}, {outcome.text}"
            log.warning("%s %s: %s, %d ms", self.profile.name, action, said, took)


async def _receive(client: httpx.AsyncClient, request: httpx.Request, limit: int, *, unpack: bool) -> Answer:
    response = await client.send(request, stream=True)
    try:
        if _MOVED <= response.status_code < _REFUSED:
            target = _address(request.url, response.headers.get("location", ""))
            raise Unreadable(f"HTTP {response.status_code}: change the URL to {target}")
        # What has failed has no long story to tell.
        body, size = await read_body(response, limit if response.is_success else min(limit, HELD), unpack=unpack)
        retry_after = read_retry_after(response.headers.get("retry-after"))
        if size > HELD:
            beginning = body.read(_BEGINNING)
            body.seek(0)
            return Answer(response.status_code, beginning, size, retry_after, body)
        with body:
            return Answer(response.status_code, body.read(), size, retry_after)
    finally:
        await response.aclose()


def _address(asked: httpx.URL, location: str) -> str:
    """Where a redirect points, in full, as far as that can be told."""
    try:
        return str(asked.copy_with(query=None).join(location))[:300] if location else "another address"
    except httpx.InvalidURL:
        return location[:300]


def _may_pass(error: Exception) -> bool:
    return isinstance(error, (Unreachable, Garbled, _BrokenPage)) and not isinstance(error, _Settled)


def _unless_broken(answer: Answer) -> Answer:
    if answer.status >= _BROKEN and answer.body.lstrip()[:1] not in (b"{", b"[", b'"'):
        raise _BrokenPage(answer)
    return answer


def _timeouts(seconds: float) -> dict[str, float | None]:  # seconds, not money
    return httpx.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds)).as_dict()


@cache
def trust(*, verify: bool) -> ssl.SSLContext:
    """One for the whole process: loading the authorities takes longer than a call."""
    context = httpx.create_ssl_context(verify=verify, trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
