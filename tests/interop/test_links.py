"""Two orders for one link: what each provider's policy, and each key's, makes of the second; on both databases."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aggregator.orders.state import OrderState
from aggregator.storage import tables
from tests.api.served import Client
from tests.interop.market import ANYBODYS, FOLLOWERS, Market, market, wallet

LINK = "https://www.instagram.com/somebody/?igsh=1"
SAME = "https://instagram.com/somebody"
ACTIVE = {"error": "You have active order with this link. Please wait until order being completed."}
FROM_ANYBODY: dict[str, Any] = {"service": FOLLOWERS + ANYBODYS}


async def states(trade: Market, *orders: int) -> list[OrderState]:
    return [(await trade.order(order)).state for order in orders]


async def add(client: Client, link: str = SAME, **fields: object) -> dict[str, object]:
    """Ask for an order without letting it leave."""
    reply: dict[str, object] = (
        await client.form("add", **{"service": FOLLOWERS, "link": link, "quantity": 1000, **fields})
    ).json()
    return reply


async def test_a_provider_that_allows_it_gets_both(any_trade: Market) -> None:
    ann = await any_trade.reseller()
    orders = [await any_trade.buy(ann, link=link) for link in (LINK, SAME)]
    assert await states(any_trade, *orders) == [OrderState.ACTIVE] * 2


async def test_a_provider_that_queues_gets_the_second_after_the_first(tmp_path: Path, empty_url: str) -> None:
    """However the link is written, and whoever orders; another link does not wait."""
    async with market(tmp_path, empty_url, lines='same_link_policy = "queue"') as trade:
        ann, bob = await trade.reseller(), await trade.reseller("bob")
        first, second = await trade.buy(ann, link=LINK), await trade.buy(bob, link=SAME)
        other = await trade.buy(bob, link="https://instagram.com/another")
        await trade.send_out()
        assert await states(trade, first, second, other) == [OrderState.ACTIVE, OrderState.QUEUED, OrderState.ACTIVE]
        await trade.ask(first, status="Completed")
        await trade.send_out()
        assert (await states(trade, second), len(trade.alpha.taken)) == ([OrderState.ACTIVE], 3)


async def test_with_queueing_providers_the_second_goes_to_the_next(tmp_path: Path, empty_url: str) -> None:
    async with market(tmp_path, empty_url, lines='same_link_policy = "queue"') as trade:
        ann = await trade.reseller()
        orders = [await trade.buy(ann, link=SAME, **FROM_ANYBODY) for _ in range(3)]
        assert await states(trade, *orders) == [OrderState.ACTIVE, OrderState.ACTIVE, OrderState.QUEUED]
        assert (len(trade.alpha.taken), len(trade.bravo.taken)) == (1, 1)


async def test_with_a_refusing_provider_the_second_is_cancelled(tmp_path: Path, empty_url: str) -> None:
    async with market(tmp_path, empty_url, lines='same_link_policy = "refuse"') as trade:
        ann = await trade.reseller()
        orders = [await trade.buy(ann, link=link) for link in (LINK, SAME)]
        assert await states(trade, *orders) == [OrderState.ACTIVE, OrderState.CANCELLED]
        assert str(await wallet(ann)) == "997.50"


async def test_orders_that_leave_at_once_do_not_meet_upstream(tmp_path: Path, empty_url: str) -> None:
    """Ten at a time, decided beside each other: one gets through."""
    async with market(tmp_path, empty_url, lines='same_link_policy = "queue"') as trade:
        ann = await trade.reseller()
        await asyncio.gather(*(add(ann) for _ in range(10)))
        await trade.send_out()
        assert len(trade.alpha.taken) == 1
        assert await tables.Order.count().where(tables.Order.state == "queued") == 9


async def test_a_key_that_refuses_takes_one_open_order_for_each_link(any_trade: Market) -> None:
    """Of the same service; when it has ended the next one is welcome."""
    await any_trade.reseller()
    careful = await any_trade.another_key("ann", same_link="refuse")
    first = await any_trade.buy(careful, link=LINK)
    assert await add(careful) == ACTIVE
    assert (await careful.json("add", service=FOLLOWERS, link=SAME, quantity=1)).json() == ACTIVE
    assert (await add(careful, service=FOLLOWERS + ANYBODYS)).keys() == {"order"}
    assert (await add(careful, link="https://instagram.com/another")).keys() == {"order"}
    await any_trade.ask(first, status="Completed")
    assert (await add(careful)).keys() == {"order"}


async def test_a_key_that_queues_is_charged_at_once_and_served_in_turn(any_trade: Market) -> None:
    await any_trade.reseller()
    patient = await any_trade.another_key("ann", same_link="queue")
    orders = [await any_trade.buy(patient, link=link) for link in (LINK, SAME, SAME)]
    assert str(await wallet(patient)) == "992.50"
    for turn in range(3):
        await any_trade.send_out()
        expected = [OrderState.COMPLETED] * turn + [OrderState.ACTIVE] + [OrderState.QUEUED] * (2 - turn)
        assert await states(any_trade, *orders) == expected
        await any_trade.ask(orders[turn], status="Completed")


async def test_a_key_with_a_soft_window_gets_the_first_order_again(any_trade: Market) -> None:
    """For exactly the same request, of the same reseller, within the time; else it is another order."""
    ann = await any_trade.reseller()
    soft = await any_trade.another_key("ann", duplicate_seconds=120)
    first = await add(soft)
    assert [await add(soft) for _ in range(3)] == [first] * 3
    assert str(await wallet(ann)) == "997.50"
    assert await add(soft, quantity=1001) != first
    assert await add(soft, link=LINK) != first
    assert await add(ann) != first
    plain = await add(ann, link="https://x.example/plain")
    assert await add(soft, link="https://x.example/plain") != plain, "that key does not look for repeats"
    await tables.Order.update({tables.Order.created_at: tables.Order.created_at - 121_000}, force=True)
    assert await add(soft) != first


@pytest.mark.parametrize("written", ["@somebody", "SOMEBODY", " somebody/ "])
async def test_a_name_is_the_same_link_however_it_is_written(trade: Market, written: str) -> None:
    await trade.reseller()
    careful = await trade.another_key("ann", same_link="refuse")
    await add(careful, link="somebody")
    assert await add(careful, link=written) == ACTIVE
