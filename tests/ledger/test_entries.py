"""Every way money can move, word for word: accounts and references are read by the audit, and by years of books."""

from __future__ import annotations

from aggregator.ledger import entries
from aggregator.ledger.entries import Entry


def test_money_that_comes_in() -> None:
    assert entries.deposited("bank", 7, 500, payment="p-1", note="by hand") == Entry(
        source="gateway:bank", target="wallet:7", amount=500, reference="deposit:bank:p-1", reseller=7, note="by hand"
    )
    assert entries.deposited("bank", 7, 500, payment="p-1").note == ""


def test_an_order_is_charged_and_earned() -> None:
    assert entries.charged(9, 7, 300) == Entry(
        source="wallet:7", target="escrow", amount=300, reference="order:9:charge", reseller=7, order=9
    )
    assert entries.earned(9, 7, 300) == Entry(
        source="escrow", target="revenue", amount=300, reference="order:9:earned", reseller=7, order=9
    )


def test_a_refund_comes_from_where_the_charge_is_by_then() -> None:
    early = entries.refunded(9, 7, 90, undelivered=300, late=False, decision=4)
    assert early == Entry(
        source="escrow", target="wallet:7", amount=90, reference="order:9:refund:300", reseller=7, order=9, decision=4
    )
    assert entries.refunded(9, 7, 90, undelivered=300, late=True, decision=None).source == "revenue"


def test_a_correction_goes_either_way() -> None:
    assert entries.adjusted(7, 40, decision=5, note="a gift") == Entry(
        source="adjustment", target="wallet:7", amount=40, reference="adjust:5", reseller=7, decision=5, note="a gift"
    )
    taken = entries.adjusted(7, -40, decision=5, note="an error")
    assert (taken.source, taken.target, taken.amount) == ("wallet:7", "adjustment", 40)
