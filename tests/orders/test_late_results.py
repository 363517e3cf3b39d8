"""Answers that come after everybody stopped waiting: they still count, and never against a decision."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from aggregator.app import Panel
from aggregator.failpoints import Failpoints, Work, name_of
from aggregator.ledger import book
from aggregator.orders import attempt_store, store
from aggregator.orders.model import Order
from aggregator.orders.unsure import resolve
from aggregator.resellers.model import Reseller
from aggregator.storage import clock, tables
from aggregator.storage.transaction import intercept_writes
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, open_database, order_now, set_attempt
from tests.orders.panels import ScriptedPanel, dispatch, hurry, open_panel, outcomes_of, poll, state_of
from tests.servers import PostgresServer

T = TypeVar("T")
BOUGHT = 1000 * SCALE


async def let_it_pass_its_deadline(panel: Panel, order: Order) -> None:
    """The worker stands still for longer than the add may take, and the sweeper comes by."""
    [attempt] = await attempt_store.of_order(order.id)
    await set_attempt(attempt.id, {tables.Attempt.deadline_at: 1})
    assert await panel.dispatcher.sweep() == 1
    assert await state_of(order) == "unsure"


async def test_an_acceptance_after_the_sweep_counts(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    order = await accept_order(ann)
    alpha.before_add = lambda: let_it_pass_its_deadline(panel, order)
    await dispatch(panel)
    assert (await outcomes_of(order.id), await state_of(order)) == ([("alpha", "accepted", None)], "active")


async def test_a_refusal_after_the_sweep_counts(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    order = await accept_order(ann)
    alpha.before_add = lambda: let_it_pass_its_deadline(panel, order)
    alpha.answer_to_add = {"error": "Not enough funds on balance"}
    await dispatch(panel)
    assert (await outcomes_of(order.id), await state_of(order)) == ([("alpha", "refused", "FUNDS")], "queued")


async def test_an_acceptance_after_a_write_off_is_followed_as_the_owners_cost(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await accept_order(ann)

    async def write_off() -> None:
        await let_it_pass_its_deadline(panel, order)
        await resolve.write_off(order.id, actor="owner", reason="nobody knows", settle_ms=0)

    alpha.before_add = write_off
    await dispatch(panel)
    [attempt] = await attempt_store.of_order(order.id)
    assert (attempt.outcome, attempt.upstream_order, attempt.poll_at is not None) == ("written_off", "5001", True)
    alpha.reply = {"status": "Partial", "remains": "300", "charge": "1.68"}
    await poll(panel)
    ended = await order_now(order.id)
    assert (ended.state, ended.refunded) == ("cancelled", 3 * SCALE)
    assert await book.balance(ann.id) == BOUGHT


async def test_a_refusal_after_a_write_off_changes_nothing(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    order = await accept_order(ann)

    async def write_off() -> None:
        await let_it_pass_its_deadline(panel, order)
        await resolve.write_off(order.id, actor="owner", reason="nobody knows", settle_ms=0)

    alpha.before_add = write_off
    alpha.answer_to_add = {"error": "Bad link"}
    await dispatch(panel)
    assert [outcome[:2] for outcome in await outcomes_of(order.id)] == [("alpha", "written_off")]
    assert await book.balance(ann.id) == BOUGHT


async def test_an_acceptance_after_the_owner_found_it_keeps_the_owners_word(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await accept_order(ann)

    async def find() -> None:
        await let_it_pass_its_deadline(panel, order)
        await resolve.found(order.id, "4711", actor="owner", reason="seen there")

    alpha.before_add = find
    await dispatch(panel)
    [attempt] = await attempt_store.of_order(order.id)
    assert (attempt.outcome, attempt.upstream_order, await state_of(order)) == ("accepted", "4711", "active")


async def test_whoever_was_held_up_between_the_commit_and_the_request_does_not_send_it_any_more(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen machine wakes up when others have long believed that the attempt is over, and bought elsewhere."""
    order = await accept_order(ann)

    async def freeze(work: Work[T], run: Callable[[Work[T]], Awaitable[T]]) -> T:
        result = await run(work)
        if name_of(work) == "attempt_writer.begin":
            intercept_writes(Failpoints().transaction)
            monkeypatch.setattr(clock, "_offset_ms", clock._offset_ms + 60_000)
            assert await panel.dispatcher.sweep() == 1
            await resolve.absent(order.id, actor="owner", reason="it is not there", settle_ms=0)
        return result

    intercept_writes(freeze)
    try:
        await dispatch(panel)
    finally:
        intercept_writes(Failpoints().transaction)
    assert ([outcome[:2] for outcome in await outcomes_of(order.id)], alpha.placed) == ([("alpha", "absent")], 5000)
    assert await state_of(order) == "queued"


async def test_a_wish_to_cancel_while_the_add_is_on_its_way_is_kept(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await accept_order(ann)

    async def wish() -> None:
        assert await store.request_cancel(order.id)

    alpha.before_add = wish
    await dispatch(panel)
    assert await state_of(order) == "active"
    await poll(panel)
    await poll(panel)
    assert alpha.cancels == ["5001"]


async def test_a_wish_to_cancel_ends_an_order_that_is_refused_meanwhile(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await accept_order(ann)

    async def wish() -> None:
        assert await store.request_cancel(order.id)

    alpha.before_add = wish
    alpha.answer_to_add = {"error": "Not enough funds on balance"}
    await dispatch(panel)
    assert await state_of(order) == "cancelled"
    assert await book.balance(ann.id) == BOUGHT
    await hurry()
    await dispatch(panel)
    assert len(await outcomes_of(order.id)) == 1


async def test_an_answer_that_comes_while_the_database_is_away_is_not_lost(
    alpha: ScriptedPanel, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    """It is the only trace of what was bought: it is written down when the database is back."""
    coming_back: list[asyncio.Task[None]] = []

    async def come_back() -> None:
        await asyncio.sleep(0.3)
        await asyncio.to_thread(postgres_server.start)

    async def go_away() -> None:
        postgres_server.kill()
        coming_back.append(asyncio.create_task(come_back()))

    async with open_database(postgres_server.url), open_panel(tmp_path, postgres_server.url, {"alpha": alpha}) as panel:
        order = await accept_order(await make_reseller())
        alpha.before_add = go_away
        await dispatch(panel)
        await asyncio.gather(*coming_back)
        [attempt] = await attempt_store.of_order(order.id)
        assert (attempt.outcome, attempt.upstream_order) == ("accepted", "5001")
        assert await state_of(order) == "active"
