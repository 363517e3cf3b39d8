"""Every way money can move, on one page: from one account to another, each under a reference used once.

Amounts are whole 1e-8 of the panel's currency and always positive; the direction is in the accounts.
"""

from __future__ import annotations

from msgspec import Struct

ESCROW = "escrow"
"""Holds exactly the charges of open orders."""
REVENUE = "revenue"
"""What ended orders earned, less what was paid back later."""
ADJUSTMENT = "adjustment"
"""The owner's corrections by hand."""


def wallet(reseller: int) -> str:
    return f"wallet:{reseller}"


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
        source=f"gateway:{gateway}", target=wallet(reseller), amount=amount,
        reference=f"deposit:{gateway}:{payment}", reseller=reseller, note=note,
    )  # fmt: skip


def charged(order: int, reseller: int, amount: int) -> Entry:
    """The price of an order leaves the wallet when the order is accepted."""
    return Entry(
        source=wallet(reseller), target=ESCROW, amount=amount,
        reference=f"order:{order}:charge", reseller=reseller, order=order,
    )  # fmt: skip


def refunded(order: int, reseller: int, amount: int, *, undelivered: int, late: bool, decision: int | None) -> Entry:
    """The undelivered units of an order come back; `undelivered` is cumulative, so no step is paid twice.

    A late refund is one of an order that had ended: its charge was earned by then and comes out of the revenue.
    """
    return Entry(
        source=REVENUE if late else ESCROW, target=wallet(reseller), amount=amount,
        reference=f"order:{order}:refund:{undelivered}", reseller=reseller, order=order, decision=decision,
    )  # fmt: skip


def earned(order: int, reseller: int, amount: int) -> Entry:
    """An order has ended: what was not refunded by then is ours."""
    return Entry(
        source=ESCROW, target=REVENUE, amount=amount,
        reference=f"order:{order}:earned", reseller=reseller, order=order,
    )  # fmt: skip


def adjusted(reseller: int, amount: int, *, decision: int, note: str) -> Entry:
    """The owner corrects a wallet by hand: `amount` may be negative here and decides the direction."""
    accounts = (ADJUSTMENT, wallet(reseller)) if amount > 0 else (wallet(reseller), ADJUSTMENT)
    return Entry(
        source=accounts[0], target=accounts[1], amount=abs(amount),
        reference=f"adjust:{decision}", reseller=reseller, decision=decision, note=note,
    )  # fmt: skip
