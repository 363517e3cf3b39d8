"""Orders are followed in bulk, and no answer about one of them harms another or is believed too easily."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.ledger import book
from aggregator.orders import attempt_store, store
from aggregator.orders.following import poll as poll_module
from aggregator.orders.following import progress_store
from aggregator.orders.following.poll import LOST_AFTER_MS
from aggregator.orders.model import Order
from aggregator.orders.settling.settlement import Announce
from aggregator.orders.unsure import resolve
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions, tables
from pricing.money import SCALE
from tests.builders import make_reseller, order_now, unsure_order
from tests.orders.panels import (
    PARTIAL_300,
    ScriptedPanel,
    classic_reply,
    dispatch,
    minutes_pass,
    open_panel,
    poll,
    running,
    state_of,
)

BOUGHT = 1000 * SCALE


async def test_many_pollers_of_the_same_answers_pay_each_refund_once(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Forty orders fall short; ten pollers ask about all of them at once, again and again."""
    orders = await running(panel, ann, 40)
    alpha.reply = PARTIAL_300
    for _ in range(3):
        await asyncio.gather(*(poll(panel) for _ in range(10)))
    refunds = await tables.Entry.raw(
        "select count(*) as n, sum(amount) as paid from entries where reference like '%refund%'"
    )
    assert (refunds[0]["n"], int(refunds[0]["paid"])) == (40, 40 * 90_000_000)
    assert {await state_of(order) for order in orders} == {"partial"}
    assert await book.balance(ann.id) == BOUGHT - 40 * 210_000_000


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "nonsense",
        {},
        [],
        {"error": "Incorrect order ID"},
        {"status": "Partial", "remains": "1e999999", "charge": "NaN"},
        {"status": "Partial", "remains": True},
        {"status": {"deep": []}, "remains": [3]},
        {"status": "Canceled" * 1000, "remains": "-0"},
    ],
)
async def test_one_bad_entry_never_harms_the_others_of_its_batch(
    bad: object, panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    orders = await running(panel, ann, 5)
    alpha.reply = PARTIAL_300
    alpha.replies = {"5003": bad}
    await poll(panel)
    assert [await state_of(order) for order in orders] == ["partial", "partial", "active", "partial", "partial"]
    assert (await order_now(orders[2].id)).refunded == 0


async def test_an_order_whose_settlement_fails_does_not_stop_the_others(
    alpha: ScriptedPanel, tmp_path: Path, panel_database: str
) -> None:
    """Somebody has written into the book by hand: that order must wait for the owner, the others must not."""
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        orders = await running(panel, await make_reseller(), 3)
        reference = f"order:{orders[1].id}:refund:300"
        forged = tables.Entry(source="x", target="revenue", amount=1, reference=reference, note="", at=0)
        await tables.Entry.insert(forged)
        alpha.reply = PARTIAL_300
        await poll(panel)
        assert [await state_of(order) for order in orders] == ["partial", "active", "partial"]
        assert (await order_now(orders[1].id)).refunded == 0


async def test_where_news_cannot_be_written_together_they_are_written_one_by_one(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = await running(panel, ann, 3)
    keep = progress_store.keep

    async def fails_for_one(announced: Sequence[tuple[Order, Announce]], sights: Sequence[Any]) -> None:
        if any(order.id == orders[1].id for order, _ in announced):
            raise LookupError
        await keep(announced, sights)

    monkeypatch.setattr(progress_store, "keep", fails_for_one)
    alpha.reply = {"status": "In progress", "remains": "400", "charge": "2.4"}
    await poll(panel)
    assert [(await order_now(order.id)).remains for order in orders] == [400, 1000, 400]
    monkeypatch.undo()
    await poll(panel)
    assert (await order_now(orders[1].id)).remains == 400


async def test_a_start_count_below_nothing_that_was_kept_before_is_neither_told_nor_stands_in_the_way(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Earlier versions wrote what the provider said into the row."""
    (order,) = await running(panel, ann, 1)
    await tables.Order.update({tables.Order.start_count: -1}, force=True)
    assert (await order_now(order.id)).start_count is None
    assert (await classic_reply(panel, await order_now(order.id)))["start_count"] == "0"
    alpha.reply = {"status": "In progress", "remains": "400", "start_count": "70"}
    await poll(panel)
    assert (await order_now(order.id)).start_count == 70


async def test_an_answer_about_everything_changes_nothing(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """The provider's own trouble is nobody's refund."""
    orders = await running(panel, ann, 3)
    before = [await order_now(order.id) for order in orders]
    troubles: tuple[Any, ...] = ({"error": "Invalid API key"}, {"error": "Incorrect order ID"}, [], "", None)
    for trouble in troubles:
        alpha.reply = trouble
        await poll(panel)
    assert [await order_now(order.id) for order in orders] == before
    assert await book.balance(ann.id) == BOUGHT - 9 * SCALE


async def test_an_order_that_its_provider_denies_for_long_is_shown_to_the_owner(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    [order] = await running(panel, ann)
    alpha.reply = {"error": "Incorrect order ID"}
    await poll(panel)
    assert (await order_now(order.id)).held is None
    await tables.Attempt.raw("update attempts set lost_since = lost_since - {}", LOST_AFTER_MS)
    await poll(panel)
    held = await order_now(order.id)
    assert (held.state, held.held is not None, held.refunded) == ("active", True, 0)
    alpha.reply = {"status": "In progress", "remains": "400", "charge": "2.4"}
    await poll(panel)
    assert (await order_now(order.id)).held is None


async def test_what_was_found_too_late_and_then_lost_does_not_hold_the_order_that_runs_elsewhere(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await unsure_order(ann, seconds_ago=60)
    await resolve.absent(order.id, actor="owner", reason="not in their list", settle_ms=45_000)
    await tables.Attempt.raw("update attempts set answered_at = 1")
    await dispatch(panel)
    assert await state_of(order) == "active"
    await resolve.found(order.id, "4711", actor="owner", reason="it is there after all")
    alpha.replies = {"4711": {"error": "Incorrect order ID"}}
    await poll(panel)
    await tables.Attempt.raw("update attempts set lost_since = lost_since - {}", LOST_AFTER_MS)
    await poll(panel)
    now = await order_now(order.id)
    assert (now.state, now.held) == ("active", None)


async def test_a_held_order_is_settled_by_hand_once_and_followed_on(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    [order] = await running(panel, ann)
    alpha.reply = {"status": "Partial", "remains": "0", "charge": "2.4"}
    await poll(panel)
    assert (await order_now(order.id)).held is not None
    settled = await resolve.settle_by_hand(order.id, 300, actor="owner", reason="counted")
    assert (settled.state, settled.held, settled.refunded) == ("partial", None, 90_000_000)
    (decision,) = await decisions.about("order", order.id)
    entry = await tables.Entry.select().where(tables.Entry.reference == f"order:{order.id}:refund:300").first()
    assert entry is not None
    assert entry["decision"] == decision.id
    alpha.reply = {"status": "Partial", "remains": "500"}
    await poll(panel)
    assert (await order_now(order.id)).refunded == 150_000_000


async def test_a_held_order_is_not_asked_about_in_a_loop(
    alpha: ScriptedPanel, tmp_path: Path, panel_database: str
) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, pace="confirm_seconds = 60") as panel:
        [order] = await running(panel, await make_reseller())
        alpha.reply = {"status": "Partial", "remains": "0", "charge": "2.4"}
        await poll(panel)
        await minutes_pass(order.id)
        await poll(panel)
        assert (await order_now(order.id)).held is not None
        [attempt] = await attempt_store.of_order(order.id)
        assert attempt.poll_at is not None
        assert attempt.poll_at - attempt.created_at >= 30_000


async def test_a_wish_is_sent_once_by_however_many_pollers(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    orders = await running(panel, ann, 5)
    for order in orders:
        assert await store.request_cancel(order.id)
    await asyncio.gather(*(panel.poller.run_once("alpha") for _ in range(8)))
    assert sorted(alpha.cancels) == ["5001", "5002", "5003", "5004", "5005"]
    assert {await state_of(order) for order in orders} == {"active"}


async def test_a_second_round_runs_beside_the_first_only_while_there_is_a_backlog(
    panel: Panel, ann: Reseller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no order is asked about in both."""
    monkeypatch.setattr(poll_module, "CLAIM_MANY", 2)
    await running(panel, ann, many=5)
    assert not panel.poller.is_behind("alpha")
    await tables.Attempt.raw("update attempts set poll_at = 0")
    asked = await asyncio.gather(panel.poller.run_once("alpha"), panel.poller.run_once("alpha"))
    assert (list(asked), panel.poller.is_behind("alpha")) == ([2, 2], True)
    assert (await panel.poller.run_once("alpha"), panel.poller.is_behind("alpha")) == (1, False)
