"""A reseller's money: the balance, every movement of it, the same as a file, and how to add to it."""

from __future__ import annotations

import csv
import io
import re

from litestar import Controller, get
from msgspec import Struct

from aggregator.ledger import book
from aggregator.ledger.entries import wallet
from aggregator.storage.tables import Entry
from aggregator.web.dependencies import Params, Parts, SellerId
from aggregator.web.printing import stamp
from aggregator.web.responses import Page, download, page
from pricing.money import print_units

ROWS = 50
_REFUND = re.compile(r"order:\d+:refund:(\d+)")
_RUN_BY_SHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")


class Line(Struct, frozen=True, kw_only=True):
    """A movement as its reseller reads it; money in whole 1e-8."""

    id: int
    at: int
    text: str
    note: str
    order: int | None
    amount: int
    """Below 0 where it left the wallet."""
    balance: int


class WalletController(Controller):
    @get("/wallet")
    async def statement(self, params: Params, seller_id: SellerId) -> Page:
        before = params.number("before", 0) or None
        entries = await book.statement(seller_id, limit=ROWS + 1, before=before)
        lines = [line_of(entry) for entry in entries]
        return page(
            "account/wallet.html",
            balance=await book.balance(seller_id),
            lines=lines[:ROWS],
            more=len(lines) > ROWS,
            before=before,
        )

    @get("/wallet/statement.csv")
    async def as_file(self, seller_id: SellerId) -> Page:
        entries = await book.statement(seller_id)
        return download(write_csv([line_of(entry) for entry in entries]), "text/csv; charset=utf-8", "statement.csv")

    @get("/funds")
    async def funds(self, parts: Parts, seller_id: SellerId) -> Page:
        panel = parts.settings.panel
        note = [part.strip() for part in panel.deposit_note.split("\n\n") if part.strip()]
        return page(
            "account/funds.html",
            balance=await book.balance(seller_id),
            note=note,
            least=int(panel.minimum_deposit * 10**8),
        )


_DROPPED = {chr(number) for number in range(32)} | {"\x7f", "\ufeff"}
_DROPPED_BY_SHEETS = "".join(_DROPPED) + " \xa0"
"""Characters, NUL among them, that some of them read over at the beginning of a cell."""


def line_of(entry: Entry) -> Line:
    """One entry from the side of its wallet."""
    sign = 1 if entry.target == wallet(entry.reseller) else -1
    return Line(
        id=entry.id,
        at=entry.at,
        text=_text(entry),
        note=entry.note,
        order=entry.order_id,
        amount=sign * entry.amount,
        balance=entry.balance or 0,
    )


def _text(entry: Entry) -> str:
    kind = entry.reference.partition(":")[0]
    if kind == "deposit":
        return "Deposit"
    if kind == "adjust":
        return "Correction"
    refund = _REFUND.fullmatch(entry.reference)
    return f"Refund, {int(refund[1]):,} not delivered" if refund else "Order"


def write_csv(lines: list[Line]) -> bytes:
    """One row a movement; no cell is a formula to a spreadsheet."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(["id", "time", "what", "order", "amount", "balance", "note"])
    for line in lines:
        amounts = (print_units(line.amount, 2), print_units(line.balance, 2))
        rows.writerow([line.id, stamp(line.at), cell(line.text), line.order or "", *amounts, cell(line.note)])
    return written.getvalue().encode()


def cell(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run, also where it drops what stands before that."""
    seen = text.lstrip(_DROPPED_BY_SHEETS)
    return f"'{text}" if text[:1] in _DROPPED or seen.startswith(_RUN_BY_SHEETS) else text
