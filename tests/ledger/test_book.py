"""A wallet moves only with an entry, both or neither; what an entry says is what moved."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.ledger import book, entries
from aggregator.ledger.book import MOST, AlreadyPosted, Charged, Kept, OrderCharge, WalletTooLow
from aggregator.ledger.entries import Entry, adjusted, charged, deposited, earned, refunded
from aggregator.orders.intake import accept_store
from aggregator.storage import decisions, tables
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, new_order

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
        f"order:{order.id}:charge",
        f"deposit:manual:opening-{ann.id}",
    ]


async def test_a_statement_can_be_cut_to_its_newest_lines() -> None:
    ann = await make_reseller(funds=1)
    for number in range(5):
        await post(deposit(ann.id, 1, f"p-{number}"))
    assert [row.balance for row in await book.statement(ann.id, limit=2)] == [6, 5]


async def test_a_statement_goes_on_below_the_last_line_that_was_read() -> None:
    ann = await make_reseller(funds=1)
    for number in range(3):
        await post(deposit(ann.id, 1, f"p-{number}"))
    newest = await book.statement(ann.id, limit=2)
    older = await book.statement(ann.id, before=newest[-1].id)
    assert [[row.balance for row in page] for page in (newest, older)] == [[4, 3], [2, 1]]


async def test_an_entry_is_found_by_its_reference_and_by_its_order() -> None:
    ann = await make_reseller(funds=10 * SCALE)
    first, other = await accept_order(ann), await accept_order(ann)
    await post(entries.earned(first.id, ann.id, SCALE))
    found = await book.find(f"order:{first.id}:earned")
    assert found is not None
    assert (found.order_id, found.amount) == (first.id, SCALE)
    assert await book.find(f"order:{other.id}:earned") is None
    ways = [f"order:{first.id}:charge", f"order:{first.id}:earned"]
    assert [row.reference for row in await book.of_order(first.id)] == ways


async def charge(*prices: OrderCharge) -> tuple[list[Charged], list[list[int]]]:
    """The order that each price paid for, and which places were written down at once."""
    placed: list[list[int]] = []

    async def place(paid: list[int]) -> list[int]:
        placed.append(paid)
        orders = [new_order(prices[n].reseller, rate=prices[n].amount, charge=prices[n].amount) for n in paid]
        return await accept_store._insert(orders, 0)

    return await write(lambda: book.charge(prices, place)), placed


async def test_each_price_of_a_wallet_that_cannot_pay_all_is_judged_in_its_turn() -> None:
    ann, bob = await make_reseller("ann", funds=100), await make_reseller("bob", funds=100)
    orders, placed = await charge(
        OrderCharge(ann.id, 60),
        OrderCharge(bob.id, 50),
        OrderCharge(ann.id, 41),
        OrderCharge(bob.id, 50),
        OrderCharge(ann.id, 40),
    )
    assert placed == [[0, 1, 3, 4]]
    first, *_, last = orders
    assert [order is None for order in orders] == [False, False, True, False, False]
    assert await book.balances([bob.id, ann.id]) == [0, 0]
    lines = [(row.order_id, row.amount, row.balance, row.target) for row in (await book.statement(ann.id))[:2]]
    assert lines == [(last, 40, 0, "escrow"), (first, 60, 40, "escrow")]


async def test_where_nobody_can_pay_nothing_is_written_down() -> None:
    ann, bob = await make_reseller("ann", funds=5), await make_reseller("bob", funds=0)
    assert await charge(OrderCharge(ann.id, 6), OrderCharge(bob.id, 1), OrderCharge(bob.id, MOST + 1)) == (
        [None, None, None],
        [],
    )
    assert await book.balances([ann.id, bob.id]) == [5, 0]
    assert len(await book.statement(ann.id)) == 1


async def changed_by_hand(reseller: int, held: int) -> None:
    await tables.Wallet.update({tables.Wallet.balance: held}).where(tables.Wallet.reseller == reseller)


async def square(reseller: int, *, held: int, keep: Kept) -> int:
    """The decision by which it was done."""

    async def work() -> int:
        decision = await decisions.record("reseller", reseller, "square", actor="owner", reason="by hand")
        await book.reconcile_wallet(reseller, held=held, decision=decision, note="by hand", keep=keep)
        return decision

    return await write(work)


@pytest.mark.parametrize("held", [80, 130])
async def test_a_wallet_that_somebody_changed_is_set_to_what_its_entries_say(held: int) -> None:
    ann, bob = await make_reseller("ann", funds=100), await make_reseller("bob", funds=9)
    await changed_by_hand(ann.id, held)
    assert await book.balance_from_entries(ann.id) == 100
    await square(ann.id, held=held, keep="entries")
    assert await book.balances([ann.id, bob.id]) == [100, 9]
    assert len(await book.statement(ann.id)) == 1


@pytest.mark.parametrize(("held", "source"), [(80, "wallet"), (130, "adjustment")])
async def test_or_its_entries_are_told_what_it_holds(held: int, source: str) -> None:
    ann = await make_reseller(funds=100)
    await changed_by_hand(ann.id, held)
    decision = await square(ann.id, held=held, keep="wallet")
    assert (await book.balance(ann.id), await book.balance_from_entries(ann.id)) == (held, held)
    newest = (await book.statement(ann.id))[0]
    assert (newest.amount, newest.balance, newest.note) == (abs(held - 100), held, "by hand")
    assert (newest.decision, newest.reference) == (decision, f"adjust:{decision}")
    assert newest.source.startswith(source)


async def test_a_wallet_whose_entries_agree_gets_no_entry() -> None:
    ann = await make_reseller(funds=100)
    await square(ann.id, held=100, keep="wallet")
    assert (await book.balance(ann.id), len(await book.statement(ann.id))) == (100, 1)


async def test_a_wallet_that_moved_since_the_decision_is_left_alone() -> None:
    ann = await make_reseller(funds=100)
    for keep in ("wallet", "entries"):
        with pytest.raises(WalletTooLow):
            await square(ann.id, held=99, keep=keep)
    assert (await book.balance(ann.id), len(await book.statement(ann.id))) == (100, 1)


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
