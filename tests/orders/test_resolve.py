"""The owner's ways out of doubt: each decision once, never too early, and never two purchases or two refunds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import pytest

from aggregator.audit import run as audit_run
from aggregator.audit import store as audit_store
from aggregator.audit.run import audit
from aggregator.ledger import book
from aggregator.orders import attempt_store, halts, store
from aggregator.orders.dispatching import queue_store
from aggregator.orders.halts import Concerned
from aggregator.orders.model import Order, Undecidable
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import resolve
from aggregator.storage import decisions, signals, tables
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import (
    accept_order,
    activate,
    active_order,
    begin_attempt,
    make_reseller,
    moves_of,
    order_now,
    unsure_order,
)

pytestmark = pytest.mark.usefixtures("panel_database")

BOUGHT = 1000 * SCALE
SETTLE_MS = 45_000


async def assert_audit_is_green() -> None:
    assert [finding for finding in await audit() if finding.broken] == []


async def write_off(order: Order) -> Order:
    return await resolve.write_off(order.id, settle_ms=SETTLE_MS, actor="owner", reason="looked")


async def absent(order: Order) -> Order:
    return await resolve.absent(order.id, settle_ms=SETTLE_MS, actor="owner", reason="looked")


async def find(order: Order, upstream: str = "4711") -> Order:
    return await resolve.found(order.id, upstream, actor="owner", reason="looked")


async def test_what_is_found_is_followed() -> None:
    order = await unsure_order(await make_reseller())
    found = await find(order)
    [attempt] = await attempt_store.of_order(order.id)
    assert (found.state, attempt.outcome, attempt.upstream_order) == (OrderState.ACTIVE, "accepted", "4711")
    assert attempt.poll_at is not None
    await assert_audit_is_green()


async def test_what_is_absent_goes_back_into_the_queue() -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    assert (await absent(order)).state is OrderState.QUEUED
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    assert [claimed.id for claimed in await queue_store.claim_due(10)] == [order.id]
    await assert_audit_is_green()


async def test_what_is_absent_and_no_longer_wanted_comes_back() -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    assert await store.request_cancel(order.id)
    assert (await absent(order)).state is OrderState.CANCELLED
    assert await book.balance(ann.id) == BOUGHT
    await assert_audit_is_green()


async def test_what_is_written_off_comes_back_by_a_decision() -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    assert (await write_off(order)).state is OrderState.CANCELLED
    assert await book.balance(ann.id) == BOUGHT
    entry = tables.Entry
    refund = await entry.select().where(entry.reference == f"order:{order.id}:refund:1000").first()
    (decision,) = await decisions.about("order", order.id)
    assert refund is not None
    assert (refund["decision"], decision.verdict, decision.actor) == (decision.id, "written_off", "owner")
    await assert_audit_is_green()


@pytest.mark.parametrize("seconds_ago", [-30, 0, 44])
async def test_absence_right_after_an_add_proves_nothing(seconds_ago: int) -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=seconds_ago)
    for deed in (absent, write_off):
        with pytest.raises(Undecidable, match="too early"):
            await deed(order)
    assert await order_now(order.id) == order
    assert len(await decisions.about("order", order.id)) == 0
    assert (await find(order)).state is OrderState.ACTIVE


@pytest.mark.parametrize("deed", [absent, write_off, find])
async def test_a_decision_is_taken_once(deed: object) -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    await deed(order)  # type: ignore[operator]  # one of the three above
    for again in (absent, write_off):
        with pytest.raises(Undecidable):
            await again(order)
    assert len(await decisions.about("order", order.id)) == 1
    await assert_audit_is_green()


async def test_of_opposite_decisions_at_once_one_wins() -> None:
    """Two owners, two tabs. Found may come after the winner, too: then it is the owner's cost and moves nothing."""
    for number in range(8):
        ann = await make_reseller(f"ann-{number}")
        order = await unsure_order(ann, seconds_ago=46)
        deeds = [find(order, f"x-{number}"), absent(order), write_off(order), write_off(order), absent(order)]
        found, *given_up = await asyncio.gather(*deeds, return_exceptions=True)
        winners = sum(isinstance(result, Order) for result in given_up)
        assert winners == 1 or (winners == 0 and isinstance(found, Order))
        state = (await order_now(order.id)).state
        assert (state is OrderState.ACTIVE) is (winners == 0)
        back = BOUGHT if state is OrderState.CANCELLED else BOUGHT - 3 * SCALE
        assert await book.balance(ann.id) == back
    await assert_audit_is_green()


async def test_what_is_found_after_it_was_absent_is_the_owners_cost() -> None:
    """The reseller's order runs elsewhere by then: no wallet moves."""
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    await absent(order)
    await activate(await order_now(order.id), provider="bravo")
    before = await order_now(order.id)
    await find(order)
    first, second = await attempt_store.of_order(order.id)
    assert (first.outcome, first.upstream_order, first.poll_at is not None) == ("absent", "4711", True)
    assert second.outcome == "accepted"
    assert await order_now(order.id) == before
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    await assert_audit_is_green()


async def test_what_is_found_after_a_write_off_moves_no_wallet() -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    ended = await write_off(order)
    moves = await moves_of(order.id)
    await find(order)
    assert await order_now(order.id) == ended
    assert await moves_of(order.id) == moves
    with pytest.raises(Undecidable):
        await find(order, "4712")
    await assert_audit_is_green()


