"""An ending moves every cent exactly once, however many pollers see it and however often it changes later."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from msgspec.structs import replace

from aggregator.audit.run import audit
from aggregator.ledger import book
from aggregator.orders import attempt_store, store
from aggregator.orders.model import Order
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState, Outcome
from aggregator.storage import clock, tables
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import accept_order, activate, active_order, make_reseller, moves_of, order_now

pytestmark = pytest.mark.usefixtures("panel_database")

BOUGHT = 1000 * SCALE


async def end(order: Order, undelivered: int) -> Order | None:
    return await settle(order, undelivered, note="as the provider says")


async def assert_audit_is_green() -> None:
    assert [finding for finding in await audit() if finding.broken] == []


async def test_a_delivered_order_is_earned_in_full() -> None:
    order = await active_order(await make_reseller())
    ended = await end(order, 0)
    assert ended is not None
    assert (ended.state, ended.refunded, ended.remains) == (OrderState.COMPLETED, 0, 0)
    assert (await moves_of(order.id))[1:] == [("escrow", "revenue", 3 * SCALE, f"order:{order.id}:earned")]


async def test_a_partial_order_is_refunded_for_what_is_missing_and_earned_for_the_rest() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    ended = await end(order, 300)
    assert ended is not None
    assert (ended.state, ended.refunded, ended.remains) == (OrderState.PARTIAL, 90_000_000, 300)
    assert (await moves_of(order.id))[1:] == [
        ("escrow", f"wallet:{ann.id}", 90_000_000, f"order:{order.id}:refund:300"),
        ("escrow", "revenue", 210_000_000, f"order:{order.id}:earned"),
    ]
    assert await book.balance(ann.id) == BOUGHT - 210_000_000


async def test_a_cancelled_order_comes_back_whole_and_earns_nothing() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    ended = await end(order, 1000)
    assert ended is not None
    assert ended.state is OrderState.CANCELLED
    wallet = f"wallet:{ann.id}"
    assert (await moves_of(order.id))[1:] == [("escrow", wallet, 3 * SCALE, f"order:{order.id}:refund:1000")]
    assert await book.balance(ann.id) == BOUGHT


async def test_an_order_refused_everywhere_comes_back_whole() -> None:
    ann = await make_reseller()
    order = await accept_order(ann)
    assert await end(order, 1000) is not None
    assert await book.balance(ann.id) == BOUGHT
    await assert_audit_is_green()


async def test_a_late_loss_is_paid_out_of_what_was_earned() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    completed = await end(order, 0)
    assert completed is not None
    ended = await end(completed, 250)
    assert ended is not None
    assert (ended.state, ended.refunded) == (OrderState.PARTIAL, 75_000_000)
    assert ended.ended_at == completed.ended_at
    late = ("revenue", f"wallet:{ann.id}", 75_000_000, f"order:{order.id}:refund:250")
    assert (await moves_of(order.id))[-1] == late
    await assert_audit_is_green()


async def test_a_growing_loss_pays_the_difference_each_time() -> None:
    order = await active_order(await make_reseller())
    for undelivered in (200, 500, 1000):
        assert await end(await order_now(order.id), undelivered) is not None
    paid = [(source, amount, reference) for source, _, amount, reference in await moves_of(order.id)][1:]
    assert paid == [
        ("escrow", 60_000_000, f"order:{order.id}:refund:200"),
        ("escrow", 240_000_000, f"order:{order.id}:earned"),
        ("revenue", 90_000_000, f"order:{order.id}:refund:500"),
        ("revenue", 150_000_000, f"order:{order.id}:refund:1000"),
    ]
    await assert_audit_is_green()


async def test_rounding_never_pays_more_than_the_charge() -> None:
    """Seven units for 10 digits: each step is rounded by what is due in all, not by itself."""
    ann = await make_reseller(funds=10)
    order = await active_order(ann, quantity=7, charge=10, rate=10, rate_per=1000)
    refunded = []
    for undelivered in range(1, 8):
        ended = await end(await order_now(order.id), undelivered)
        assert ended is not None
        refunded.append(ended.refunded)
    assert refunded == [1, 2, 4, 5, 7, 8, 10]
    assert await book.balance(ann.id) == 10


async def test_sums_beyond_63_bits_are_exact() -> None:
    huge = 9_000_000_000_000_000_001
    ann = await make_reseller(funds=huge)
    order = await active_order(ann, quantity=2_000_000_000, charge=huge, rate=huge, rate_per=1000)
    ended = await end(order, 1_999_999_999)
    assert ended is not None
    assert ended.refunded == huge * 1_999_999_999 // 2_000_000_000


async def test_what_was_once_refunded_is_never_taken_back() -> None:
    order = await active_order(await make_reseller())
    partial = await end(order, 500)
    assert partial is not None
    for less in (0, 200):
        with pytest.raises(ValueError, match="cannot end with"):
            await end(partial, less)
    assert await order_now(order.id) == partial


async def test_four_hundred_settlements_of_forty_orders_are_forty_refunds() -> None:
    """Ten pollers see the same ending of each order at once."""
    ann = await make_reseller()
    orders = [await active_order(ann) for _ in range(40)]
    ended = await asyncio.gather(*(end(order, 300) for order in orders * 10))
    assert sum(result is not None for result in ended) == 40
    rows = await tables.Entry.select(tables.Entry.reference, tables.Entry.amount)
    refunds = [row["amount"] for row in rows if ":refund:" in row["reference"]]
    assert refunds == [90_000_000] * 40
    assert await book.balance(ann.id) == BOUGHT - 40 * 210_000_000
    await assert_audit_is_green()


async def test_late_losses_of_400_and_500_seen_at_once_pay_500_once() -> None:
    """Whoever comes second looks at the order again, as a poller does at its next turn."""
    ann = await make_reseller()
    order = await active_order(ann)
    await end(order, 200)

    async def see(undelivered: int) -> None:
        while (now := await order_now(order.id)).undelivered < undelivered:
            await end(now, undelivered)

    await asyncio.gather(*(see(undelivered) for undelivered in (400, 500) * 5))
    assert (await order_now(order.id)).refunded == 150_000_000
    paid = Counter(reference for _, _, _, reference in await moves_of(order.id))
    assert set(paid.values()) == {1}
    assert await book.balance(ann.id) == BOUGHT - 150_000_000
    await assert_audit_is_green()


async def test_an_ending_decided_on_an_old_row_changes_nothing() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    await end(order, 500)
    assert await end(order, 1000) is None
    assert (await order_now(order.id)).undelivered == 500


async def test_a_cancel_and_a_claim_at_once_have_one_winner() -> None:
    ann = await make_reseller()
    for _ in range(10):
        order = await accept_order(ann)

        async def claim(number: int = order.id) -> bool:
            return await store.advance(number, [OrderState.QUEUED], OrderState.PLACING)

        cancelled, claimed = await asyncio.gather(end(order, 1000), claim())
        assert (cancelled is None) is claimed


async def test_the_word_of_a_provider_that_called_the_order_off_no_longer_counts() -> None:
    """Its last answer may arrive when the order runs elsewhere: refunded then, it would be delivered for nothing."""
    ann = await make_reseller()
    order = await accept_order(ann)
    first = await activate(order)
    seen = await order_now(order.id)

    async def call_off() -> None:
        await attempt_store.answer(first.id, Outcome.CALLED_OFF, source=[Outcome.ACCEPTED])
        await store.enqueue(order.id, OrderState.ACTIVE, due_at=clock.now())

    await write(call_off)
    await activate(await order_now(order.id), provider="bravo")
    assert await settle(seen, 1000, note="cancelled", attempt=first.id) is None
    assert (await order_now(order.id)).state is OrderState.ACTIVE
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    await assert_audit_is_green()


async def test_a_refund_reaches_a_frozen_reseller_too() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    await tables.Reseller.update({tables.Reseller.frozen: True}).where(tables.Reseller.id == ann.id)
    await end(order, 1000)
    assert await book.balance(ann.id) == BOUGHT


async def test_half_a_settlement_is_none() -> None:
    """A reference that is taken already gives the whole ending up: the state, the units and the count of refunds."""
    ann = await make_reseller()
    order = await active_order(ann)
    entry = tables.Entry(
        source="escrow",
        target="revenue",
        amount=1,
        reference=f"order:{order.id}:earned",
        note="",
        at=0,
    )
    await tables.Entry.insert(entry)
    with pytest.raises(book.AlreadyPosted):
        await end(order, 300)
    assert await order_now(order.id) == order
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE


async def test_an_order_is_told_what_its_first_start_count_was() -> None:
    order = await active_order(await make_reseller())
    ended = await settle(order, 0, note="done", start_count=120)
    assert ended is not None
    assert ended.start_count == 120
    assert (await settle(replace(ended), 10, note="less")) is not None
    assert (await order_now(order.id)).start_count == 120
