"""A wallet moves only with an entry, both or neither; what an entry says is what moved."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.ledger import book, entries
from aggregator.ledger.book import MOST, AlreadyPosted, WalletTooLow
from aggregator.ledger.entries import Entry, adjusted, charged, deposited, earned, refunded
from aggregator.storage import tables
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller

pytestmark = pytest.mark.usefixtures("panel_database")


def deposit(reseller: int, amount: int, payment: str = "p-1") -> Entry:
    return deposited("manual", reseller, amount, payment=payment)


async def post(entry: Entry) -> None:
    await write(lambda: book.post(entry))


def test_every_way_of_money_goes_from_one_account_to_another_under_one_reference() -> None:
    ways = {
        (entry.source, entry.target, entry.reference)
        for entry in (
            deposited("card", 7, 1, payment="x9"),
            charged(5, 7, 1),
            refunded(5, 7, 1, undelivered=300, late=False, decision=None),
            refunded(5, 7, 1, undelivered=500, late=True, decision=None),
            earned(5, 7, 1),
            adjusted(7, 1, decision=3, note="n"),
            adjusted(7, -1, decision=4, note="n"),
        )
    }
    assert ways == {
        ("gateway:card", "wallet:7", "deposit:card:x9"),
        ("wallet:7", "escrow", "order:5:charge"),
        ("escrow", "wallet:7", "order:5:refund:300"),
        ("revenue", "wallet:7", "order:5:refund:500"),
        ("escrow", "revenue", "order:5:earned"),
        ("adjustment", "wallet:7", "adjust:3"),
        ("wallet:7", "adjustment", "adjust:4"),
    }


def test_an_amount_is_positive_and_the_direction_is_in_the_accounts() -> None:
    assert adjusted(7, -5, decision=1, note="n").amount == 5


async def test_an_entry_moves_the_wallet_and_remembers_what_it_then_held() -> None:
    ann = await make_reseller(funds=0)
    await post(deposit(ann.id, 500))
    await post(deposit(ann.id, 70, "p-2"))
    assert await book.balance(ann.id) == 570
    assert [(row.amount, row.balance) for row in await book.statement(ann.id)] == [(70, 570), (500, 500)]


async def test_a_reference_moves_money_once() -> None:
    ann = await make_reseller(funds=0)
    await post(deposit(ann.id, 500))
    with pytest.raises(AlreadyPosted):
        await post(deposit(ann.id, 500))
    assert await book.balance(ann.id) == 500


async def test_fifty_postings_of_one_deposit_at_once_credit_it_once() -> None:
    ann = await make_reseller(funds=0)
    results = await asyncio.gather(*(post(deposit(ann.id, 500)) for _ in range(50)), return_exceptions=True)
    assert sum(result is None for result in results) == 1
    assert all(isinstance(result, AlreadyPosted) for result in results if result is not None)
    assert await book.balance(ann.id) == 500


async def test_a_wallet_never_falls_below_zero() -> None:
    ann = await make_reseller(funds=100)
    with pytest.raises(WalletTooLow):
        await post(adjusted(ann.id, -101, decision=1, note="too much"))
    assert await book.balance(ann.id) == 100
    assert len(await book.statement(ann.id)) == 1


async def test_a_wallet_holds_what_a_column_can_and_no_more() -> None:
    ann = await make_reseller(funds=MOST - 5)
    with pytest.raises(WalletTooLow):
        await post(deposit(ann.id, 6))
    await post(deposit(ann.id, 5))
    assert await book.balance(ann.id) == MOST


async def test_what_is_earned_touches_no_wallet_and_is_no_line_of_a_statement() -> None:
    ann = await make_reseller(funds=3 * SCALE)
    order = await accept_order(ann)
    await post(entries.earned(order.id, ann.id, 3 * SCALE))
    assert await book.balance(ann.id) == 0
    assert [row.reference for row in await book.statement(ann.id)] == [
        f"order:{order.id}:charge", f"deposit:manual:opening-{ann.id}",
    ]  # fmt: skip


async def test_a_statement_can_be_cut_to_its_newest_lines() -> None:
    ann = await make_reseller(funds=1)
    for number in range(5):
        await post(deposit(ann.id, 1, f"p-{number}"))
    assert [row.balance for row in await book.statement(ann.id, limit=2)] == [6, 5]


async def test_one_wallet_never_pays_for_another() -> None:
    ann, bob = await make_reseller("ann", funds=100), await make_reseller("bob", funds=0)
    with pytest.raises(WalletTooLow):
        await post(adjusted(bob.id, -1, decision=1, note="n"))
    assert (await book.balance(ann.id), await book.balance(bob.id)) == (100, 0)


async def test_deposits_and_charges_at_once_add_up() -> None:
    ann = await make_reseller(funds=30 * 3 * SCALE)
    await asyncio.gather(
        *(post(deposit(ann.id, 7, f"p-{number}")) for number in range(30)), *(accept_order(ann) for _ in range(30))
    )
    assert await book.balance(ann.id) == 210
    newest = (await book.statement(ann.id))[0]
    assert newest.balance is not None
    assert await tables.Entry.count() == 61
