"""The only HTTP client: pace, deadlines, size limits, reads tried again, and whether a request was ever sent."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import IO

import stamina
from msgspec import Struct

from providers.adapter import WRITES, Pace, Profile, Turn
from providers.errors import Code, Garbled, NoTurn, ProviderError, Refused, Unreachable, Unsure
from providers.masking import Mask
from providers.reading.verdict import NOT_TAKEN
from providers.wire.addresses import Resolve, resolve
from providers.wire.body import HELD, Unreadable, header, read_body, read_retry_after
from providers.wire.encoding import Route, build_request
from providers.wire.http import httpx
from providers.wire.network import Line, Trace, Watch, told

log = logging.getLogger(__name__)
stamina.instrumentation.set_on_retry_hooks(())  # each try tells of itself, and of which provider

_SIZE_LIMITS = {"services": 32 * 2**20, "add": 256 * 1024}
_BEGINNING = 65_536
_GLANCE_SECONDS = 1.0
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


class Transport:
    """Calls one provider. Reads share connections; every write has a fresh one and is sent at most once.

    Urgent calls have their own slots, so that a slow catalogue never holds up an order.
    """

    def __init__(self, profile: Profile, pace: Pace, trace: Trace | None = None, *, ask: Resolve = resolve) -> None:
        self.profile = profile
        self.mask = Mask(profile)
        self._pace = pace
        self._trace = trace
        self._slots = {urgent: asyncio.Semaphore(max(1, profile.parallel)) for urgent in (False, True)}
        # A kept connection may be closed under our request although the panel saw it; writes never use one.
        self._lines = {
            urgent: Line(profile, fresh=urgent, ask=ask, traced=trace is not None) for urgent in (False, True)
        }

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

    @asynccontextmanager
    async def turn(self, action: str) -> AsyncIterator[Turn]:
        """A turn for one write of this action, however long that takes; who is given it leaves at once."""
        async with self._taking_turns(action):
            yield Turn()

    async def write(
        self, action: str, params: dict[str, str], route: Route | None = None, turn: Turn | None = None
    ) -> Answer:
        """Send once. Raises `Unreachable` when nothing left us, `Unsure` when something did and no answer came.

        Without a turn, waiting for one and the call together end by the profile's deadline, so that whoever wrote the
        deadline down may judge by it; one that takes half of it is not waited for: `NoTurn`.
        """
        return await self._call(action, params, self._seconds(action), Unsure, route, turn)

    async def aclose(self) -> None:
        """Close all connections, those of calls under way when they end."""
        for line in self._lines.values():
            await line.aclose()

    def _seconds(self, action: str) -> float:
        special = {"services": self.profile.services_timeout_seconds, "add": self.profile.add_timeout_seconds}
        return special.get(action, self.profile.timeout_seconds)

    async def _call(
        self,
        action: str,
        params: dict[str, str],
        seconds: float,
        doubt: type[Unsure | Garbled],
        route: Route | None,
        turn: Turn | None = None,
    ) -> Answer:
        watch, started = Watch(action, self._trace), time.monotonic()
        outcome: Answer | ProviderError
        try:
            outcome = await self._exchange(action, params, seconds, watch, route, turn, urgent=doubt is Unsure)
        except (NoTurn, Refused) as error:
            outcome = error
        except Exception as error:  # noqa: BLE001  # whatever broke, the caller must learn whether anything was sent
            settled = _Settled if isinstance(error, Unreadable) and doubt is Garbled else doubt
            outcome = self._failure(error, settled if watch.sent else Unreachable)
        self._note(action, outcome, started)
        if isinstance(outcome, ProviderError):
            raise outcome
        return outcome

    async def _exchange(
        self,
        action: str,
        params: dict[str, str],
        seconds: float,
        watch: Watch,
        route: Route | None,
        turn: Turn | None,
        *,
        urgent: bool,
    ) -> Answer:
        async with AsyncExitStack() as stack:
            started = asyncio.get_running_loop().time()
            if turn is None or not turn.use():
                await self._wait_for_turn(stack, action, seconds / 2 if urgent else None)
            begun = started if urgent else asyncio.get_running_loop().time()
            async with asyncio.timeout_at(begun + seconds):
                request = build_request(self.profile, action, params, route)
                response = await stack.enter_async_context(self._lines[urgent].send(request, watch, seconds=seconds))
                answer = await _receive(response, _SIZE_LIMITS.get(action, HELD), unpack=not urgent)
                await watch.step("reply-read")
                return answer

    async def _wait_for_turn(self, stack: AsyncExitStack, action: str, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await stack.enter_async_context(self._taking_turns(action))
        except TimeoutError as error:
            raise NoTurn(f"our pace left no turn in {seconds} s") from error

    @asynccontextmanager
    async def _taking_turns(self, action: str) -> AsyncIterator[None]:
        async with self._slots[action in WRITES]:
            await self._pace.turn(self.profile, action)
            yield

    def _failure(self, error: Exception, kind: Callable[..., ProviderError]) -> ProviderError:
        return kind(self.mask.text(told(error)), code=Code.TRANSPORT)

    def _note(self, action: str, outcome: Answer | ProviderError, started: float) -> None:  # seconds, not money
        took = round((time.monotonic() - started) * 1000)
        if isinstance(outcome, Answer):
            said = f"HTTP {outcome.status}, {outcome.size} bytes"
            log.info("%s %s: %s, %d ms", self.profile.name, action, said, took)
        else:
            said = f"{type(outcome).__name__}, {outcome.text}"
            log.warning("%s %s: %s, %d ms", self.profile.name, action, said, took)


async def _receive(response: httpx.Response, limit: int, *, unpack: bool) -> Answer:
    status = response.status_code
    if _MOVED <= status < _REFUSED:
        target = _address(response.url, header(response, "location"))
        raise Unreadable(f"HTTP {status}: change the URL to {target}")
    retry_after = read_retry_after(response)
    if status in NOT_TAKEN:
        said = await _glance(response)
        return Answer(status, said, len(said), retry_after)
    # What has failed has no long story to tell.
    body, size = await read_body(response, limit if status < _MOVED else min(limit, HELD), unpack=unpack)
    if size > HELD:
        beginning = body.read(_BEGINNING)
        body.seek(0)
        return Answer(status, beginning, size, retry_after, body)
    with body:
        return Answer(status, body.read(), size, retry_after)


async def _glance(response: httpx.Response) -> bytes:
    """The body beside a status that speaks for itself; nothing where it cannot be read, or does not come."""
    try:
        async with asyncio.timeout(_GLANCE_SECONDS):
            body, _ = await read_body(response, HELD, unpack=True)
    except (Unreadable, httpx.TransportError, TimeoutError):
        return b""
    with body:
        return body.read()


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
