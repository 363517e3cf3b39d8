"""The API: one match is its table of contents."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from litestar import Request as HttpRequest
from litestar import Response, route

from aggregator.api import spelling as spell
from aggregator.api.bodies import ServiceBodies
from aggregator.api.faults import Refusal, refuse
from aggregator.api.fields import MOST_IDS, read_add, read_orders, read_refills
from aggregator.api.keys import Keys
from aggregator.api.numbers import read_id
from aggregator.api.ordering import REFILL_TOLD, ask_for, listed
from aggregator.api.views import Spelling
from aggregator.api.wire import Action, Request, read_request, spelling_of
from aggregator.errors import (
    IncorrectRequest,
    OrderNotFound,
    RefillNotFound,
    ResellerError,
    TemporarilyUnavailable,
    TooManyRequests,
)
from aggregator.ledger import book
from aggregator.orders import refill_store, store
from aggregator.orders.cancel import Canceller
from aggregator.orders.place import Placer
from aggregator.orders.refill import request_refill
from aggregator.orders.track import Tracker
from aggregator.resellers.model import Caller
from aggregator.settings import Limits as LimitSettings
from aggregator.storage.engine import is_unreachable

log = structlog.get_logger(__name__)

BODY_SECONDS = 10
"""A body that takes longer is not waited for."""
PATHS = ["/api/v2", "/api/v1"]


class Api:
    """Answers every action in the spelling of its caller."""

    def __init__(
        self, keys: Keys, placer: Placer, tracker: Tracker, canceller: Canceller, bodies: ServiceBodies,
        *, currency: str, limits: LimitSettings, counted: Callable[[str, int], None], ready: Callable[[], bool],
    ) -> None:  # fmt: skip
        self._keys = keys
        self._placer = placer
        self._tracker = tracker
        self._canceller = canceller
        self._bodies = bodies
        self._currency = currency
        self._most_bytes = limits.body_kib * 1024
        self._open_posts = limits.open_subscription_posts
        self._counted = counted
        self._ready = ready

    async def respond(self, http: HttpRequest) -> Response[bytes]:  # type: ignore[type-arg]  # no user, no state
        """Read, answer, refuse: whatever arrives."""
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read_body(http, self._most_bytes)
        except TimeoutError:
            return _respond(Refusal(408, b'{"error":"The request took too long"}', {"Connection": "close"}))
        if body is None:
            return _respond(Refusal(413, b'{"error":"The request is too large"}', {"Connection": "close"}))
        refusal = await self._answer(http, body)
        return _respond(refusal)

    async def _answer(self, http: HttpRequest, body: bytes) -> Refusal:  # type: ignore[type-arg]  # as above
        spelling = self._keys.by_body(spelling_of(http.method, body))
        action: Action | None = None
        try:
            headers = {name.lower(): value for name, value in http.headers.items()}
            request = read_request(http.method, headers, http.scope["query_string"], body)
            action = request.action
            if not self._ready():
                raise TemporarilyUnavailable
            caller = await self._keys.find(request.key)
            spelling = self._keys.spelling(caller, request)
            code, reply = await self._act(caller, request, spelling)
        except ResellerError as error:
            refusal = refuse(error, spelling, of_status=isinstance(error, TemporarilyUnavailable) and _asks(action))
        except Exception as error:  # noqa: BLE001  # the last resort: no client sees a traceback
            refusal = self._failed(error, spelling, action)
        else:
            refusal = Refusal(code, reply)
        self._counted(action.value if action else "none", refusal.code)
        return refusal

    def _failed(self, error: Exception, spelling: Spelling, action: Action | None) -> Refusal:
        if is_unreachable(error):  # so does every other request then: a traceback each would bury the log
            log.warning("api.unable", action=action, error=type(error).__name__)
            return refuse(TemporarilyUnavailable(), spelling, of_status=_asks(action))
        log.error("api.failed", action=action, error=type(error).__name__, exc_info=error)
        return refuse(error, spelling, of_status=_asks(action))

    async def _act(  # noqa: C901, PLR0911  # the table of contents has a line for each action
        self, caller: Caller, request: Request, spelling: Spelling
    ) -> tuple[int, bytes]:
        self._keys.allow(caller, request.action)
        wait = await self._keys.count(caller)
        if wait and request.action is not Action.STATUS:
            raise TooManyRequests(wait)
        match request.action:
            case Action.SERVICES:
                return 200, self._bodies.body(caller.reseller, spelling)
            case Action.ADD:
                order = await self._placer.place(caller, ask_for(read_add(request), open_posts=self._open_posts))
                return 201 if spelling is Spelling.JSON else 200, spell.render_add(order)
            case Action.STATUS:
                return 200, await self._status(caller, request, spelling, throttled=wait)
            case Action.ORDERS:
                return 200, await self._orders(caller, spelling)
            case Action.CANCEL:
                return 200, await self._cancel(caller, request, spelling)
            case Action.REFILL:
                return 200, await self._refill(caller, request, spelling)
            case Action.REFILL_STATUS:
                return 200, await _refill_status(caller, request, spelling)
            case Action.BALANCE:
                return 200, spell.render_balance(await book.balance(caller.reseller.id), self._currency)
            case None:
                raise IncorrectRequest

    async def _status(self, caller: Caller, request: Request, spelling: Spelling, *, throttled: int) -> bytes:
        asked = read_orders(request)
        numbers = {text: read_id(text) for text in asked.ids}
        replies = await self._tracker.replies(caller.reseller.id, [n for n in numbers.values() if n is not None])
        found = {
            text: (reply.json if spelling is Spelling.JSON else reply.classic) if reply is not None else None
            for text, number in numbers.items()
            for reply in [replies.get(number) if number is not None else None]
        }
        # Chained panels give an order up for good when its status is refused once: only strangers are held back.
        if throttled and not any(found.values()):
            raise TooManyRequests(throttled)
        if asked.many:
            return spell.render_statuses(found)
        body = found[asked.ids[0]]
        if body is None:
            raise OrderNotFound
        return body

    async def _orders(self, caller: Caller, spelling: Spelling) -> bytes:
        """The reseller's newest orders, by which a lost answer to an `add` can be made good."""
        newest = await store.newest_of(caller.reseller.id, MOST_IDS)
        replies = await self._tracker.replies(caller.reseller.id, [order.id for order in newest])
        told = {
            order.id: reply.json if spelling is Spelling.JSON else reply.classic
            for order in newest
            if (reply := replies.get(order.id)) is not None
        }
        return spell.render_orders([listed(order) for order in newest], told, spelling)

    async def _refill(self, caller: Caller, request: Request, spelling: Spelling) -> bytes:
        asked = read_orders(request)
        rows: list[tuple[str, int | ResellerError]] = []
        for text in asked.ids:
            try:
                rows.append((text, await request_refill(caller.reseller.id, read_id(text) or 0)))
            except ResellerError as error:
                if not asked.many:
                    raise
                rows.append((text, error))
        outcome = rows[0][1]
        if asked.many or isinstance(outcome, ResellerError):
            return spell.render_refills(rows, spelling)
        return spell.render_refill(outcome, spelling)

    async def _cancel(self, caller: Caller, request: Request, spelling: Spelling) -> bytes:
        rows: list[tuple[str, int | ResellerError]] = []
        for text in read_orders(request).ids:
            try:
                rows.append((text, await self._canceller.cancel(caller.reseller, read_id(text) or 0)))
            except ResellerError as error:
                rows.append((text, error))
        return spell.render_cancels(rows, spelling)