async def test_of_two_ids_found_at_once_after_a_write_off_the_first_stays() -> None:
    ann = await make_reseller()
    order = await unsure_order(ann, seconds_ago=46)
    await write_off(order)
    results = await asyncio.gather(*(find(order, f"x-{number}") for number in range(6)), return_exceptions=True)
    assert sum(isinstance(result, Order) for result in results) == 1
    assert len(await decisions.about("order", order.id)) == 2


async def test_an_id_that_belongs_to_another_order_is_refused() -> None:
    ann = await make_reseller()
    other = await accept_order(ann)
    await activate(other, upstream="4711")
    order = await unsure_order(ann)
    with pytest.raises(Undecidable, match="belongs to another"):
        await find(order)
    assert (await order_now(order.id)).state is OrderState.UNSURE
    assert len(await decisions.about("order", order.id)) == 0


async def test_only_what_is_unsure_can_be_decided() -> None:
    ann = await make_reseller()
    queued, active = await accept_order(ann), await active_order(ann)
    placing = await accept_order(ann)
    await begin_attempt(placing)
    for order in (queued, active, placing):
        for deed in (absent, write_off, find):
            with pytest.raises(Undecidable):
                await deed(order)


async def test_what_does_not_exist_cannot_be_decided() -> None:
    deeds = (
        resolve.found(99, "1", actor="owner", reason="looked"),
        resolve.settle_by_hand(99, 0, actor="owner", reason="looked"),
        resolve.call_off(99, actor="owner", reason="looked"),
    )
    for deed in deeds:
        with pytest.raises(Undecidable, match="no order 99"):
            await deed


async def test_goodwill_on_an_ended_order_is_paid_out_of_the_revenue() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    await settle(order, 0, note="done")
    given = await resolve.settle_by_hand(order.id, 250, actor="owner", reason="looked")
    assert (given.state, given.refunded) == (OrderState.PARTIAL, 75_000_000)
    assert (await moves_of(order.id))[-1][0] == "revenue"
    await assert_audit_is_green()


async def test_what_was_paid_back_cannot_be_settled_away() -> None:
    ann = await make_reseller()
    order = await active_order(ann)
    await settle(order, 500, note="half")
    for undelivered in (0, 499, 500):
        with pytest.raises(Undecidable, match="never taken back"):
            await resolve.settle_by_hand(order.id, undelivered, actor="owner", reason="looked")
    assert await book.balance(ann.id) == BOUGHT - 150_000_000


@pytest.mark.parametrize("undelivered", [-1, 1001, 2**70])
async def test_no_more_units_can_be_missing_than_were_ordered(undelivered: int) -> None:
    order = await active_order(await make_reseller())
    with pytest.raises(Undecidable, match="between 0 and 1000"):
        await resolve.settle_by_hand(order.id, undelivered, actor="owner", reason="looked")


async def test_what_nobody_accepted_cannot_be_settled_by_hand() -> None:
    ann = await make_reseller()
    for order in (await accept_order(ann), await unsure_order(ann)):
        with pytest.raises(Undecidable, match="nothing was accepted"):
            await resolve.settle_by_hand(order.id, 0, actor="owner", reason="looked")


async def test_a_hand_and_a_poller_at_once_pay_what_is_due_once() -> None:
    ann = await make_reseller()
    for _ in range(8):
        order = await active_order(ann)
        await asyncio.gather(
            resolve.settle_by_hand(order.id, 400, actor="owner", reason="looked"),
            settle(order, 500, note="poll"),
            return_exceptions=True,
        )
        now = await order_now(order.id)
        assert now.refunded == now.undelivered * 300_000
    await assert_audit_is_green()


async def test_the_owner_calls_off_what_waits_at_once_and_asks_for_what_has_left() -> None:
    ann = await make_reseller()
    queued, active = await accept_order(ann), await active_order(ann)
    assert (await resolve.call_off(queued.id, actor="owner", reason="looked")).state is OrderState.CANCELLED
    asked = await resolve.call_off(active.id, actor="owner", reason="looked")
    assert (asked.state, asked.cancel_wish) == (OrderState.ACTIVE, True)
    with pytest.raises(Undecidable, match="already"):
        await resolve.call_off(queued.id, actor="owner", reason="looked")
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    await assert_audit_is_green()


async def test_a_decision_is_told_to_the_other_processes() -> None:
    order = await unsure_order(await make_reseller(), seconds_ago=46)
    before = await signals.read()
    await write_off(order)
    after = await signals.read()
    assert all(after[name] > before.get(name, 0) for name in (signals.REPLIES, signals.WORK))


async def test_only_what_a_person_decides_moves_money_of_an_order_that_stands_still(panel_database: str) -> None:
    """Whoever decides, not how they are called: a person's name may look like a rule's."""
    await audit_run.run()
    for by_rule, actor, state in ((True, "olga", "unsure"), (False, "rule:olga", "cancelled")):
        order = await unsure_order(await make_reseller(f"ann-{by_rule}"), seconds_ago=400)
        await store.request_cancel(order.id)
        stops, (run,) = {"one-live-attempt": {Concerned(order=order.id)}}, await audit_store.last_runs(1)
        await write(partial(halts.replace, run.id, stops, lifts=False))
        with suppress(Undecidable):
            await resolve.absent(order.id, settle_ms=SETTLE_MS, actor=actor, reason="looked", by_rule=by_rule)
        assert (await order_now(order.id)).state.value == state
