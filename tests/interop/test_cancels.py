"""The life of a cancel: at once while nothing has left, else the provider's later word alone moves money."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.orders.state import OrderState
from tests.api.served import Client
from tests.builders import begin_attempt
from tests.interop.market import FOLLOWERS, Market, status, wallet
from tests.interop.upstream import FIRST_ORDER, Page

DISABLED = {"error": "Cancel is disabled for this service"}
ENDED = {"error": "This order cannot be cancelled"}


async def cancel(client: Client, order: int) -> Any:
    """What the call says of this one order, which is the same alone and in a list."""
    said = (await client.form("cancel", order=order)).json()
    if "error" in said:
        assert (await client.form("cancel", orders=order)).json() == [{"order": order, "cancel": said}]
        return said
    assert said == {"order": order, "cancel": 1}
    return said["cancel"]


async def queued(client: Client) -> int:
    return int((await client.form("add", service=FOLLOWERS, link="user", quantity=1000)).json()["order"])


async def test_an_order_that_has_not_left_is_called_off_and_paid_back_at_once(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await queued(ann)
    assert [await cancel(ann, order) for _ in range(2)] == [1, ENDED]
    assert (await status(ann, order))["status"] == "Canceled"
    assert str(await wallet(ann)) == "1000.00"
    await trade.send_out()
    assert trade.alpha.taken == []


@pytest.mark.parametrize(
    ("says", "told", "left"),
    [
        ({"status": "Canceled"}, "Canceled", "1000.00"),
        ({"status": "Partial", "remains": "400"}, "Partial", "998.50"),
        ({"status": "Completed"}, "Completed", "997.50"),
        ({"status": "In progress", "remains": "10"}, "In progress", "997.50"),
    ],
)
async def test_a_running_order_waits_for_the_providers_later_word(
    trade: Market, ann: Client, says: dict[str, object], told: str, left: str
) -> None:
    order = await trade.buy(ann)
    await trade.ask(order, status="In progress", remains="900")
    assert await cancel(ann, order) == 1
    await trade.ask(order)
    assert [call.text("orders") for call in trade.alpha.asked("cancel")] == [str(FIRST_ORDER)]
    assert ((await status(ann, order))["status"], str(await wallet(ann))) == ("In progress", "997.50")
    await trade.ask(order, **says)
    assert ((await status(ann, order))["status"], str(await wallet(ann))) == (told, left)
    assert await cancel(ann, order) == (1 if told == "In progress" else ENDED)


async def test_asked_twice_it_is_forwarded_once_and_answered_alike(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann)
    for _ in range(3):
        assert await cancel(ann, order) == 1
        await trade.ask(order)
    assert len(trade.alpha.asked("cancel")) == 1


async def test_a_flag_that_lied_is_taken_back(trade: Market, ann: Client) -> None:
    """The provider that offered cancels and refused one is believed to refuse all, also after its next sync."""
    first, second = await trade.buy(ann), await trade.buy(ann)
    trade.alpha.replies["cancel"] = [{"order": FIRST_ORDER, "cancel": {"error": "Cancel is disabled for this service"}}]
    assert await cancel(ann, first) == 1
    await trade.ask(first)
    await trade.panel.syncer.sync("alpha")
    await trade.panel.look()
    rows = {row["service"]: row for row in (await ann.form("services")).json()}
    assert not rows[FOLLOWERS]["cancel"]
    assert await cancel(ann, second) == DISABLED
    assert str(await wallet(ann)) == "995.00"


async def test_an_order_on_its_way_is_forwarded_once_it_is_known(trade: Market, ann: Client) -> None:
    """Its provider may have it; whoever has it must be asked."""
    trade.alpha.trouble = Page("<html>502</html>", 502)
    order = await trade.buy(ann)
    assert (await trade.order(order)).state is OrderState.UNSURE
    assert await cancel(ann, order) == 1
    assert str(await wallet(ann)) == "997.50"


async def test_an_order_being_placed_keeps_the_wish(trade: Market, ann: Client) -> None:
    order = await queued(ann)
    await begin_attempt(await trade.order(order))
    assert await cancel(ann, order) == 1
    now = await trade.order(order)
    assert (now.state, now.cancel_wish) == (OrderState.PLACING, True)


async def test_what_has_ended_cannot_be_cancelled(trade: Market, ann: Client) -> None:
    for says in ({"status": "Completed"}, {"status": "Partial", "remains": "1"}):
        order = await trade.buy(ann)
        await trade.ask(order, **says)
        assert await cancel(ann, order) == {"error": "This order cannot be cancelled"}


async def test_many_are_answered_each_by_itself(trade: Market, ann: Client) -> None:
    running, waiting = await trade.buy(ann), await queued(ann)
    reply = await ann.form("cancel", orders=f"{running},77,{waiting},x,{running}")
    unknown = {"error": "Incorrect order ID"}
    assert reply.json() == [
        {"order": running, "cancel": 1},
        {"order": 77, "cancel": unknown},
        {"order": waiting, "cancel": 1},
        {"order": "x", "cancel": unknown},
    ]
