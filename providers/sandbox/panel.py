"""The sandbox's `/api/v2`: one match is its table of contents."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct, field

from providers.sandbox import refusals
from providers.sandbox.amounts import EXACT, read_count
from providers.sandbox.billing import read_runs, read_units
from providers.sandbox.book import Book, Order
from providers.sandbox.catalogue import Shelf
from providers.sandbox.foreign import Like, foreign_rows, write_date
from providers.sandbox.life import Conduct, Instruction, Reading, read_link
from providers.sandbox.refusals import Refusal
from providers.sandbox.reply import Reply, Silence, in_json, page
from providers.sandbox.request import Params, Values
from providers.sandbox.spelling import Spelling
from providers.sandbox.tricks import HONEST, Tricks, read_tricks
from providers.vocabulary import Phase

BATCH = 100
"""The most ids one call may name."""


class Receipt(Struct, kw_only=True):
    """One `add` as it arrived, and what became of it."""

    service: str
    link: str
    quantity: str
    fields: Values
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    order: Order | None = None
    error: str | None = None


class Habits(Struct, frozen=True):
    """What one panel offers and another does not."""

    lists_orders: bool = False
    """Whether `orders` without ids lists the newest orders."""
    honours: str = ""
    """The parameter whose repetition is answered with the first order; empty = none."""
    balance_decimals: int | None = None
    """To how many decimals the balance is cut down; None = it is shown whole."""


class Panel:
    """Answers the protocol's calls from a shelf and a book."""

    def __init__(
        self,
        *,
        key: str,
        currency: str,
        spelling: Spelling,
        shelf: Shelf,
        book: Book,
        habits: Habits,
        tricks: Tricks = HONEST,
    ) -> None:
        self.key = key
        self.currency = currency
        self.spelling = spelling
        self.shelf = shelf
        self.book = book
        self.mode = "up"
        self.tricks = tricks
        """Of every order that is taken from now on, unless its link says otherwise."""
        self.receipts: list[Receipt] = []
        self._habits = habits
        self._first: dict[str, Receipt] = {}

    def answer(self, read: Callable[[], Params]) -> Reply | Silence:
        """Answer one call in the present mode; a refusal, also of unreadable parameters, is a reply like any other."""
        params = None
        try:
            with suppress(Refusal):
                params = read()
            return self._by_mode(params) or self._act(read() if params is None else params)
        except Refusal as refusal:
            code, body = self.spelling.refusal(refusal)
            echo = self._echo(params)
            return in_json({**body, "error": f"{body['error']}{echo}"} if echo and "error" in body else body, code)

    def _by_mode(self, params: Params | None) -> Reply | Silence | None:
        match self.mode.partition(":"):
            case ("down", _, _):
                return page(f"503 Service Unavailable{self._echo(params)}", 503)
            case ("html", _, _):
                return page(f"We will be back soon{self._echo(params)}", 200)
            case ("hang", _, _):
                return Silence.HOLD
            case ("refuse", _, text):
                raise Refusal(text)
        return None

    def _echo(self, params: Params | None) -> str:
        """What was sent, where that is repeated."""
        if params is None or not read_tricks(params.text("link"), self.tricks).echoes:
            return ""
        return f" ({urlencode(params.values, doseq=True)})"

    def _act(self, params: Params) -> Reply | Silence:
        if params.text("key") != self.key:
            raise refusals.bad_key()
        content: Any
        match params.text("action").lower().replace("_", "").replace("-", "").replace(" ", ""):
            case "add":
                return self._add(params)
            case "services":
                content = self.shelf.rows
            case "status":
                content = self._status(params)
            case "orders" if "orders" in params.values or self._habits.lists_orders:
                content = self._status(params) if "orders" in params.values else self._newest()
            case "balance":
                content = self._balance()
            case "cancel":
                return self._cancel(params)
            case "refill":
                content = self._refill(params)
            case "refillstatus":
                content = self._refill_status(params)
            case _:
                raise refusals.bad_request()
        return in_json(content)

    def _add(self, params: Params) -> Reply | Silence:
        told = read_link(params.text("link") or params.text("username"))
        receipt = Receipt(
            service=params.text("service"),
            link=params.text("link"),
            quantity=params.text("quantity"),
            fields=params.others("key", "action", "service", "link", "quantity"),
        )
        self.receipts.append(receipt)
        try:
            return self._repeated(params, told, receipt) or self._take(params, told, receipt)
        except Refusal as refusal:
            receipt.error = refusal.classic
            raise

    def _repeated(self, params: Params, told: Instruction, receipt: Receipt) -> Reply | None:
        """The answer to an id that came before: the first order, or the order now if there is none. None for a new id.

        Whatever befell the first request, the repeat is answered.
        """
        reference = params.text(self._habits.honours) if self._habits.honours else ""
        first = self._first.setdefault(reference, receipt) if reference else receipt
        if first is receipt:
            return None
        if (first.service, first.link, first.quantity) != (receipt.service, receipt.link, receipt.quantity):
            raise refusals.reference_taken()
        if first.order is None:
            self._first[reference] = receipt
            first = receipt
            receipt.order = self._order(params, told)
        else:
            receipt.error = f"a repeat of order {first.order.id}"
        assert first.order is not None
        return in_json({"order": first.order.id}, self.spelling.created)

    def _take(self, params: Params, told: Instruction, receipt: Receipt) -> Reply | Silence:
        if told.conduct is Conduct.LOSTNO:
            receipt.error = "not taken, never answered"
            return Silence.HOLD
        order = receipt.order = self._order(params, told)
        match told.conduct:
            case Conduct.LOST:
                return Silence.HOLD
            case Conduct.DROP:
                return Silence.HANG_UP
            case Conduct.ERROR500:
                return page(f"500 Internal Server Error{self._echo(params)}", 500)
        return in_json({"order": order.id}, self.spelling.created)

    def _order(self, params: Params, told: Instruction) -> Order:
        if not params.text("service"):
            raise refusals.missing_service()
        service = self.shelf.find(params.text("service"))
        if service is None:
            raise refusals.no_such_service()
        if not params.text("link") and service.kind != "subscription":
            raise refusals.missing_link()
        units = read_units(service, params)
        if told.conduct is Conduct.REFUSE:
            raise Refusal(told.refusal)
        link = params.text("link")
        tricks = read_tricks(link or params.text("username"), self.tricks)
        return self.book.take(service, link, units, told.life, tricks=tricks, runs=read_runs(service, params))

    def _status(self, params: Params) -> dict[str, Any]:
        if "orders" not in params.values:
            return self._progress(params.text("order"))
        return {order: self._each(self._progress, order) for order in _batch(params, "orders")}

    def _progress(self, order: str) -> dict[str, Any]:
        found = self.book.find(order)
        reading = self.book.ask(found)
        return self.spelling.progress(found, reading, self.currency)

    def _balance(self) -> dict[str, Any]:
        self.book.settle()
        shown, decimals = self.book.shown(), self._habits.balance_decimals
        if decimals is not None:
            shown = shown.quantize(Decimal(1).scaleb(-decimals), ROUND_DOWN, EXACT)
        return {"balance": self.spelling.balance(shown), "currency": self.currency}

    def _newest(self) -> list[dict[str, Any]]:
        """The customer's newest orders, the newest first."""
        taken = [receipt for receipt in self.receipts if receipt.order is not None]
        ours = [self._row(receipt, receipt.order) for receipt in taken[: -BATCH - 1 : -1] if receipt.order is not None]
        likes = [Like(receipt.service, receipt.link, receipt.quantity) for receipt in reversed(taken)]
        status = self.spelling.status(Reading(Phase.COMPLETED, 0))
        return [*ours, *foreign_rows(self.tricks.foreign_rows, likes, status=status, currency=self.currency)]

    def _row(self, receipt: Receipt, order: Order) -> dict[str, Any]:
        placed = {"order": order.id, "service": receipt.service, "link": order.link, "quantity": receipt.quantity}
        reference = receipt.fields.get(self._habits.honours) if self._habits.honours else None
        told: dict[str, Any] = {"request_id": reference} if reference else {}
        if self.tricks.foreign_rows:
            told["created"] = write_date(receipt.time)
        return {**placed, **told, **self.spelling.progress(order, self.book.look(order), self.currency)}

    def _cancel(self, params: Params) -> Reply | Silence:
        asked = _batch(params, "orders" if "orders" in params.values else "order")
        first = self._named_first(asked)
        if any(tricks.busy_cancel for tricks in first):
            code, body = self.spelling.refusal(refusals.too_many_requests())
            return in_json(body, max(code, 429))
        done = [{"order": _number(order), "cancel": self._each(self._call_off, order)} for order in asked]
        return Silence.HOLD if any(tricks.lost_cancel for tricks in first) else in_json(done)

    def _named_first(self, asked: list[str]) -> list[Tricks]:
        """Of the orders that no cancel named before."""
        known = [order for one in asked if (order := self.book.orders.get(read_count(one) or 0)) is not None]
        for order in known:
            order.cancels += 1
        return [order.tricks for order in known if order.cancels == 1]

    def _call_off(self, order: str) -> int:
        self.book.call_off(self.book.find(order))
        return 1

    def _refill(self, params: Params) -> Any:
        if "orders" not in params.values:
            return {"refill": self.spelling.reference(self._begin_refill(params.text("order")))}
        asked = _batch(params, "orders")
        return [{"order": _number(order), "refill": self._each(self._begin_refill, order)} for order in asked]

    def _begin_refill(self, order: str) -> int:
        return self.book.refill(self.book.find(order)).id

    def _refill_status(self, params: Params) -> Any:
        if "refills" not in params.values:
            return {"status": self._refill_word(params.text("refill"))}
        asked = _batch(params, "refills")
        return [{"refill": _number(refill), "status": self._each(self._refill_word, refill)} for refill in asked]

    def _refill_word(self, refill: str) -> str:
        return self.spelling.status(Reading(self.book.ask_refill(refill), 0))

    def _each(self, deed: Callable[[str], Any], one: str) -> Any:
        try:
            return deed(one)
        except Refusal as refusal:
            return {"error": refusal.classic}


def read_mode(mode: str) -> str:
    """One of the modes; raises ValueError for any other word."""
    word, _, text = mode.partition(":")
    if word == "refuse" and text.strip():
        return f"refuse:{text.strip()}"
    if mode not in ("up", "down", "hang", "html"):
        raise ValueError(f"unknown mode {mode!r}: up, down, hang, html or refuse:TEXT")
    return mode


def _batch(params: Params, name: str) -> list[str]:
    ids = params.ids(name)
    if not ids:
        raise refusals.bad_request()
    if len(ids) > BATCH:
        raise refusals.batch_too_big()
    return ids


def _number(asked: str) -> int | str:
    number = read_count(asked)
    return asked if number is None else number
