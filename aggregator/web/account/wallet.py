"""A reseller's money: the balance, every movement of it, the same as a file, and how to add to it."""

from __future__ import annotations

import csv
import io

from msgspec import Struct

from aggregator.ledger import book
from aggregator.ledger.entries import EntryKind, EntryReference, read_reference, wallet
from aggregator.storage.tables import Entry
from aggregator.web.printing import stamp
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who
from pricing.money import print_units

ROWS = 50
_RUN_BY_SHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")

section = Section()


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


@section.get("/wallet", Who.RESELLER)
async def statement(visit: Visit) -> Page:
    before = visit.query.number("before", 0) or None
    entries = await book.statement(visit.reseller, limit=ROWS + 1, before=before)
    lines = [line_of(entry) for entry in entries]
    return visit.render(
        "account/wallet.html", balance=await book.balance(visit.reseller), lines=lines[:ROWS], more=len(lines) > ROWS,
        before=before,
    )  # fmt: skip


@section.get("/wallet/statement.csv", Who.RESELLER)
async def as_file(visit: Visit) -> Page:
    entries = await book.statement(visit.reseller)
    return visit.send(write_csv([line_of(entry) for entry in entries]), "text/csv; charset=utf-8", name="statement.csv")


@section.get("/funds", Who.RESELLER)
async def funds(visit: Visit) -> Page:
    panel = visit.parts.settings.panel
    note = [part.strip() for part in panel.deposit_note.split("\n\n") if part.strip()]
    return visit.render(
        "account/funds.html", balance=await book.balance(visit.reseller), note=note,
        least=int(panel.minimum_deposit * 10**8),
    )  # fmt: skip


_DROPPED = {chr(number) for number in range(32)} | {"\x7f", "\ufeff"}
_DROPPED_BY_SHEETS = "".join(_DROPPED) + " \xa0"
"""Characters, NUL among them, that some of them read over at the beginning of a cell."""


def line_of(entry: Entry) -> Line:
    """One entry from the side of its wallet."""
    sign = 1 if entry.target == wallet(entry.reseller) else -1
    return Line(
        id=entry.id, at=entry.at, text=_text(entry), note=entry.note, order=entry.order_id,
        amount=sign * entry.amount, balance=entry.balance or 0,
    )  # fmt: skip


def _text(entry: Entry) -> str:
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