async def _refill_status(caller: Caller, request: Request, spelling: Spelling) -> bytes:
    asked = read_refills(request)
    numbers = {text: read_id(text) or 0 for text in asked.ids}
    rows = await refill_store.of_reseller(caller.reseller.id, numbers.values())
    told = {text: REFILL_TOLD[rows[number].state] if number in rows else None for text, number in numbers.items()}
    if asked.many:
        return spell.render_refill_statuses(list(told.items()), spelling)
    status = told[asked.ids[0]]
    if status is None:
        raise RefillNotFound
    return spell.render_refill_status(status, spelling)


def make_route(api: Api) -> object:
    """The route handler of the API, for every path that clients use."""

    @route(PATHS, http_method=["GET", "POST"], include_in_schema=False)
    async def v2(request: HttpRequest) -> Response[bytes]:  # type: ignore[type-arg]  # no user, no state
        return await api.respond(request)

    return v2


def _asks(action: Action | None) -> bool:
    return action is Action.STATUS


async def _read_body(http: HttpRequest, most: int) -> bytes | None:  # type: ignore[type-arg]  # no user, no state
    """None for a body over the limit, told by its length or found by counting."""
    stated = http.headers.get("content-length", "0")
    if stated.isdigit() and int(stated[:12]) > most:
        return None
    body = bytearray()
    async for chunk in http.stream():
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _respond(refusal: Refusal) -> Response[bytes]:
    headers = {"Cache-Control": "no-store", **refusal.headers}
    return Response(refusal.body, status_code=refusal.code, media_type="application/json", headers=headers)
