"""The API: one match is its table of contents."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from litestar.handlers import asgi

from aggregator.api import spelling as spell
from aggregator.api.authenticator import JOINED, Authenticator
from aggregator.api.bodies import ServiceBodies
from aggregator.api.faults import refuse
from aggregator.api.fields import MOST_IDS, OrderIds, read_add, read_orders, read_refills
from aggregator.api.http import KEPT_BY_NOBODY, Answer, Bodies, Call, Receive, Scope, Send, read_call, send_answer
from aggregator.api.ordering import REFILL_TOLD, listed
from aggregator.api.sizes import BodySizes
from aggregator.api.views import Spelling
from aggregator.api.wire import Action, Request, find_key, read_request, spelling_of
from aggregator.batching import Batcher
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
from aggregator.orders.aftersales.cancel import Canceller
from aggregator.orders.aftersales.refill import Refiller
from aggregator.orders.intake.place import Placer
from aggregator.orders.track import Tracker
from aggregator.resellers.model import Caller
from aggregator.storage.engine import is_unreachable

log = structlog.get_logger(__name__)

PATHS = ["/api/v2", "/api/v1"]
_ALLOWED = (*KEPT_BY_NOBODY, (b"allow", b"GET, OPTIONS, POST"))
_OPTIONS = Answer(HTTPStatus.NO_CONTENT, b"", _ALLOWED)
_OTHER_METHOD = Answer(HTTPStatus.METHOD_NOT_ALLOWED, b'{"error":"This method is not allowed here"}', _ALLOWED)
_TO_THE_PAGE = Answer(HTTPStatus.SEE_OTHER, b"", (*KEPT_BY_NOBODY, (b"location", b"/api"), (b"vary", b"accept")))


def _is_browser(scope: Scope) -> bool:
    """Whether somebody only looks at the address: scripts ask for something, and none asks for a page."""
    if scope["method"] != "GET" or scope["query_string"]:
        return False
    headers = dict(scope["headers"])
    return b"text/html" in headers.get(b"accept", b"") and headers.get(b"content-length", b"0") == b"0"


class Api:
    """Answers every action in the spelling of its caller."""

    def __init__(
        self,
        keys: Authenticator,
        placer: Placer,
        tracker: Tracker,
        canceller: Canceller,
        refiller: Refiller,
        bodies: ServiceBodies,
        sizes: BodySizes,
        *,
        currency: str,
        counted: Callable[[str, int], None],
        ready: Callable[[], bool],
    ) -> None:
        self._keys = keys
        self._placer = placer
        self._tracker = tracker
        self._canceller = canceller
        self._refiller = refiller
        self._balance: Batcher[int, int] = Batcher(book.balances, max_size=JOINED, concurrency=2)
        self._bodies = bodies
        self._currency = currency
        self._read = Bodies(sizes.limit, sizes.usual)
        self._counted = counted
        self._ready = ready

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, answer, refuse: whatever arrives."""
        if scope["method"] not in ("POST", "GET"):
            await send_answer(send, _OPTIONS if scope["method"] == "OPTIONS" else _OTHER_METHOD)
            return
        if _is_browser(scope):
            await send_answer(send, _TO_THE_PAGE)
            return
        call = await read_call(scope, receive, self._read)
        if call is not None:
            await send_answer(send, call if isinstance(call, Answer) else await self._answer(call))

    async def _answer(self, call: Call) -> Answer:
        spelling: Spelling | None = None
        action: Action | None = None
        try:
            request = read_request(call.method, call.headers, call.query, call.body)
            action, spelling = request.action, self._keys.by_body(request.spelling)
            if not self._ready():
                raise TemporarilyUnavailable
            caller = await self._keys.find(request.key, call.address)
            spelling = self._keys.spelling(caller, request)
            answer = await self._act(caller, request, spelling, call)
        except ResellerError as error:
            answer = refuse(
                error,
                spelling or await self._spelling_of_unread(call),
                of_status=isinstance(error, TemporarilyUnavailable) and _asks(action),
            )
        except Exception as error:  # noqa: BLE001  # the last resort: no client sees a traceback
            answer = self._failed(error, spelling or self._spelling_by_body(call), action)
        self._counted(action.value if action else "none", answer.code)
        return answer

    def _spelling_by_body(self, call: Call) -> Spelling:
        content_type = call.headers.get("content-type", "")
        return self._keys.by_body(spelling_of(call.method, call.body, content_type, call.query))

    async def _spelling_of_unread(self, call: Call) -> Spelling:
        """Of the answer to a request that cannot be read: a key that is pinned to one spelling gets no other."""
        usual = self._spelling_by_body(call)
        try:
            caller = await self._keys.find(find_key(call.method, call.headers, call.query, call.body))
        except Exception:  # noqa: BLE001  # no such key, or no database: then the usual spelling
            return usual
        return self._keys.pinned(caller) or usual

    def _failed(self, error: Exception, spelling: Spelling, action: Action | None) -> Answer:
        if is_unreachable(error):  # so does every other request then: a traceback each would bury the log
            log.warning("api.unable", action=action, error=type(error).__name__)
            return refuse(TemporarilyUnavailable(), spelling, of_status=_asks(action))
        log.error("api.failed", action=action, error=type(error).__name__, exc_info=error)
        return refuse(error, spelling, of_status=_asks(action))

    async def _act(  # noqa: C901, PLR0911  # the table of contents has a line for each action
        self, caller: Caller, request: Request, spelling: Spelling, call: Call
    ) -> Answer:
        self._keys.allow(caller, request.action)
        wait = await self._keys.count(caller)
        if wait and request.action is not Action.STATUS:
            raise TooManyRequests(wait)
        match request.action:
            case Action.SERVICES:
                return (await self._bodies.list_for(caller.reseller, spelling)).for_client(call.headers)
            case Action.ADD:
                order = await self._placer.place(caller, read_add(request))
                return Answer(201 if spelling is Spelling.JSON else 200, spell.render_add(order))
            case Action.STATUS:
                return Answer(200, await self._status(caller, request, spelling, throttled=wait))
            case Action.ORDERS:
                return Answer(200, await self._orders(caller, spelling))
            case Action.CANCEL:
                return Answer(200, await self._cancel(caller, request, spelling))
            case Action.REFILL:
                return Answer(200, await self._refill(caller, request, spelling))
            case Action.REFILL_STATUS:
                return Answer(200, await _refill_status(caller, request, spelling))
            case Action.BALANCE:
                return Answer(200, spell.render_balance(await self._balance(caller.reseller.id), self._currency))
            case None:
                raise IncorrectRequest

    async def _status(self, caller: Caller, request: Request, spelling: Spelling, *, throttled: int) -> bytes:
        asked = read_orders(request)
        told = await self._tracker.replies(caller.reseller.id, list(asked.names.values()), spelling)
        # Chained panels give an order up for good when its status is refused once: only strangers are held back.
        if throttled and not any(told):
            raise TooManyRequests(throttled)
        if asked.many:
            return spell.render_statuses(asked.names, told)
        if told[0] is None:
            raise OrderNotFound
        return told[0]

    async def _orders(self, caller: Caller, spelling: Spelling) -> bytes:
        """The reseller's newest orders, by which a lost answer to an `add` can be made good."""
        newest = await store.newest_of(caller.reseller.id, MOST_IDS)
        told = await self._tracker.replies(caller.reseller.id, [str(order.id) for order in newest], spelling)
        return spell.render_orders([listed(order) for order in newest], told, spelling)

    async def _refill(self, caller: Caller, request: Request, spelling: Spelling) -> bytes:
        asked = read_orders(request)

        async def ask(order: int) -> int:
            return await self._refiller.request(caller.reseller.id, order)

        if not asked.many:
            return spell.render_refill(await ask(asked.one), spelling)
        return spell.render_refills(await _each(asked, ask), spelling)

    async def _cancel(self, caller: Caller, request: Request, spelling: Spelling) -> bytes:
        asked = read_orders(request)

        async def call_off(order: int) -> int:
            await self._canceller.cancel(caller.reseller, order)
            return spell.CANCELLED

        if not asked.many:
            await call_off(asked.one)
            return spell.render_cancel(*asked.names)
        return spell.render_cancels(await _each(asked, call_off), spelling)


