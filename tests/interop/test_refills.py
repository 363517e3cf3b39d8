"""The life of a refill: asked for, sent once, followed to its end; a flag that lied is taken back."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.storage import clock, tables
from tests.api.served import Client
from tests.interop.market import FOLLOWERS, Market
from tests.interop.upstream import FIRST_ORDER, Page

DAY = 86_400_000
DISABLED = {"error": "Refill is disabled for this service"}
RUNNING = {"error": "The refill task is not completed for this order"}


@pytest.fixture
async def order(trade: Market, ann: Client) -> int:
    return await delivered(trade, ann)


async def delivered(trade: Market, client: Client) -> int:
    """An order that was delivered whole."""
    order = await trade.buy(client)
    await trade.ask(order, status="Completed", remains="0")
    return order


async def told(client: Client, refill: object) -> Any:
    return (await client.form("refill_status", refill=refill)).json()


async def may_refill(trade: Market, client: Client) -> bool:
    """What the price list says."""
    await trade.panel.look()
    rows = {row["service"]: row for row in (await client.form("services")).json()}
    return bool(rows[FOLLOWERS]["refill"])


async def test_a_refill_is_answered_at_once_and_sent_once(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await delivered(trade, ann)
    refill = (await ann.form("refill", order=order)).json()["refill"]
    assert trade.alpha.asked("refill") == []
    assert await told(ann, refill) == {"status": "Pending"}
    for _ in range(3):
        await trade.refill()
    assert [call.text("order") for call in trade.alpha.asked("refill")] == [str(FIRST_ORDER)]
    for theirs, ours in (("In progress", "In progress"), ("zz", "In progress"), ("Completed", "Completed")):
        trade.alpha.replies["refill_status"] = {"status": theirs}
        await trade.refill()
        assert await told(ann, refill) == {"status": ours}
    assert (await ann.json("refill_status", refill=int(refill))).json() == {"status": "COMPLETED"}
    again = (await ann.form("refill", order=order)).json()["refill"]
    assert again != refill


async def test_a_refill_that_is_rejected_may_be_asked_for_again(trade: Market, ann: Client, order: int) -> None:
    refill = (await ann.form("refill", order=order)).json()["refill"]
    trade.alpha.replies["refill_status"] = {"status": "Canceled"}
    await trade.refill()
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}
    assert (await ann.form("refill", order=order)).json().keys() == {"refill"}


async def test_a_refill_refused_upstream_is_rejected_in_words_of_ours(trade: Market, ann: Client, order: int) -> None:
    trade.alpha.replies["refill"] = {"error": "Refill days are over"}
    refill = (await ann.form("refill", order=order)).json()["refill"]
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}
    assert await may_refill(trade, ann)


async def test_a_flag_that_lied_is_taken_back(trade: Market, ann: Client, order: int) -> None:
    """Also at the next sync, at which the provider still promises it."""
    assert await may_refill(trade, ann)
    trade.alpha.replies["refill"] = {"error": "Refill is disabled for this service"}
    refill = (await ann.form("refill", order=order)).json()["refill"]
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}
    assert not await may_refill(trade, ann)
    assert (await ann.form("refill", order=order)).json() == DISABLED
    await trade.panel.syncer.sync("alpha")
    assert not await may_refill(trade, ann)


async def test_a_refill_without_an_answer_is_never_sent_again(trade: Market, ann: Client, order: int) -> None:
    """It may be running: for a day it is pending, then its reseller may ask anew."""
    trade.alpha.replies["refill"] = Page("<html>502</html>", 502)
    refill = (await ann.form("refill", order=order)).json()["refill"]
    row = tables.Refill
    await trade.panel.refiller.run_once("alpha")
    for _ in range(3):
        await trade.panel.refiller.run_once("alpha")
    assert await told(ann, refill) == {"status": "Pending"}
    assert (await ann.form("refill", order=order)).json() == RUNNING
    (kept,) = await row.select(row.due_at)
    assert kept["due_at"] > clock.now() + DAY - 60_000
    await trade.refill()
    assert await told(ann, refill) == {"status": "Rejected"}
    assert len(trade.alpha.asked("refill")) == 1


async def test_a_refill_of_the_wrong_moment_is_sent_later(trade: Market, ann: Client, order: int) -> None:
    trade.alpha.replies["refill"] = {"error": "Too many requests"}
    refill = (await ann.form("refill", order=order)).json()["refill"]
    await trade.refill()
    trade.alpha.replies["refill"] = {"refill": 7}
    await trade.refill()
    await trade.refill()
    assert await told(ann, refill) == {"status": "Pending"}
    assert {call.text("refill") for call in trade.alpha.asked("refill_status")} == {"7"}
    assert len(trade.alpha.asked("refill")) == 2


@pytest.mark.parametrize("taken", [{"success": "Refill requested"}, {"refill": "1"}, {"refill": 42}])
async def test_a_refill_is_ours_whatever_the_provider_calls_it(
    trade: Market, ann: Client, order: int, taken: dict[str, object]
) -> None:
    """Some give no id; the reseller has one all the same."""
    trade.alpha.replies["refill"] = taken
    reply = await ann.form("refill", orders=f"{order},77")
    unknown = {"order": 77, "refill": {"error": "Incorrect order ID"}}
    assert reply.json() == [{"order": order, "refill": 1}, unknown]
    await trade.refill()
    await trade.refill()
    assert (await ann.form("refill_status", refills="1,x,2")).json() == [
        {"refill": 1, "status": "Pending"},
        {"refill": "x", "status": {"error": "Refill not found"}},
        {"refill": 2, "status": {"error": "Refill not found"}},
    ]


async def test_only_what_was_delivered_can_be_refilled(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann)
    not_yet = {"error": "The order is not completed"}
    assert (await ann.form("refill", order=order)).json() == not_yet
    await trade.ask(order, status="Partial", remains="1000")
    assert (await ann.form("refill", order=order)).json() == not_yet
    assert await tables.Refill.count() == 0
