"""A reseller's money: the balance, every movement of it, the same as a file, and how to add to it."""

from __future__ import annotations

from litestar import Controller, get
from msgspec import Struct

from aggregator.ledger import book
from aggregator.ledger.book import PostedEntry
from aggregator.ledger.entries import EntryKind, EntryReference, read_reference
from aggregator.web.dependencies import Me, Params, Parts, SellerId
from aggregator.web.exports import EACH, Cells, cell, send_csv
from aggregator.web.printing import stamp
from aggregator.web.responses import Page, page
from pricing.money import print_units

ROWS = 50
HEAD = ("id", "time", "what", "order", "amount", "balance", "note")


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
    async def as_file(self, parts: Parts, me: Me, seller_id: SellerId) -> Page:
        portions = book.statement_in_portions(seller_id, each=EACH)
        return await send_csv(parts, me, "statement.csv", HEAD, portions, cells_of)

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


def line_of(entry: PostedEntry) -> Line:
    """One entry from the side of its wallet."""
    return Line(
        id=entry.id,
        at=entry.at,
        text=_text(entry),
        note=entry.note,
        order=entry.order_id,
        amount=entry.change,
        balance=entry.balance or 0,
    )


def _text(entry: PostedEntry) -> str:
    said = read_reference(entry.reference)
    match said:
        case EntryReference(kind=EntryKind.DEPOSIT):
            return "Deposit"
        case EntryReference(kind=EntryKind.ADJUSTMENT):
            return "Correction"
        case EntryReference(kind=EntryKind.REFUND, undelivered=undelivered):
            return f"Refund, {undelivered:,} not delivered"
        case _:
            return "Order"


def cells_of(entry: PostedEntry) -> Cells:
    """An entry as a row of the file."""
    line = line_of(entry)
    amounts = (print_units(line.amount, 2), print_units(line.balance, 2))
    return line.id, stamp(line.at), cell(line.text), line.order or "", *amounts, cell(line.note)
