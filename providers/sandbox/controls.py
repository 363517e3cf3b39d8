"""The sandbox's levers and its truth, as plain methods: what a demo or a test does to an upstream panel."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from providers.sandbox.amounts import plain, read_amount
from providers.sandbox.assortment import classic_rows, json_rows
from providers.sandbox.book import Book
from providers.sandbox.catalogue import Shelf
from providers.sandbox.life import Reading
from providers.sandbox.panel import Habits, Panel, Receipt, read_mode
from providers.sandbox.refusals import Refusal
from providers.sandbox.request import Values
from providers.sandbox.spelling import SPELLINGS, DialectName, read_status
from providers.sandbox.tricks import HONEST, Tricks
from providers.vocabulary import Phase


class Seen(Struct, frozen=True, kw_only=True):
    """One `add` as it arrived and how its order stands now; what was not taken has an `error` and no order."""

    time: datetime
    service: str
    link: str
    quantity: str
    """As it arrived."""
    fields: Values
    """All the other parameters."""
    accepted: bool
    error: str | None
    order: int | None = None
    units: int | None = None
    """As billed."""
    status: str | None = None
    remains: int | None = None
    charge: Decimal | None = None
    """What the panel keeps of it now."""


class State(Struct, frozen=True, kw_only=True):
    """Where the whole panel stands; `balance` and `charges` (net) add up to what was paid in."""

    balance: Decimal
    charges: Decimal
    currency: str
    dialect: str
    mode: str
    speed: float  # seconds of a lifetime, not money
    services: int
    adds: int
    orders: int


class Controls:
    """An upstream panel to steer.

    `catalogue` holds rows as a panel publishes them; `speed` is the lifetime of an order in seconds, 0 lets orders
    live by being asked for. `lists_orders` adds the action `orders`, the newest 100; `honours` names the parameter in
    which an id of the customer's is known again; `balance_decimals` cuts the balance shown; `debits_late` is how many
    seconds an order's charge takes to reach it; `tricks` are what it does behind its customer's back.
    Raises ValueError for amounts that cannot be read.
    """

    def __init__(
        self,
        *,
        key: str = "sandbox",
        dialect: DialectName = "classic",
        balance: Decimal | str = "1000",
        currency: str = "USD",
        catalogue: list[dict[str, Any]] | None = None,
        id_from: int = 1000,
        speed: float = 4.0,
        clock: Callable[[], float] = time.monotonic,
        lists_orders: bool = False,
        honours: str = "",
        balance_decimals: int | None = None,
        debits_late: float = 0,  # seconds, not money
        tricks: Tricks = HONEST,
    ) -> None:
        self.dialect = dialect
        self._shelf = Shelf(_rows(dialect, currency) if catalogue is None else catalogue)
        spelling = SPELLINGS[dialect]
        self._book = Book(
            balance=_amount(balance),
            speed=speed,
            id_from=id_from,
            cancel_pays_all=spelling.cancel_pays_all,
            clock=clock,
            debits_late=debits_late,
        )
        self._panel = Panel(
            key=key,
            currency=currency,
            spelling=spelling,
            shelf=self._shelf,
            book=self._book,
            habits=Habits(lists_orders, honours, balance_decimals),
            tricks=tricks,
        )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """What `services` publishes now."""
        return self._shelf.rows

    @property
    def balance(self) -> Decimal:
        """The customer's balance, after all that is due by now."""
        self._book.settle()
        return self._book.balance

    @property
    def charges(self) -> Decimal:
        """What the panel keeps of all orders together, after all that is due by now."""
        self._book.settle()
        return self._book.charges()

    @property
    def orders(self) -> list[Seen]:
        """Every `add` as it arrived, oldest first, whether it was taken or not."""
        return [self._see(receipt) for receipt in self._panel.receipts]

    @property
    def state(self) -> State:
        return State(
            balance=self.balance,
            charges=self.charges,
            currency=self._panel.currency,
            dialect=self.dialect,
            mode=self._panel.mode,
            speed=self._book.speed,
            services=len(self._shelf.rows),
            adds=len(self._panel.receipts),
            orders=len(self._book.taken),
        )

    def set_balance(self, balance: Decimal | str) -> None:
        """Top up, or empty, the customer's balance."""
        self._book.settle()
        self._book.balance = _amount(balance)

    def set_rate(self, service: int | str, rate: Decimal | str) -> None:
        """Publish another rate; orders already taken keep theirs. Raises ValueError for an unknown service."""
        if not self._shelf.set_rate(str(service), _amount(rate)):
            raise ValueError(f"no service {service}")

    def set_mode(self, mode: str) -> None:
        """`up`, `down`, `hang`, `html` or `refuse:TEXT`, for all calls of `/api/v2`; ValueError for another."""
        self._panel.mode = read_mode(mode)

    @property
    def tricks(self) -> Tricks:
        """What is done behind the customer's back with orders that are taken from now on."""
        return self._panel.tricks

    def set_tricks(self, **tricks: object) -> None:
        """Begin, or leave off, these; the others stay as they are. ValueError for one that there is not."""
        usual = msgspec.structs.asdict(self._panel.tricks)
        self._panel.tricks = msgspec.convert({**usual, **tricks}, Tricks, strict=False)

    def set_next_id(self, order: int) -> None:
        """Count the ids on from this one, also where it was given before; raises ValueError below 1."""
        if order < 1:
            raise ValueError(f"not an id: {order}")
        self._book.next_id = order

    def set_catalogue(self, rows: list[dict[str, Any]]) -> None:
        """Publish these rows and no others."""
        self._shelf.replace(rows)

    def remove_service(self, service: int | str) -> None:
        """Take one service away; raises ValueError when there is none."""
        if not self._shelf.remove(str(service)):
            raise ValueError(f"no service {service}")

    def set_order(self, order: int | str, status: str, remains: int | None = None) -> None:
        """Force an order's status, in the words of either dialect or any other; money follows.

        Without `remains`: 0 when completed, all when cancelled, else as it is. ValueError for an unknown order.
        """
        try:
            found = self._book.find(str(order))
        except Refusal as refusal:
            raise ValueError(f"no order {order}") from refusal
        phase = read_status(status)
        usual = {Phase.COMPLETED: 0, Phase.CANCELLED: found.units}.get(phase or Phase.UNKNOWN)
        if remains is None:
            remains = self._book.look(found).remains if usual is None else usual
        word = "" if phase else status
        self._book.force(found, Reading(phase or Phase.UNKNOWN, remains, word))

    def _see(self, receipt: Receipt) -> Seen:
        order = receipt.order
        arrived = {name: getattr(receipt, name) for name in ("time", "service", "link", "quantity", "fields", "error")}
        if order is None:
            return Seen(**arrived, accepted=False)
        reading = self._book.look(order)
        return Seen(
            **arrived,
            accepted=True,
            order=order.id,
            units=order.units,
            status=self._panel.spelling.status(reading),
            remains=reading.remains,
            charge=Decimal(plain(order.charge)),
        )


def _rows(dialect: DialectName, currency: str) -> list[dict[str, Any]]:
    return classic_rows() if dialect == "classic" else json_rows(currency)


def _amount(value: Decimal | str) -> Decimal:
    amount = read_amount(value)
    if amount is None:
        raise ValueError(f"not an amount: {value!r}")
    return amount
