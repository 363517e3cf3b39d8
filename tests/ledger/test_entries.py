"""Every way money can move, word for word: accounts and references are read by the audit, and by years of books."""

from __future__ import annotations

import pytest

from aggregator.ledger import entries
from aggregator.ledger.entries import Entry, EntryKind, EntryReference, read_reference, reference_in_sql
from aggregator.storage.sql import execute


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


WRITTEN = [
    (entries.deposited("bank", 7, 500, payment="a:b:c"), EntryReference(EntryKind.DEPOSIT)),
    (entries.charged(9, 7, 300), EntryReference(EntryKind.CHARGE)),
    (entries.refunded(9, 7, 90, undelivered=300, late=True, decision=None), EntryReference(EntryKind.REFUND, 300)),
    (entries.earned(9, 7, 300), EntryReference(EntryKind.EARNED)),
    (entries.adjusted(7, 40, decision=5, note=""), EntryReference(EntryKind.ADJUSTMENT)),
]


@pytest.mark.parametrize(("entry", "said"), WRITTEN)
def test_a_reference_is_read_as_it_was_built(entry: Entry, said: EntryReference) -> None:
    assert read_reference(entry.reference) == said


def test_every_kind_of_entry_is_read() -> None:
    assert {said.kind for _, said in WRITTEN} == set(EntryKind)


@pytest.mark.parametrize("text", ["", "order:9", "order:9:refund:many", "adjust:", "deposit:bank", "x order:9:charge"])
def test_what_was_never_built_is_no_reference(text: str) -> None:
    assert read_reference(text) is None


async def test_a_database_builds_the_same(panel_database: str) -> None:
    """Of what only it knows: the id of an order that is written down by the same statement."""
    for kind, parts in ((EntryKind.CHARGE, "9"), (EntryKind.REFUND, "9 300"), (EntryKind.DEPOSIT, "1 2")):
        rows = await execute(f"select {reference_in_sql(kind, *parts.split())} as built")
        assert rows[0]["built"] == entries.reference_of(kind, *parts.split())
