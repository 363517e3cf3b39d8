"""Where orders really go: real providers over HTTP, each attempt written down first, nothing sent twice."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aggregator.audit.run import audit
from aggregator.catalog import store as catalog_store
from aggregator.ledger import book
from aggregator.orders.model import Order
from aggregator.orders.state import OrderState
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from pricing.money import SCALE
from tests.builders import accept_order, begin_attempt, make_reseller, order_now, set_attempt
from tests.orders.panels import (
    ScriptedPanel,
    dispatch,
    dispatch_all,
    hurry,
    move_providers,
    open_panel,
    outcomes_of,
    sandbox,
    state_of,
)

BOUGHT = 1000 * SCALE


async def order_for(reseller: Reseller, word: str = "") -> Order:
    """1,000 units for 3.00, whose link tells the sandboxes what to do."""
    return await accept_order(reseller, link=f"https://x.example/u/{word}")


async def assert_audit_is_green() -> None:
    assert [finding for finding in await audit() if finding.broken] == []


async def test_an_order_goes_to_the_cheapest_provider(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = sandbox("2.40"), sandbox("2.30")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        order = await order_for(await make_reseller())
        await dispatch(panel)
        assert await outcomes_of(order.id) == [("bravo", "accepted", None)]
        assert await state_of(order) == "active"
    assert (len(alpha.orders), len(bravo.orders)) == (0, 1)
    assert (bravo.orders[0].link, bravo.orders[0].quantity) == (order.link, "1000")


async def test_the_attempt_is_in_the_database_when_the_request_arrives(tmp_path: Path, panel_database: str) -> None:
    """Whatever dies from here on, somebody knows that money may have been spent."""
    seen: list[Any] = []
    alpha = ScriptedPanel("2.40")

    async def look() -> None:
        order = await tables.Order.select(tables.Order.state).first()
        attempts = await tables.Attempt.select()
        seen.append((order, attempts))

    alpha.before_add = look
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        order = await order_for(await make_reseller())
        await dispatch(panel)
    [(row, [attempt])] = seen
    assert row == {"state": "placing"}
    assert (attempt["order_id"], attempt["outcome"], attempt["upstream_order"]) == (order.id, "placing", None)
    assert (attempt["cost"], attempt["cost_theirs"], attempt["currency"]) == (240_000_000, "2.40000000", "USD")
    assert attempt["deadline_at"] > attempt["created_at"]


@pytest.mark.parametrize("text", ["Not enough funds on balance", "Incorrect service ID", "Bad link", "Invalid API key"])
async def test_a_refusal_goes_on_to_the_next_provider(text: str, tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        alpha.set_mode(f"refuse:{text}")
        order = await order_for(await make_reseller())
        await dispatch_all(panel)
        (first, second) = await outcomes_of(order.id)
    assert (first[:2], second) == (("alpha", "refused"), ("bravo", "accepted", None))
    assert await state_of(order) == "active"


async def test_what_was_never_sent_goes_on_to_the_next_provider(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        nobody = 'url = "http://127.0.0.1:1/api/v2"'
        text = (tmp_path / "providers.toml").read_text()
        first_url = next(line for line in text.splitlines() if line.startswith("url"))
        await move_providers(panel, tmp_path, text.replace(first_url, nobody))
        order = await order_for(await make_reseller())
        await dispatch_all(panel)
        assert await outcomes_of(order.id) == [("alpha", "not_sent", "TRANSPORT"), ("bravo", "accepted", None)]


@pytest.mark.parametrize("word", ["lost", "drop", "error500", "lostno"])
async def test_a_lost_answer_is_not_a_no(word: str, tmp_path: Path, panel_database: str) -> None:
    """Never sent again, never refunded by itself: a second purchase is worse than a delay."""
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        order = await order_for(ann, word)
        await dispatch_all(panel)
        await hurry()
        await dispatch_all(panel)
        [(provider, outcome, _)] = await outcomes_of(order.id)
    assert (provider, outcome, await state_of(order)) == ("alpha", "unsure", "unsure")
    assert (len(alpha.orders), len(bravo.orders)) == (1, 0)
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    await assert_audit_is_green()


async def test_a_text_that_nobody_knows_is_not_a_no(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        alpha.set_mode("refuse:The stars are not right, try again")
        order = await order_for(await make_reseller())
        await dispatch_all(panel)
        assert [outcome[:2] for outcome in await outcomes_of(order.id)] == [("alpha", "unsure")]
    assert await state_of(order) == "unsure"


async def test_what_two_providers_say_of_a_link_ends_the_order(tmp_path: Path, panel_database: str) -> None:
    providers = {"alpha": sandbox("2.20"), "bravo": sandbox("2.30"), "charlie": sandbox("2.40")}
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, providers) as panel:
        order = await order_for(ann, "refuse/Bad-link")
        await dispatch_all(panel)
        assert await outcomes_of(order.id) == [
            ("alpha", "refused", "LINK_INVALID"),
            ("bravo", "refused", "LINK_INVALID"),
        ]
    assert await state_of(order) == "cancelled"
    assert await book.balance(ann.id) == BOUGHT
    assert providers["charlie"].orders == []
    await assert_audit_is_green()


async def test_an_order_that_its_only_provider_cannot_take_comes_back(tmp_path: Path, panel_database: str) -> None:
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": sandbox()}) as panel:
        order = await order_for(ann, "refuse/Bad-link")
        await dispatch_all(panel)
    assert await state_of(order) == "cancelled"
    assert await book.balance(ann.id) == BOUGHT
    await assert_audit_is_green()


async def test_a_provider_out_of_funds_makes_orders_wait_and_takes_them_when_it_is_funded(
    tmp_path: Path, panel_database: str
) -> None:
    alpha = sandbox("2.40", balance="1")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        order = await order_for(await make_reseller())
        await dispatch_all(panel)
        waiting = await order_now(order.id)
        assert (waiting.state, await outcomes_of(order.id)) == (OrderState.QUEUED, [])
        assert waiting.due_at > order.due_at
        alpha.set_balance("100")
        assert await panel.syncer.read_balance("alpha")
        await hurry()
        await dispatch(panel)
        assert await outcomes_of(order.id) == [("alpha", "accepted", None)]


async def test_an_order_never_leaves_at_a_loss(tmp_path: Path, panel_database: str) -> None:
    """The provider's price rose after the sale: the order waits, and is given back in the end."""
    alpha = sandbox("2.40")
    ann = await make_reseller()
    pace = "confirm_seconds = 0\ngive_up_seconds = 3600"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, pace=pace) as panel:
        order = await order_for(ann)
        await tables.Listing.update({tables.Listing.rate: "2.99"}).where(tables.Listing.provider == "alpha")
        await panel.prices.reload(panel.upstreams)
        await dispatch_all(panel)
        assert (await order_now(order.id)).state is OrderState.QUEUED
        await tables.Order.raw("update orders set created_at = created_at - 3600000")
        await hurry()
        await dispatch_all(panel)
    assert alpha.orders == []
    assert await state_of(order) == "cancelled"
    assert await book.balance(ann.id) == BOUGHT
    await assert_audit_is_green()


