"""What a reseller may read of an order's life: when it was taken, paid back and ended. Never of a provider."""

from __future__ import annotations

from msgspec import Struct

from aggregator.ledger import book
from aggregator.ledger.book import PostedEntry
from aggregator.ledger.entries import read_reference, wallet
from aggregator.orders import refill_store
from aggregator.orders.model import Order
from aggregator.orders.refill_store import RefillRow
from aggregator.orders.state import OrderState

_ENDINGS = {
    OrderState.COMPLETED: "Completed",
    OrderState.PARTIAL: "Ended short of the whole quantity",
    OrderState.CANCELLED: "Cancelled",
}


class RefundLine(Struct, frozen=True, kw_only=True):
    """A part of the charge that came back."""

    at: int
    amount: int
    undelivered: int
    """Units that were paid back so far."""
    balance: int
    """Of the wallet afterwards."""


class ReceiptLine(Struct, frozen=True, kw_only=True):
    """One line; `at` in milliseconds since 1970, `amount` in whole 1e-8, signed as the wallet saw it."""

    at: int
    text: str
    amount: int | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    steps: list[ReceiptLine]
    refunds: list[RefundLine]
    refills: list[RefillRow]


async def of_order(order: Order) -> Receipt:
    """Oldest first."""
    mine = wallet(order.reseller)
    refunds = [_refund(entry) for entry in await book.of_order(order.id) if entry.target == mine]
    refills = await refill_store.of_order(order.id)
    return Receipt(steps=tell(order, refunds, refills), refunds=refunds, refills=refills)


def tell(order: Order, refunds: list[RefundLine], refills: list[RefillRow]) -> list[ReceiptLine]:
    """The life of an order in a few lines."""
    steps = [ReceiptLine(at=order.created_at, text="Taken, and charged to the wallet", amount=-order.charge)]
    for refund in refunds:
        text = f"Paid back: {refund.undelivered:,} of {order.quantity:,} not delivered"
        steps.append(ReceiptLine(at=refund.at, text=text, amount=refund.amount))
    if order.ended_at is not None and order.state in _ENDINGS:
        steps.append(ReceiptLine(at=order.ended_at, text=_ENDINGS[order.state]))
    for refill in refills:
        steps.append(ReceiptLine(at=refill.created_at, text=f"Refill {refill.id} asked for"))
        if refill.ended_at is not None:
            steps.append(ReceiptLine(at=refill.ended_at, text=f"Refill {refill.id} {refill.state.value}"))
    return sorted(steps, key=lambda step: step.at)


def _refund(entry: PostedEntry) -> RefundLine:
    said = read_reference(entry.reference)
    undelivered = said.undelivered if said else 0
    return RefundLine(at=entry.at, amount=entry.amount, undelivered=undelivered, balance=entry.balance or 0)
