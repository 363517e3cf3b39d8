"""A reseller calls an order off: at once while it waits, else as a wish that its provider must grant."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from aggregator.app import Panel
from aggregator.errors import CancelRefused, OrderNotFound
from aggregator.ledger import book
from aggregator.orders import store
from aggregator.orders.aftersales.cancel import Canceller
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from aggregator.workers import Loop
from pricing.money import SCALE
from tests.builders import accept_order, begin_attempt, make_reseller, order_now, unsure_order
from tests.orders.panels import ScriptedPanel, dispatch, move_providers, open_panel, poll, state_of

BOUGHT = 1000 * SCALE


@pytest.fixture
def canceller(panel: Panel) -> Canceller:
    return Canceller(lambda: panel.prices.shelf, panel.tracker, panel.wake)


async def test_what_waits_comes_back_at_once(canceller: Canceller, ann: Reseller) -> None:
    order = await accept_order(ann)
    await canceller.cancel(ann, order.id)
    assert await state_of(order) == "cancelled"
    assert await book.balance(ann.id) == BOUGHT
    with pytest.raises(CancelRefused):
        await canceller.cancel(ann, order.id)
    assert await book.balance(ann.id) == BOUGHT


async def test_another_resellers_order_is_no_order(canceller: Canceller, ann: Reseller) -> None:
    order = await accept_order(ann)
    bob = await make_reseller("bob")
    for number in (order.id, 999, 0, -1, 2**80):
        with pytest.raises(OrderNotFound):
            await canceller.cancel(bob, number)
    assert await order_now(order.id) == order


async def test_what_is_on_its_way_or_unsure_remembers_the_wish(canceller: Canceller, ann: Reseller) -> None:
    placing, unsure = await accept_order(ann), await unsure_order(ann)
    await begin_attempt(placing, provider="bravo")
    for order in (placing, unsure):
        state = await state_of(order)
        for _ in range(2):
            await canceller.cancel(ann, order.id)
        now = await order_now(order.id)
        assert (now.state, now.cancel_wish) == (state, True)
    assert await book.balance(ann.id) == BOUGHT - 6 * SCALE


async def test_money_waits_for_the_providers_word(
    panel: Panel, canceller: Canceller, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await accept_order(ann)
    await dispatch(panel)
    await canceller.cancel(ann, order.id)
    alpha.reply = {"status": "In progress", "remains": "400", "charge": "2.4"}
    await poll(panel)
    assert alpha.cancels == ["5001"]
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    alpha.reply = {"status": "Completed", "remains": "0", "charge": "2.4"}
    await poll(panel)
    assert await state_of(order) == "completed"
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    assert alpha.cancels == ["5001"]


async def test_a_cancel_wakes_the_loop_of_its_provider_and_no_other(panel: Panel, ann: Reseller) -> None:
    """What counts the days, tidies and audits has nothing to do for it, and takes seconds."""
    orders = [await accept_order(ann) for _ in range(30)]
    await dispatch(panel)
    rounds: Counter[str] = Counter()
    asked = asyncio.Event()

    def counted(name: str) -> Loop:
        async def job() -> float:
            rounds[name] += 1
            if rounds["poll:alpha"] > 1:
                asked.set()
            return 3600

        return Loop(name, job, pause=3600)

    names = ["tidy", "days", "audit", "sweep", "announce", "dispatch", "sync:alpha", "poll:bravo", "poll:alpha"]
    for name in names:
        panel.workers.start(counted(name))
    await asyncio.sleep(0.1)
    for order in orders:
        await panel.canceller.cancel(ann, order.id)
    async with asyncio.timeout(10):
        await asked.wait()
    await asyncio.sleep(0.1)
    assert {name for name in names if rounds[name] > 1} == {"poll:alpha"}


async def test_what_has_ended_cannot_be_called_off(canceller: Canceller, panel: Panel, ann: Reseller) -> None:
    order = await accept_order(ann)
    await dispatch(panel)
    await settle(await order_now(order.id), 0, note="done")
    with pytest.raises(CancelRefused):
        await canceller.cancel(ann, order.id)


async def test_what_runs_where_nobody_takes_cancels_is_refused(tmp_path: Path, panel_database: str) -> None:
    alpha = ScriptedPanel("2.40", cancel=False)
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        ann = await make_reseller()
        order = await accept_order(ann)
        canceller = Canceller(lambda: panel.prices.shelf, panel.tracker, panel.wake)
        await dispatch(panel)
        with pytest.raises(CancelRefused):
            await canceller.cancel(ann, order.id)
        assert not (await order_now(order.id)).cancel_wish


async def test_fifty_cancels_at_once_are_one_refund(canceller: Canceller, ann: Reseller) -> None:
    order = await accept_order(ann)
    said = await asyncio.gather(*(canceller.cancel(ann, order.id) for _ in range(50)), return_exceptions=True)
    assert said.count(None) == 1
    assert {type(one) for one in said} == {type(None), CancelRefused}
    assert await book.balance(ann.id) == BOUGHT


async def test_a_cancel_against_a_claim_is_granted_or_remembered(canceller: Canceller, ann: Reseller) -> None:
    for number in range(10):
        order = await accept_order(ann)

        async def claim(number: int = number, order_id: int = order.id) -> None:
            await asyncio.sleep(number / 5000)
            await store.advance(order_id, [OrderState.QUEUED], OrderState.PLACING)

        await asyncio.gather(canceller.cancel(ann, order.id), claim())
        now = await order_now(order.id)
        assert (now.state, now.cancel_wish) in ((OrderState.CANCELLED, False), (OrderState.PLACING, True))
        if now.state is OrderState.PLACING:
            await store.advance(order.id, [OrderState.PLACING], OrderState.QUEUED)


async def test_a_provider_that_was_not_reached_is_asked_another_time(
    panel: Panel, canceller: Canceller, alpha: ScriptedPanel, ann: Reseller, tmp_path: Path
) -> None:
    order = await accept_order(ann)
    await dispatch(panel)
    await canceller.cancel(ann, order.id)
    text = (tmp_path / "providers.toml").read_text()
    url = next(line for line in text.splitlines() if line.startswith("url"))
    await move_providers(panel, tmp_path, text.replace(url, 'url = "http://127.0.0.1:1/api/v2"'))
    await panel.poller.run_once("alpha")
    await move_providers(panel, tmp_path, text)
    await tables.Provider.update({tables.Provider.rest_until: 0}).where(tables.Provider.name == "alpha")
    await panel.poller.run_once("alpha")
    assert alpha.cancels == ["5001"]
    assert await state_of(order) == "active"
