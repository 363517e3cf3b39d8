"""A panel with paths and verbs in place of actions: `GET /orders/ID`, the key in a header, replies in `data`.

The example of an adapter that needs a file of its own (ADDING.md, the third way). What such a panel says:

    GET  /services            {"success": true, "data": [{"id": 7, "title": "...", "price": "1.20", ...}]}
    GET  /balance             {"success": true, "data": {"balance": "5.10", "currency": "RUB"}}
    POST /orders              {"success": true, "data": {"id": "a1b2"}}
    GET  /orders/a1b2         {"success": true, "data": {"status": "running", "left": 40, "price": "0.90"}}
    POST /orders/a1b2/cancel  {"success": true}
    POST /orders/a1b2/refill  {"success": true, "data": {"id": 3}}
    GET  /refills/3           {"success": true, "data": {"status": "done"}}
    anything                  {"success": false, "fault": {"kind": "no_money", "text": "Top up first"}}
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import quote

from providers.adapter import Found, Profile, Turn
from providers.batches import Batches
from providers.errors import Code, ProviderError, Refused, Unreachable
from providers.following import Following
from providers.reading.catalogue import read_listings
from providers.reading.complaints import Complaint, read_complaint
from providers.reading.echoes import Echoes
from providers.reading.json_text import Json
from providers.reading.large import read_large
from providers.reading.numbers import read_currency, read_decimal, read_identifier
from providers.reading.placement import names_an_order, read_own_placed
from providers.reading.progress import keep_unknown, read_progress
from providers.reading.reply import Reply, read_reply
from providers.reading.shapes import Object, is_nothing
from providers.reading.verdict import ADD_REFUSALS, NOT_TAKEN, REQUEST_REFUSALS, failed_read, failed_write
from providers.reading.words import read_refill_phase
from providers.requests import Params, add_params
from providers.vocabulary import (
    CancelRequested,
    Capability,
    Funds,
    Listing,
    Placement,
    Progress,
    ProgressByOrder,
    Refill,
    RefillPhase,
    Submission,
)
from providers.wire.encoding import Route
from providers.wire.transport import Answer, Transport

_KINDS = {
    "bad_key": Code.KEY_INVALID,
    "no_money": Code.FUNDS,
    "no_service": Code.SERVICE_GONE,
    "bad_link": Code.LINK_INVALID,
    "too_few": Code.QTY_MIN,
    "too_many": Code.QTY_MAX,
    "no_order": Code.ORDER_NOT_FOUND,
    "slow_down": Code.RATE_LIMIT,
    "no_cancel": Code.CANCEL_DISABLED,
    "no_refill": Code.REFILL_DISABLED,
    "broken": Code.INTERNAL,
}
"""What its own kinds of fault mean; a kind that is not here is told by its text, like anybody's."""
_ROW = {"service": "id", "name": "title", "rate": "price", "category": "group"}
"""The standard name of a field of its catalogue, and its own."""
_ORDER = {"remains": "left", "charge": "price", "start_count": "began_at"}