async def test_the_pause_of_a_waiting_order_grows(tmp_path: Path, panel_database: str) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": sandbox(balance="1")}) as panel:
        order = await order_for(await make_reseller())
        pauses = []
        for age in (10_000, 60_000, 6_000_000):
            await tables.Order.raw(
                "update orders set due_at = 0, created_at = (select created_at - {} from orders o where o.id = {})",
                age,
                order.id,
            )
            await dispatch(panel)
            now = await order_now(order.id)
            pauses.append(now.due_at - now.created_at)
        assert pauses == sorted(pauses)
        assert (await order_now(order.id)).state is OrderState.QUEUED


async def test_a_provider_with_unsure_adds_takes_no_new_ones_for_a_while(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        for _ in range(2):
            await order_for(ann, "error500")
            await dispatch_all(panel)
        third = await order_for(ann)
        await dispatch_all(panel)
        assert await outcomes_of(third.id) == [("bravo", "accepted", None)]
    assert len(alpha.orders) == 2


async def test_an_id_that_a_provider_gave_before_is_no_acceptance(tmp_path: Path, panel_database: str) -> None:
    """Its status would be that of another order, and one refund would be paid for both."""
    alpha = ScriptedPanel("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        alpha.next_order = 77
        first = await order_for(ann)
        await dispatch(panel)
        alpha.next_order = 77
        second = await order_for(ann)
        await dispatch(panel)
        assert await outcomes_of(first.id) == [("alpha", "accepted", None)]
        assert await outcomes_of(second.id) == [("alpha", "unsure", "DUPLICATE_ORDER")]
    assert (await state_of(first), await state_of(second)) == ("active", "unsure")
    await assert_audit_is_green()


async def test_orders_taken_at_one_moment_do_not_harm_each_other(tmp_path: Path, panel_database: str) -> None:
    """They are written down together; the provider gives every other one the same id."""
    alpha = ScriptedPanel("2.40")
    arrived = 0
    everybody = asyncio.Event()

    async def wait_for_all() -> None:
        nonlocal arrived
        arrived += 1
        number = arrived
        if arrived == 8:
            everybody.set()
        await everybody.wait()
        alpha.next_order = 77 if number % 2 else None

    alpha.before_add = wait_for_all
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more="parallel = 8") as panel:
        orders = [await order_for(ann) for _ in range(8)]
        await dispatch(panel)
        outcomes = [str(one) for order in orders for one in await outcomes_of(order.id)]
    assert sorted(outcomes) == ["('alpha', 'accepted', None)"] * 5 + ["('alpha', 'unsure', 'DUPLICATE_ORDER')"] * 3
    assert sorted([await state_of(order) for order in orders]) == ["active"] * 5 + ["unsure"] * 3
    await assert_audit_is_green()


async def test_of_orders_for_one_link_that_leave_at_one_moment_one_leaves(tmp_path: Path, panel_database: str) -> None:
    alpha = sandbox("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more='same_link_policy = "queue"') as panel:
        other = await accept_order(ann, link_key="other")
        same = [await order_for(ann) for _ in range(3)]
        await dispatch(panel)
        assert sorted([await state_of(order) for order in same]) == ["active", "queued", "queued"]
        assert await state_of(other) == "active"
    assert len(alpha.orders) == 2


async def test_two_dispatchers_buy_each_order_once(tmp_path: Path, panel_database: str) -> None:
    """Two processes at one queue, which is hurried while they work."""
    alpha = sandbox("2.40")
    ann = await make_reseller()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with (
        open_panel(tmp_path / "one", panel_database, {"alpha": alpha}) as one,
        open_panel(tmp_path / "two", panel_database, {"alpha": alpha}) as two,
    ):
        orders = [await order_for(ann) for _ in range(20)]
        for _ in range(4):
            await asyncio.gather(dispatch(one), dispatch(two), hurry())
        await dispatch_all(one)
    assert len(alpha.orders) == 20
    assert [await state_of(order) for order in orders] == ["active"] * 20
    await assert_audit_is_green()


async def test_a_refusal_teaches_what_we_believed_of_the_provider(tmp_path: Path, panel_database: str) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": sandbox()}) as panel:
        ann = await make_reseller()
        await order_for(ann, "refuse/Incorrect-service-ID")
        await dispatch(panel)
        listing = (await catalog_store.listings("alpha"))[0]
        assert listing.flaw is not None
        assert (await catalog_store.provider("alpha")).sync_due_at == 0


async def test_an_order_called_off_in_the_queue_is_not_sent(tmp_path: Path, panel_database: str) -> None:
    alpha = sandbox()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        order = await order_for(await make_reseller())
        await tables.Order.update({tables.Order.cancel_wish: True}).where(tables.Order.id == order.id)
        await dispatch_all(panel)
    assert await state_of(order) == "cancelled"
    assert alpha.orders == []


async def test_what_is_swept_is_unsure_and_never_queued(tmp_path: Path, panel_database: str) -> None:
    """A worker died between the write and the answer: nobody knows whether the request left."""
    alpha = sandbox()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        order = await order_for(await make_reseller())
        attempt = await begin_attempt(order)
        assert await panel.dispatcher.sweep() == 0
        await set_attempt(attempt.id, {tables.Attempt.deadline_at: 1})
        assert await panel.dispatcher.sweep() == 1
        assert await panel.dispatcher.sweep() == 0
        await hurry()
        await dispatch_all(panel)
        assert [outcome[:2] for outcome in await outcomes_of(order.id)] == [("alpha", "unsure")]
    assert await state_of(order) == "unsure"
    assert alpha.orders == []
