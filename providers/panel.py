"""The standard panel: every action of the protocol, driven by a dialect."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from providers.adapter import Found, Profile, Turn
from providers.batches import Batches
from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable
from providers.following import Following
from providers.reading.catalogue import MOST_ROWS, find_rows, read_listings, says_empty
from providers.reading.complaints import Complaint, read_complaint
from providers.reading.echoes import Echoes
from providers.reading.funds import read_funds
from providers.reading.large import read_large
from providers.reading.order_list import read_order_list
from providers.reading.placement import names_an_order, read_own_placed
from providers.reading.progress import keep_unknown
from providers.reading.reply import Kind, Reply, read_reply
from providers.reading.requested import read_cancels, read_refill, read_refill_statuses
from providers.reading.statuses import read_statuses
from providers.reading.verdict import ABOUT_US, ADD_REFUSALS, REQUEST_REFUSALS, failed_read, failed_write, row_refusal
from providers.requests import Params, add_params
from providers.vocabulary import (
    CancelRequested,
    Capability,
    Funds,
    ListedOrder,
    Listing,
    Placement,
    ProgressByOrder,
    Refill,
    RefillPhase,
    Submission,
)
from providers.wire.transport import Answer, Transport

log = logging.getLogger(__name__)
T = TypeVar("T")
_FAILED = 400
_UNABLE = frozenset({Code.ORDER_NOT_FOUND, Code.REFILL_NOT_FOUND, Code.PARAMS, Code.UNKNOWN})
"""How a panel that knows no batches answers one as a whole."""
_OF_AN_ORDER = frozenset({Code.ORDER_NOT_FOUND, Code.CANCEL_DISABLED})
"""What is said of the one order that was asked to be called off, and of no other."""
_MOST_PAGES = 1_000


class Panel:
    """Implements `Adapter` for every panel that speaks the protocol, however it spells it."""

    def __init__(self, profile: Profile, transport: Transport) -> None:
        self._profile = profile
        self._dialect = profile.dialect
        self._transport = transport
        self._mask = transport.mask
        self._orders = Batches(profile.dialect)
        self._refills = Batches(profile.dialect)

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def capabilities(self) -> frozenset[Capability]:
        able = {
            Capability.MULTI_STATUS: self._orders.usable,
            Capability.REFILL: self._dialect.refill != "off",
            Capability.CANCEL: self._dialect.cancel != "off",
            Capability.ORDER_LIST: bool(self._dialect.order_list),
        }
        return frozenset(capability for capability, possible in able.items() if possible)

    @property
    def found(self) -> Found:
        return self._orders.found

    async def services(self) -> list[Listing]:
        """The whole catalogue; CATALOGUE_EMPTY when the panel says that it has none."""
        if not self._dialect.page_param:
            return await self._read_page({})
        listings: dict[str, Listing] = {}
        for _ in range(_MOST_PAGES):
            page = {row.service: row for row in await self._next_page(len(listings))}
            if page.keys() <= listings.keys():
                return list(listings.values())
            listings |= page
            if len(listings) > MOST_ROWS:
                break
        raise Garbled("its catalogue has no end", code=Code.UNKNOWN)

    async def _next_page(self, offset: int) -> list[Listing]:
        """What comes after so many rows; a panel that knows no portions sends the same again."""
        params = {self._dialect.page_param: str(offset), "limit": str(self._dialect.page_size)}
        try:
            return await self._read_page(params)
        except Refused as error:
            if offset and error.code is Code.CATALOGUE_EMPTY:
                return []
            raise

    async def _read_page(self, params: Params) -> list[Listing]:
        answer = await self._transport.read("services", params)
        # Thousands of rows take half a second, in which other orders would wait.
        return await asyncio.to_thread(self._read_catalogue, answer)

    def _read_catalogue(self, answer: Answer) -> list[Listing]:
        if answer.large is not None:
            return read_listings(read_large(answer.large, self._mask), self._dialect)
        reply = self._read("services", answer)
        rows = find_rows(reply.value) if reply.kind is Kind.JSON else None
        if rows:
            return read_listings(rows, self._dialect)
        complaint = self._complaint(reply)
        complains = complaint is not None and (complaint.loud or complaint.code is not Code.UNKNOWN)
        if not complains and reply.kind is Kind.JSON and says_empty(reply.value):
            raise Refused("the catalogue is empty", code=Code.CATALOGUE_EMPTY, raw=self._mask.raw(reply.text))
        raise failed_read(reply, complaint, self._mask)

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """For one `add`."""
        return self._transport.turn("add")

    async def add(self, submission: Submission, turn: Turn | None = None) -> Placement:
        """Place one order, sent at most once (PROTOCOL.md, "Verdict on an add")."""
        params = add_params(submission, self._dialect)
        return self._read_added(await self._send("add", params, turn), params, submission.asked_for)

    def judge_add(self, submission: Submission, text: str, status: int) -> Placement:
        """What `add` makes of a reply that was kept whole."""
        reply = read_reply(status, text.encode())
        return self._read_added(reply, add_params(submission, self._dialect), submission.asked_for)

    def _read_added(self, reply: Reply, params: Params, quantity: int) -> Placement:
        sent = Echoes(params)
        own = sent.without(reply)
        complaint = sent.doubt(self._complaint(own, quantity))
        placed = read_own_placed(reply, own, self._dialect)
        contradicted = complaint is not None and complaint.code in ADD_REFUSALS
        if placed is not None and not contradicted:
            return Placement(order=placed[0], progress=placed[1], raw=self._mask.raw(reply.text))
        refusals: frozenset[Code] = frozenset() if names_an_order(reply.value) else ADD_REFUSALS
        error = failed_write(reply, complaint, self._mask, refusals)
        error.status = reply.status
        raise error

    async def statuses(self, orders: Sequence[str]) -> ProgressByOrder:
        """Ask for many orders; an error of one id is believed only when that id alone gets it too."""
        return await Following(self._read_statuses, self._orders, at_once=self._profile.parallel).ask(orders)

    async def balance(self) -> Funds:
        """Our money there; the currency only if the reply names it."""
        reply = await self._ask("balance", {})
        funds = read_funds(reply.value) if reply.kind is Kind.JSON else None
        if funds is not None:
            return funds
        raise failed_read(reply, self._complaint(reply), self._mask)

    async def recent_orders(self) -> list[ListedOrder]:
        """Our newest orders; a list with a row that cannot be read is none (PROTOCOL.md, "Evidence")."""
        reply = await self._ask(self._dialect.order_list, {})
        rows = (
            read_order_list(reply.value, self._dialect) if reply.kind is Kind.JSON and reply.status < _FAILED else None
        )
        if rows is None:
            raise failed_read(reply, self._complaint(reply), self._mask)
        return rows

    async def cancel(self, orders: Sequence[str]) -> dict[str, CancelRequested | Refused]:
        """Ask to call orders off, in portions; the ids of one that failed are missing: nobody knows.

        Raises only where no portion was answered. Who was not reached, or wants fewer calls, is asked nothing more.
        """
        if self._dialect.cancel == "off":
            return {one: Refused("this panel cancels no service", code=Code.CANCEL_DISABLED) for one in orders}
        asked = list(dict.fromkeys(orders))
        size = self._dialect.batch_size if self._dialect.cancel_param == "orders" else 1
        answers: dict[str, CancelRequested | Refused] = {}
        trouble: ProviderError | None = None
        for start in range(0, len(asked), size):
            portion = asked[start : start + size]
            try:
                answers |= await self._cancel(portion)
            except ProviderError as error:
                general = isinstance(error, Unreachable) or error.code in ABOUT_US
                if isinstance(error, Refused) and not general and len(portion) == 1:
                    answers[portion[0]] = error
                    continue
                trouble = trouble or error
                if general:
                    break
        if trouble is not None and not answers:
            raise trouble
        return answers

    async def refill(self, order: str) -> Refill:
        """Ask for one refill."""
        if self._dialect.refill == "off":
            raise Refused("this panel refills no service", code=Code.REFILL_DISABLED)
        reply = await self._send("refill", {"order": order})
        taken = read_refill(reply.value, order) if reply.kind is Kind.JSON else None
        if taken is not None:
            return taken
        raise failed_write(reply, self._complaint(reply), self._mask, REQUEST_REFUSALS)

    async def refill_statuses(self, references: Sequence[str]) -> dict[str, RefillPhase | Refused]:
        """Ask where refills stand, several at once where the panel understands it."""
        return await Following(self._read_refills, self._refills, at_once=self._profile.parallel).ask(references)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _cancel(self, portion: list[str]) -> dict[str, CancelRequested | Refused]:
        reply = await self._send("cancel", {self._dialect.cancel_param: ",".join(portion)})
        known = reply.kind is Kind.JSON and reply.status < _FAILED
        rows = read_cancels(reply.value, portion, self._dialect.error_words) if known else None
        if rows is not None:
            return self._answers(rows, reply)
        error = failed_write(reply, self._complaint(reply), self._mask, REQUEST_REFUSALS)
        if len(portion) == 1 and isinstance(error, Refused) and error.code in _OF_AN_ORDER:
            return {portion[0]: error}
        raise error

    async def _read_statuses(self, asked: list[str]) -> ProgressByOrder | None:
        name = "order" if len(asked) == 1 else self._dialect.multi_param
        reply = await self._ask("status", {name: ",".join(asked)})
        rows = read_statuses(reply.value, asked, self._dialect)
        if rows is None:
            self._raise_unless_unable(reply, asked)
            return None
        return self._answers({one: keep_unknown(row, reply, self._mask) for one, row in rows.items()}, reply)

    async def _read_refills(self, asked: list[str]) -> dict[str, RefillPhase | Refused] | None:
        name = "refill" if len(asked) == 1 else "refills"
        reply = await self._ask("refill_status", {name: ",".join(asked)})
        rows = read_refill_statuses(reply.value, asked, self._dialect.error_words)
        if rows is None:
            self._raise_unless_unable(reply, asked)
            return None
        return self._answers(rows, reply)

    def _answers(self, rows: dict[str, T | Complaint], reply: Reply) -> dict[str, T | Refused]:
        return {
            one: row_refusal(row, self._mask, reply) if isinstance(row, Complaint) else row for one, row in rows.items()
        }

    def _raise_unless_unable(self, reply: Reply, asked: list[str]) -> None:
        """A panel may only be unable to answer for several ids at once; everything else is an error."""
        complaint = self._complaint(reply)
        answered = reply.kind in (Kind.EMPTY, Kind.JSON, Kind.TEXT)
        if len(asked) > 1 and answered and (complaint is None or complaint.code in _UNABLE):
            return
        raise failed_read(reply, complaint, self._mask)

    def _complaint(self, reply: Reply, quantity: int | None = None) -> Complaint | None:
        return read_complaint(reply.value, self._dialect.error_words, status=reply.status, quantity=quantity)

    async def _ask(self, action: str, params: Params) -> Reply:
        return self._read(action, await self._transport.read(action, params))

    async def _send(self, action: str, params: Params, turn: Turn | None = None) -> Reply:
        return self._read(action, await self._transport.write(action, params, turn=turn))

    def _read(self, action: str, answer: Answer) -> Reply:
        reply = read_reply(answer.status, answer.body, answer.retry_after)
        if reply.dirty:
            log.warning("%s %s: JSON had to be cut out of warnings", self._profile.name, action)
        return reply