class PathStylePanel:
    """Implements `Adapter`."""

    def __init__(self, profile: Profile, transport: Transport) -> None:
        self._profile = profile
        self._dialect = profile.dialect
        self._transport = transport
        self._mask = transport.mask
        self._singly = Batches(profile.dialect, singly=True)

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset({Capability.REFILL, Capability.CANCEL})

    @property
    def found(self) -> Found:
        return Found()

    async def services(self) -> list[Listing]:
        """The whole catalogue."""
        answer = await self._transport.read("services", {}, self._route("GET", "/services"))
        return await asyncio.to_thread(self._read_catalogue, answer)

    def _read_catalogue(self, answer: Answer) -> list[Listing]:
        if answer.large is not None:
            found = read_large(answer.large, self._mask)
            return read_listings(((key, _renamed(row, _ROW)) for key, row in found), self._dialect)
        reply = _read(answer)
        data = _data(reply)
        if data == []:
            raise Refused("the catalogue is empty", code=Code.CATALOGUE_EMPTY, raw=self._mask.raw(reply.text))
        if not isinstance(data, list):
            raise failed_read(reply, self._complaint(reply), self._mask)
        rows: list[tuple[str | None, Object]] = [(None, _renamed(row, _ROW)) for row in data if isinstance(row, dict)]
        return read_listings(rows, self._dialect)

    async def balance(self) -> Funds:
        """Our money there."""
        reply = await self._get("balance", "/balance")
        data = _data(reply)
        amount = read_decimal(data.get("balance")) if isinstance(data, dict) else None
        if amount is None or not isinstance(data, dict):
            raise failed_read(reply, self._complaint(reply), self._mask)
        return Funds(amount, read_currency(data.get("currency")))

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """For one `add`."""
        return self._transport.turn("add")

    async def add(self, submission: Submission, turn: Turn | None = None) -> Placement:
        """Place one order, sent at most once (PROTOCOL.md, "Verdict on an add")."""
        params = add_params(submission, self._dialect)
        return self._read_added(await self._post("add", "/orders", params, turn), params, submission.asked_for)

    def judge_add(self, submission: Submission, text: str, status: int) -> Placement:
        """What `add` makes of a reply that was kept whole."""
        reply = read_reply(status, text.encode())
        return self._read_added(reply, add_params(submission, self._dialect), submission.asked_for)

    def _read_added(self, reply: Reply, params: Params, quantity: int) -> Placement:
        sent = Echoes(params)
        own = sent.without(reply)
        placed = read_own_placed(reply, own, self._dialect)
        if placed is None or _fault(reply) is not None:
            doubtful = _names_an_order(reply) if reply.status in NOT_TAKEN else _holds_something(reply)
            complaint = sent.doubt(self._complaint(own, quantity))
            error = failed_write(reply, complaint, self._mask, frozenset() if doubtful else ADD_REFUSALS)
            error.status = reply.status
            raise error
        return Placement(order=placed[0], raw=self._mask.raw(reply.text))

    async def statuses(self, orders: Sequence[str]) -> ProgressByOrder:
        """One call an order, a few beside each other."""
        return await Following(self._read_status, self._singly, at_once=self._profile.parallel).ask(orders)

    async def _read_status(self, asked: list[str]) -> dict[str, Progress | Refused]:
        reply = await self._get("status", f"/orders/{_quoted(asked[0])}")
        data = _data(reply)
        if not isinstance(data, dict):
            raise failed_read(reply, self._complaint(reply), self._mask)
        return {asked[0]: keep_unknown(read_progress(_renamed(data, _ORDER), self._dialect), reply, self._mask)}

    async def cancel(self, orders: Sequence[str]) -> dict[str, CancelRequested | Refused]:
        """One call an order; the ids that nothing was said of are missing: nobody knows."""
        answers: dict[str, CancelRequested | Refused] = {}
        trouble: ProviderError | None = None
        for order in dict.fromkeys(orders):
            try:
                await self._request("cancel", f"/orders/{_quoted(order)}/cancel")
                answers[order] = CancelRequested()
            except Refused as refused:
                answers[order] = refused
            except ProviderError as error:
                trouble = trouble or error
                if isinstance(error, Unreachable):
                    break
        if trouble is not None and not answers:
            raise trouble
        return answers

    async def refill(self, order: str) -> Refill:
        """Ask for one refill."""
        reply = await self._request("refill", f"/orders/{_quoted(order)}/refill")
        data = _data(reply)
        return Refill(read_identifier(data.get("id")) if isinstance(data, dict) else None)

    async def refill_statuses(self, references: Sequence[str]) -> dict[str, RefillPhase | Refused]:
        """One call a refill."""
        return await Following(self._read_refill, self._singly, at_once=self._profile.parallel).ask(references)

    async def _read_refill(self, asked: list[str]) -> dict[str, RefillPhase | Refused]:
        reply = await self._get("refill_status", f"/refills/{_quoted(asked[0])}")
        data = _data(reply)
        status = data.get("status") if isinstance(data, dict) else None
        if not isinstance(status, str):
            raise failed_read(reply, self._complaint(reply), self._mask)
        return {asked[0]: read_refill_phase(status)}

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _request(self, action: str, path: str) -> Reply:
        """A POST without fields that must be granted."""
        reply = await self._post(action, path, {})
        if not _granted(reply):
            raise failed_write(reply, self._complaint(reply), self._mask, REQUEST_REFUSALS)
        return reply

    async def _get(self, action: str, path: str) -> Reply:
        return _read(await self._transport.read(action, {}, self._route("GET", path)))

    async def _post(self, action: str, path: str, params: Params, turn: Turn | None = None) -> Reply:
        return _read(await self._transport.write(action, params, self._route("POST", path), turn))

    def _route(self, method: str, path: str) -> Route:
        return Route(method=method, path=path, headers={"X-Api-Key": self._profile.key})

    def _complaint(self, reply: Reply, quantity: int | None = None) -> Complaint | None:
        """Its own kind of fault where it is known, else whatever its text means to anybody."""
        fault = _fault(reply) or {}
        kind, text = fault.get("kind"), fault.get("text")
        told: Json = {"error": text or kind} if fault else reply.value
        complaint = read_complaint(told, self._dialect.error_words, status=reply.status, quantity=quantity)
        code = _KINDS.get(kind) if isinstance(kind, str) else None
        if complaint is None or code is None:
            return complaint
        return Complaint(code=code, text=complaint.text, minimum=complaint.minimum, maximum=complaint.maximum)


def _read(answer: Answer) -> Reply:
    return read_reply(answer.status, answer.body, answer.retry_after)


def _granted(reply: Reply) -> bool:
    return isinstance(reply.value, dict) and reply.value.get("success") is True


def _data(reply: Reply) -> Json:
    """What the reply holds; None unless it says that the call went well."""
    return reply.value.get("data") if isinstance(reply.value, dict) and _granted(reply) else None


def _fault(reply: Reply) -> Object | None:
    fault = reply.value.get("fault") if isinstance(reply.value, dict) else None
    return fault if isinstance(fault, dict) else None


def _holds_something(reply: Reply) -> bool:
    """Beside anything in `data` a fault is no clear no."""
    return isinstance(reply.value, dict) and not is_nothing(reply.value.get("data"))


def _names_an_order(reply: Reply) -> bool:
    """Whether the body plainly does, under its own name for an id or anybody's."""
    data = reply.value.get("data") if isinstance(reply.value, dict) else None
    own = isinstance(data, dict) and not is_nothing(data.get("id"))
    return own or names_an_order(data) or names_an_order(reply.value)


def _renamed(row: Object, names: dict[str, str]) -> Object:
    """The row with its fields under the standard names as well."""
    return row | {standard: row[own] for standard, own in names.items() if own in row}


def _quoted(one: str) -> str:
    return quote(one, safe="")
