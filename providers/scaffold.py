"""The beginning of an adapter for a panel with an API of its own: a file that runs and only guesses what it is told."""

from __future__ import annotations

import re

_NAME = re.compile("[a-z][a-z0-9_]{0,38}")

_FILE = '''"""NAME: say here, in a sentence, what is strange about this panel's API."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import quote

from providers.adapter import Found, Profile, Turn
from providers.batches import Batches
from providers.errors import Code, Refused
from providers.following import Following
from providers.reading.catalogue import find_rows, read_listings
from providers.reading.complaints import Complaint, read_complaint
from providers.reading.echoes import Echoes
from providers.reading.funds import read_funds
from providers.reading.large import read_large
from providers.reading.placement import names_an_order, read_own_placed
from providers.reading.progress import keep_unknown
from providers.reading.reply import Kind, Reply, read_reply
from providers.reading.statuses import read_statuses
from providers.reading.verdict import ADD_REFUSALS, failed_read, failed_write, row_refusal
from providers.requests import add_params
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
from providers.wire.transport import Transport


class CLASS:
    """Implements `Adapter`."""

    def __init__(self, profile: Profile, transport: Transport) -> None:
        self._profile = profile
        self._transport = transport
        self._mask = transport.mask

    @property
    def profile(self) -> Profile:
        return self._profile

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do besides the rest: nothing, until the methods below do it."""
        return frozenset()

    @property
    def found(self) -> Found:
        return Found()

    async def services(self) -> list[Listing]:
        """The whole catalogue; where its fields have other names, give each row the standard ones first."""
        answer = await self._transport.read("services", {}, self._route("GET", "/services"))
        if answer.large is not None:
            return read_listings(read_large(answer.large, self._mask), self._profile.dialect)
        reply = read_reply(answer.status, answer.body, answer.retry_after)
        rows = find_rows(reply.value) if reply.kind is Kind.JSON else None
        if rows:
            return read_listings(rows, self._profile.dialect)
        if rows is not None:
            raise Refused("the catalogue is empty", code=Code.CATALOGUE_EMPTY)
        raise failed_read(reply, self._complaint(reply), self._mask)

    async def balance(self) -> Funds:
        """Our money there."""
        reply = await self._get("balance", "/balance")
        funds = read_funds(reply.value) if reply.kind is Kind.JSON else None
        if funds is not None:
            return funds
        raise failed_read(reply, self._complaint(reply), self._mask)

    def turn(self) -> AbstractAsyncContextManager[Turn]:
        """For one `add`."""
        return self._transport.turn("add")

    async def add(self, submission: Submission, turn: Turn | None = None) -> Placement:
        """Place one order, sent at most once; in any doubt whether it was taken the error is `Unsure`."""
        params = add_params(submission, self._profile.dialect)
        answer = await self._transport.write("add", params, self._route("POST", "/orders"), turn)
        reply, sent = read_reply(answer.status, answer.body, answer.retry_after), Echoes(params)
        own = sent.without(reply)
        placed = read_own_placed(reply, own, self._profile.dialect)
        if placed is not None:
            return Placement(order=placed[0], progress=placed[1], raw=self._mask.raw(reply.text))
        refusals: frozenset[Code] = frozenset() if names_an_order(reply.value) else ADD_REFUSALS
        complaint = sent.doubt(self._complaint(own, submission.quantity))
        raise failed_write(reply, complaint, self._mask, refusals)

    async def statuses(self, orders: Sequence[str]) -> ProgressByOrder:
        """One question an order, a few beside each other."""
        singly = Batches(self._profile.dialect, singly=True)
        return await Following(self._read_status, singly, at_once=self._profile.parallel).ask(orders)

    async def _read_status(self, asked: list[str]) -> dict[str, Progress | Refused]:
        reply = await self._get("status", f"/orders/{quote(asked[0], safe='')}")
        rows = read_statuses(reply.value, asked, self._profile.dialect)
        if rows is None:
            raise failed_read(reply, self._complaint(reply), self._mask)
        return {one: self._answer(row, reply) for one, row in rows.items()}

    def _answer(self, row: Progress | Complaint, reply: Reply) -> Progress | Refused:
        if isinstance(row, Complaint):
            return row_refusal(row, self._mask, reply)
        return keep_unknown(row, reply, self._mask)

    async def cancel(self, orders: Sequence[str]) -> dict[str, CancelRequested | Refused]:
        """With this, add `Capability.CANCEL` above."""
        return {one: Refused("this panel cancels no service", code=Code.CANCEL_DISABLED) for one in orders}

    async def refill(self, order: str) -> Refill:
        """With this and the next, add `Capability.REFILL` above."""
        raise Refused(f"this panel refills nothing, {order} included", code=Code.REFILL_DISABLED)

    async def refill_statuses(self, references: Sequence[str]) -> dict[str, RefillPhase | Refused]:
        return {one: Refused("this panel refills nothing", code=Code.REFILL_NOT_FOUND) for one in references}

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _get(self, action: str, path: str) -> Reply:
        answer = await self._transport.read(action, {}, self._route("GET", path))
        return read_reply(answer.status, answer.body, answer.retry_after)

    def _route(self, method: str, path: str) -> Route:
        """Where its key goes; parameters of a POST are written as the dialect's `body_format` says."""
        return Route(method=method, path=path, headers={"Authorization": f"Bearer {self._profile.key}"})

    def _complaint(self, reply: Reply, quantity: int | None = None) -> Complaint | None:
        """What its errors mean; kinds of its own are told apart here."""
        words = self._profile.dialect.error_words
        return read_complaint(reply.value, words, status=reply.status, quantity=quantity)
'''

_STEPS = """1. In providers/registry.py, register it:

    from providers.NAME import CLASS

    "NAME": Preset(adapter=CLASS, dialect=Dialect(body_format="json")),

2. Record what the panel really answers in tests/providers/exchanges/NAME.json, an exchange for each call, and correct
   the file until they pass:

    pytest tests/providers/test_exchanges.py tests/providers/test_claims.py
"""


class BadName(ValueError):
    """A name that no preset can have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} is no name for a preset: write a to z, 0 to 9 and _, beginning with a letter")


def scaffold(name: str) -> str:
    """The text of the file; raises `BadName`."""
    return _filled(_FILE, name)


def next_steps(name: str) -> str:
    """What to do with it."""
    return _filled(_STEPS, name)


def class_name(name: str) -> str:
    """Of the adapter in the file; raises `BadName`."""
    if not _NAME.fullmatch(name):
        raise BadName(name)
    return "".join(part.capitalize() for part in name.split("_")) + "Panel"


def _filled(text: str, name: str) -> str:
    return text.replace("CLASS", class_name(name)).replace("NAME", name)
