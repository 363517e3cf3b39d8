"""Every way money can move, on one page: from one account to another, each under a reference used once.

These are the entries of a double-entry journal: a source is debited, a target credited, by the same amount.

Amounts are whole 1e-8 of the panel's currency and always positive; the direction is in the accounts.
"""

from __future__ import annotations

import re
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

ESCROW = "escrow"
"""Holds exactly the charges of open orders."""
REVENUE = "revenue"
"""What ended orders earned, less what was paid back later."""
ADJUSTMENT = "adjustment"
"""The owner's corrections by hand."""


def wallet(reseller: int) -> str:
    return f"wallet:{reseller}"


class EntryKind(StrEnum):
    """The ways of money."""

    DEPOSIT = "deposit"
    CHARGE = "charge"
    REFUND = "refund"
    EARNED = "earned"
    ADJUSTMENT = "adjustment"


_REFERENCES = MappingProxyType(
    {
        EntryKind.DEPOSIT: "deposit:{}:{}",  # gateway, payment
        EntryKind.CHARGE: "order:{}:charge",
        EntryKind.REFUND: "order:{}:refund:{}",  # order, undelivered units so far
        EntryKind.EARNED: "order:{}:earned",
        EntryKind.ADJUSTMENT: "adjust:{}",  # decision
    }
)
"""How each kind is referred to, once for all: built, read and audited by these."""
_PATTERNS = {kind: re.compile(form.replace("{}", "(.+)"), re.DOTALL) for kind, form in _REFERENCES.items()}


class EntryReference(Struct, frozen=True):
    """What a reference says of its entry."""

    kind: EntryKind
    undelivered: int = 0
    """Of a refund: units of the order that were paid back so far, this one included."""


def reference_of(kind: EntryKind, *parts: object) -> str:
    """Used once: an entry with a reference that exists moves nothing."""
    return _REFERENCES[kind].format(*parts)


def reference_in_sql(kind: EntryKind, *parts: str) -> str:
    """The same as an expression of SQL, for parts that only the database knows."""
    texts = [f"'{text}'" for text in _REFERENCES[kind].split("{}")]
    woven = [texts[0], *(each for pair in zip(parts, texts[1:], strict=True) for each in pair)]
    return " || ".join(text for text in woven if text != "''")


def read_reference(text: str) -> EntryReference | None:
    """None for what `reference_of` never builds, of which the audit tells."""
    for kind, pattern in _PATTERNS.items():
        found = pattern.fullmatch(text)
        if found is not None and kind is EntryKind.REFUND:
            return EntryReference(kind, int(found[2])) if found[2].isdecimal() else None
        if found is not None:
            return EntryReference(kind)
    return None


class Entry(Struct, frozen=True, kw_only=True):
    """One movement; `reseller` is whose wallet it touches."""

    source: str
    target: str
    amount: int
    reference: str
    reseller: int
    order: int | None = None
    decision: int | None = None
    note: str = ""


def deposited(gateway: str, reseller: int, amount: int, *, payment: str, note: str = "") -> Entry:
    """Money came in through a gateway; `payment` is the gateway's own id of it."""
    return Entry(
        source=f"gateway:{gateway}",
        target=wallet(reseller),
        amount=amount,
        reference=reference_of(EntryKind.DEPOSIT, gateway, payment),
        reseller=reseller,
        note=note,
    )


def charged(order: int, reseller: int, amount: int) -> Entry:
    """The price of an order leaves the wallet when the order is accepted."""
    return Entry(
        source=wallet(reseller),
        target=ESCROW,
        amount=amount,
        reference=reference_of(EntryKind.CHARGE, order),
        reseller=reseller,
        order=order,
    )


def refunded(order: int, reseller: int, amount: int, *, undelivered: int, late: bool, decision: int | None) -> Entry:
    """The undelivered units of an order come back; `undelivered` is cumulative, so no step is paid twice.

    A late refund is one of an order that had ended: its charge was earned by then and comes out of the revenue.
    """
    return Entry(
        source=REVENUE if late else ESCROW,
        target=wallet(reseller),
        amount=amount,
        reference=reference_of(EntryKind.REFUND, order, undelivered),
        reseller=reseller,
        order=order,
        decision=decision,
    )


def earned(order: int, reseller: int, amount: int) -> Entry:
    """An order has ended: what was not refunded by then is ours."""
    return Entry(
        source=ESCROW,
        target=REVENUE,
        amount=amount,
        reference=reference_of(EntryKind.EARNED, order),
        reseller=reseller,
        order=order,
    )


def adjusted(reseller: int, amount: int, *, decision: int, note: str) -> Entry:
    """The owner corrects a wallet by hand: `amount` may be negative here and decides the direction."""
    accounts = (ADJUSTMENT, wallet(reseller)) if amount > 0 else (wallet(reseller), ADJUSTMENT)
    return Entry(
        source=accounts[0],
        target=accounts[1],
        amount=abs(amount),
        reference=reference_of(EntryKind.ADJUSTMENT, decision),
        reseller=reseller,
        decision=decision,
        note=note,
    )