async def _each(asked: OrderIds, deed: Callable[[int], Awaitable[int]]) -> list[tuple[str, int | ResellerError]]:
    """What came of every id as it was asked; an order that is written in two ways is seen to once."""
    outcomes: dict[str, int | ResellerError] = {}
    for name in dict.fromkeys(asked.names.values()):
        try:
            outcomes[name] = await deed(int(name))
        except ResellerError as error:
            outcomes[name] = error
    return [(text, outcomes[name]) for text, name in asked.names.items()]


async def _refill_status(caller: Caller, request: Request, spelling: Spelling) -> bytes:
    asked = read_refills(request)
    numbers = {text: int(name) for text, name in asked.names.items()}
    rows = await refill_store.of_reseller(caller.reseller.id, numbers.values())
    told = {text: REFILL_TOLD[rows[number].state] if number in rows else None for text, number in numbers.items()}
    if asked.many:
        return spell.render_refill_statuses(list(told.items()), spelling)
    [status] = told.values()
    if status is None:
        raise RefillNotFound
    return spell.render_refill_status(status, spelling)


def make_route(api: Api) -> object:
    """The route handler of the API, for every path that clients use."""

    @asgi(PATHS, copy_scope=False)
    async def v2(scope: Scope, receive: Receive, send: Send) -> None:
        await api.serve(scope, receive, send)

    return v2


def _asks(action: Action | None) -> bool:
    return action is Action.STATUS
