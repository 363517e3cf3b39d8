"""Many orders at once, one a line: every fault and the total are told before anything is charged."""

from __future__ import annotations

import asyncio

from litestar import Controller, get, post
from msgspec import Struct
from msgspec.structs import replace

from aggregator.api.wire import Action
from aggregator.errors import IncorrectRequest, ResellerError
from aggregator.ledger import book
from aggregator.orders.intake.links import is_address
from aggregator.orders.intake.types import Ask
from aggregator.orders.model import NewOrder
from aggregator.resellers.accounts import Refusal
from aggregator.resellers.model import Caller
from aggregator.web.account.buying import TheCaller, acting, ask_of
from aggregator.web.dependencies import Form, HttpRequest, Parts
from aggregator.web.responses import Page, page, page_apart
from aggregator.web.texts import told

MOST_LINES = 500
LONGEST = 300_000


class Line(Struct, frozen=True, kw_only=True):
    """What became of one line: an order that would be taken, or a fault."""

    number: int
    text: str
    order: NewOrder | None
    fault: str
    placed: int | None = None
    """The id of the order, once it is taken."""

    @property
    def doubtful(self) -> bool:
        """Whether its link can be no address; it is taken all the same."""
        return self.order is not None and not is_address(self.order.link)


class MassController(Controller):
    path = "/orders/mass"

    @get()
    async def blank(self) -> Page:
        return page("account/mass.html", text="", most=MOST_LINES, fault="")

    @post()
    async def check(self, request: HttpRequest, parts: Parts, form: Form, caller: TheCaller) -> Page:
        text = form.prose("orders", most=LONGEST)
        written = _written(text)
        if not 0 < len(written) <= MOST_LINES:
            fault = f"Please write 1 to {MOST_LINES} lines."
            return page("account/mass.html", status=400, text=text, most=MOST_LINES, fault=fault)
        lines = await _judge(parts, caller, written)
        return await page_apart(
            request,
            "account/mass_check.html",
            lines=lines,
            text=text,
            total=_total(lines),
            good=sum(line.order is not None for line in lines),
            balance=await book.balance(caller.reseller.id),
        )

    @post("/place")
    async def place(self, request: HttpRequest, parts: Parts, form: Form, caller: TheCaller) -> Page:
        """The form counts once, and every line has a request id of its own besides."""
        await acting(parts, caller, Action.ADD)
        lines = await _judge(parts, caller, _written(form.prose("orders", most=LONGEST))[:MOST_LINES])
        if form.get("which") != "valid" and any(line.fault for line in lines):
            raise Refusal("Some lines can no longer be ordered, so nothing was. Please check them again.")
        async with form.once():
            if _total(lines) > await book.balance(caller.reseller.id):
                raise Refusal("Your balance does not cover these orders, so nothing was ordered.")
            done = await _place(parts, form, caller, lines)
        placed = sum(line.placed is not None for line in done)
        return await page_apart(request, "account/mass_done.html", lines=done, placed=placed)


def _written(text: str) -> list[tuple[int, str]]:
    """The lines that say something, by their numbers."""
    return [(number, line.strip()) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


async def _judge(parts: Parts, caller: Caller, written: list[tuple[int, str]]) -> list[Line]:
    return await asyncio.to_thread(lambda: [_judge_one(parts, caller, number, text) for number, text in written])


def _judge_one(parts: Parts, caller: Caller, number: int, text: str) -> Line:
    try:
        order = parts.placer.quote(caller, ask_of(fields_of(text)))
    except ResellerError as error:
        return Line(number=number, text=text, order=None, fault=told(error))
    return Line(number=number, text=text, order=order, fault="")


def fields_of(line: str) -> list[tuple[str, str]]:
    """`service | link | quantity`; the quantity may be left out where none is taken."""
    parts = [part.strip() for part in line.split("|")]
    # A link may hold the sign itself: what stands first and last is never a link.
    match parts:
        case [service, link]:
            return [("service", service), ("link", link)]
        case [service, *link, quantity] if link:
            return [("service", service), ("link", "|".join(link)), ("quantity", quantity)]
    raise IncorrectRequest("line", "must be: service | link | quantity")


async def _place(parts: Parts, form: Form, caller: Caller, lines: list[Line]) -> list[Line]:
    good = [line for line in lines if line.order is not None]
    once = form.once_token

    def ask() -> list[Ask]:
        return [ask_of(fields_of(line.text), request_id=f"web:{once}:{line.number}") for line in good]

    asks = await asyncio.to_thread(ask)
    verdicts = await parts.placer.place_all(caller, asks)
    placed = {line.number: _placed(line, verdict) for line, verdict in zip(good, verdicts, strict=True)}
    return [placed.get(line.number, line) for line in lines]


def _placed(line: Line, verdict: int | ResellerError) -> Line:
    if isinstance(verdict, ResellerError):
        return replace(line, fault=told(verdict))
    return replace(line, placed=verdict)


def _total(lines: list[Line]) -> int:
    """Of the lines that can be ordered, in whole 1e-8."""
    return sum(line.order.charge for line in lines if line.order is not None)
