"""A cancel that was not answered is asked again by itself, never because a reseller repeats it; a no is passed on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.orders import attempt_store, store
from aggregator.orders.following import cancel_store
from aggregator.orders.following.schedule import cancel_pause
from aggregator.orders.model import Undecidable
from aggregator.orders.unsure import resolve
from tests.api.served import Client
from tests.builders import later, order_now
from tests.interop.market import AT_ONCE, FOLLOWERS, Market, market, wallet
from tests.interop.test_cancels import cancel
from tests.interop.upstream import FIRST_ORDER, Page

REFUSED = {"error": "This order cannot be cancelled"}
UNANSWERED = {
    "too many requests": Page('{"error":"Too many requests"}', 429),
    "the same in words": {"error": "Too many requests"},
    "maintenance": {"error": "Panel is under maintenance"},
    "a page": Page("<html>502</html>", 502),
    "nothing": Page(""),
    "a row that nobody understands": [{"order": FIRST_ORDER, "cancel": {"error": "Zzz"}}],
    "a row that says not now": [{"order": FIRST_ORDER, "cancel": {"error": "Too many requests"}}],
    "no row": [{"order": 1, "cancel": 1}],
}


def asked(trade: Market) -> list[str]:
    """The ids that alpha was asked to cancel, call by call."""
    return [call.text("orders") for call in trade.alpha.asked("cancel")]


async def history(order: int) -> list[str]:
    return [line.text for line in await store.history(await order_now(order))]


async def poll(trade: Market, minutes: float) -> None:
    """A round at alpha, so many minutes from now."""
    with later(minutes):
        await trade.panel.poller.run_once("alpha")


@pytest.fixture
async def in_twos(tmp_path: Path, empty_url: str) -> AsyncIterator[Market]:
    """Alpha takes two ids in a call."""
    async with market(tmp_path, empty_url, lines="batch_size = 2\n", aggregator=AT_ONCE) as opened:
        yield opened


@pytest.mark.parametrize("said", UNANSWERED.values(), ids=UNANSWERED.keys())
async def test_what_was_not_answered_is_asked_again_at_its_time(any_trade: Market, said: Any) -> None:
    """However often the reseller repeats it, and until the provider takes it."""
    ann = await any_trade.reseller()
    order = await any_trade.buy(ann)
    any_trade.alpha.replies["cancel"] = said
    at, times = 0.0, 0
    for pause in (0, 1, 5, 15, 60, 60, 60):
        at += pause
        if pause:
            await poll(any_trade, at - 0.1)
        assert len(asked(any_trade)) == times
        assert await cancel(ann, order) == order
        await poll(any_trade, at)
        times += 1
        at += 0.01
        assert len(asked(any_trade)) == times
    del any_trade.alpha.replies["cancel"]
    await poll(any_trade, at + 60)
    assert len(asked(any_trade)) == times + 1
    await poll(any_trade, at + 600)
    assert len(asked(any_trade)) == times + 1
    told = await history(order)
    assert [text for text in told if "did not answer the cancel" in text]
    assert "alpha took the request to cancel" in told
    await any_trade.ask(order, status="Canceled")
    assert str(await wallet(ann)) == "1000.00"


async def test_a_refusal_is_told_and_asked_about_once_an_hour(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann)
    trade.alpha.replies["cancel"] = [{"order": FIRST_ORDER, "cancel": {"error": "Incorrect order status"}}]
    assert await cancel(ann, order) == order
    await poll(trade, 0)
    assert "alpha refused to cancel: CANCEL_DISABLED" in await history(order)
    for minutes in (1, 59, 600):
        await poll(trade, minutes)
    with later(59):
        assert [await cancel(ann, order) for _ in range(3)] == [REFUSED] * 3
    await poll(trade, 60)
    assert len(asked(trade)) == 1
    with later(61):
        assert await cancel(ann, order) == REFUSED
        for _ in range(3):
            await trade.panel.poller.run_once("alpha")
            assert await cancel(ann, order) == REFUSED
    assert len(asked(trade)) == 2
    del trade.alpha.replies["cancel"]
    with later(125):
        await cancel(ann, order)
        await trade.panel.poller.run_once("alpha")
        assert await cancel(ann, order) == order
    assert len(asked(trade)) == 3
    assert str(await wallet(ann)) == "997.50"


async def test_in_json_a_refusal_is_told_in_the_row(any_trade: Market) -> None:
    ann = await any_trade.reseller()
    order = await any_trade.buy(ann)
    any_trade.alpha.replies["cancel"] = {"error": "Incorrect order status"}
    await cancel(ann, order)
    await poll(any_trade, 0)
    reply = await ann.json("cancel", orders=[order])
    assert reply.json() == [{"order": order, "cancel": REFUSED}]


async def test_the_owner_is_told_the_refusal_too(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann)
    trade.alpha.replies["cancel"] = {"error": "Incorrect order status"}
    await resolve.call_off(order, actor="owner", reason="")
    await poll(trade, 0)
    with pytest.raises(Undecidable, match="refused to cancel it: CANCEL_DISABLED"):
        await resolve.call_off(order, actor="owner", reason="")
    with later(61):
        await resolve.call_off(order, actor="owner", reason="")
        await trade.panel.poller.run_once("alpha")
    assert len(asked(trade)) == 2


async def test_what_is_said_of_an_order_is_not_believed_of_its_service(any_trade: Market) -> None:
    """Nor is a no to a second request, which may be there since the first was taken."""
    trade, ann = any_trade, await any_trade.reseller()
    first, second = await trade.buy(ann), await trade.buy(ann)
    trade.alpha.replies["cancel"] = {"error": "This order can not be cancelled"}
    await cancel(ann, first)
    await poll(trade, 0)
    trade.alpha.replies["cancel"] = Page("<html>502</html>", 502)
    await cancel(ann, second)
    await poll(trade, 0)
    trade.alpha.replies["cancel"] = {"error": "already cancelled"}
    await poll(trade, 1.1)
    assert await cancel(ann, second) == REFUSED
    await trade.panel.syncer.sync("alpha")
    await trade.panel.look()
    rows = {row["service"]: row for row in (await ann.form("services")).json()}
    assert rows[FOLLOWERS]["cancel"]


async def test_one_bad_portion_keeps_no_other(in_twos: Market) -> None:
    ann = await in_twos.reseller()
    orders = [await in_twos.buy(ann) for _ in range(6)]
    bad = str(FIRST_ORDER + 2)
    in_twos.alpha.replies["cancel"] = lambda call: Page("<html>502</html>", 502) if bad in call.ids("orders") else None
    for order in orders:
        await cancel(ann, order)
    for minutes in (0, 1.1, 6.2, 21.3):
        await poll(in_twos, minutes)
    taken = [order for order in orders if "alpha took the request to cancel" in await history(order)]
    assert taken == [order for number, order in enumerate(orders) if FIRST_ORDER + number != int(bad)]
    assert [len(call.split(",")) for call in asked(in_twos)[:3]] == [2, 2, 2]


async def test_a_batch_that_is_refused_is_asked_about_one_by_one(in_twos: Market) -> None:
    ann = await in_twos.reseller()
    good, bad = await in_twos.buy(ann), await in_twos.buy(ann)
    no = {"error": "Incorrect order ID"}
    in_twos.alpha.replies["cancel"] = lambda call: no if str(FIRST_ORDER + 1) in call.ids("orders") else None
    for order in (good, bad):
        await cancel(ann, order)
    await poll(in_twos, 0)
    assert asked(in_twos) == [f"{FIRST_ORDER},{FIRST_ORDER + 1}", str(FIRST_ORDER), str(FIRST_ORDER + 1)]
    assert "alpha took the request to cancel" in await history(good)
    assert (await cancel(ann, good), await cancel(ann, bad)) == (good, REFUSED)


async def test_a_process_that_dies_before_the_answer_leaves_the_cancel(any_trade: Market) -> None:
    ann = await any_trade.reseller()
    order = await any_trade.buy(ann)
    await cancel(ann, order)
    (attempt,) = await attempt_store.of_order(order)
    wished = await cancel_store.pending_cancels("alpha", 9, [attempt.door or ""])
    assert len(await cancel_store.claim(wished, least_ms=1000)) == 1
    await poll(any_trade, 0.9)
    assert asked(any_trade) == []
    await poll(any_trade, 1.1)
    assert asked(any_trade) == [str(FIRST_ORDER)]


async def test_two_processes_ask_once(any_trade: Market) -> None:
    ann = await any_trade.reseller()
    order = await any_trade.buy(ann)
    await cancel(ann, order)
    await asyncio.gather(*(any_trade.panel.poller.run_once("alpha") for _ in range(4)))
    assert asked(any_trade) == [str(FIRST_ORDER)]


async def test_what_has_ended_is_asked_about_no_more(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann)
    trade.alpha.replies["cancel"] = Page("<html>502</html>", 502)
    await cancel(ann, order)
    await trade.ask(order, status="Completed")
    await poll(trade, 600)
    assert len(asked(trade)) == 1
    [attempt] = await attempt_store.of_order(order)
    assert attempt.cancel_asks == 1


@pytest.mark.parametrize(("asks", "minutes"), [(0, 1), (1, 5), (2, 15), (3, 60), (4, 60), (400, 60)])
def test_pauses_grow_to_an_hour(asks: int, minutes: int) -> None:
    assert cancel_pause(asks, refused=False) == minutes * 60_000
    assert cancel_pause(asks, refused=True) == 3_600_000
