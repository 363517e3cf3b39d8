"""No panel that resells us ever gives up an order that we know, whatever went wrong upstream or with its account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.orders.state import OrderState
from aggregator.resellers import accounts
from aggregator.storage import clock, tables
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.builders import begin_attempt
from tests.interop.market import FOLLOWERS, Market, assert_audit_is_green, market, status
from tests.interop.readers import EVERYBODY, Follow, Sale
from tests.interop.upstream import Page

HOUR = 3_600_000
SALE = Sale(Decimal("2.5"), 1000)
DOWN = Page("<html><title>502 Bad Gateway</title></html>", 502)

Trouble = Callable[[Market, Client], Awaitable[int]]
"""Brings an order into trouble; its id."""


async def nothing_wrong(trade: Market, ann: Client) -> int:
    return await trade.buy(ann)


async def provider_down(trade: Market, ann: Client) -> int:
    order = await trade.buy(ann)
    trade.alpha.trouble = DOWN
    await trade.ask(order)
    return order


async def frozen(trade: Market, ann: Client) -> int:
    order = await trade.buy(ann)
    await accounts.change("ann", tier=None, spelling=None, frozen=True)
    await trade.panel.look()
    return order


async def unsure(trade: Market, ann: Client) -> int:
    trade.alpha.trouble = DOWN
    order = await trade.buy(ann)
    assert (await trade.order(order)).state is OrderState.UNSURE
    return order


async def on_its_way(trade: Market, ann: Client) -> int:
    order = int((await ann.form("add", service=FOLLOWERS, link="user", quantity=1000)).json()["order"])
    await begin_attempt(await trade.order(order))
    await trade.panel.tracker.forget()
    return order


async def nobody_can_take_it(trade: Market, ann: Client) -> int:
    trade.alpha.refuses = "Not enough funds on balance"
    return await trade.buy(ann)


async def _held(trade: Market, ann: Client, says: dict[str, Any]) -> int:
    order = await trade.buy(ann)
    await trade.ask(order, status="In progress", remains="900", charge="2.00")
    await trade.ask(order, **says)
    assert (await trade.order(order)).held
    return order


async def held_by_an_error(trade: Market, ann: Client) -> int:
    return await _held(trade, ann, {"status": "Fail", "remains": "0", "charge": "0"})


async def held_by_an_unclear_part(trade: Market, ann: Client) -> int:
    return await _held(trade, ann, {"status": "Partial", "remains": "Unknown"})


async def lost_upstream(trade: Market, ann: Client) -> int:
    order = await trade.buy(ann)
    trade.alpha.says = None
    await trade.ask(order)
    await tables.Attempt.update({tables.Attempt.lost_since: clock.now() - 2 * HOUR}, force=True)
    await trade.ask(order)
    assert (await trade.order(order)).held
    return order


async def paused(trade: Market, ann: Client) -> int:
    order = await trade.buy(ann)
    await trade.ask(order, status="Paused", remains="900")
    return order


async def of_a_word_that_nobody_knows(trade: Market, ann: Client) -> int:
    order = await trade.buy(ann)
    await trade.ask(order, status="zz", remains="-7.5", charge="NaN", start_count="many", currency="?")
    return order


TROUBLES: list[Trouble] = [
    nothing_wrong,
    provider_down,
    frozen,
    unsure,
    on_its_way,
    nobody_can_take_it,
    held_by_an_error,
    held_by_an_unclear_part,
    lost_upstream,
    paused,
    of_a_word_that_nobody_knows,
]


async def replies_to(client: Client, order: int) -> list[Any]:
    """The order's status in every way that such panels ask."""
    lists = [{"action": "status"}, {"action": "orders"}, {"action": "multi_status"}]
    asked = [{"key": client.key, "orders": str(order), **fields} for fields in lists]
    found = [(await client.http.post("/api/v2", data=fields)).json()[str(order)] for fields in asked]
    return [await status(client, order), *found]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_an_order_in_trouble_is_still_an_order(trade: Market, ann: Client, trouble: Trouble) -> None:
    order = await trouble(trade, ann)
    for reply in await replies_to(ann, order):
        assert reply["status"] in ("Pending", "Processing", "In progress"), reply
        for reader, read in EVERYBODY.items():
            assert read(reply, SALE).follow is Follow.OPEN, (reader, reply)
    await assert_audit_is_green()


async def test_an_ending_is_told_only_once_it_is_sure(tmp_path: Path, fresh_sqlite: str) -> None:
    """A terminal status is read once and never again, so the first sight of one is not passed on."""
    lines = "[limits]\nrequests_per_second = 0\n[pace]\nconfirm_seconds = 60\n"
    async with market(tmp_path, fresh_sqlite, aggregator=lines) as trade:
        ann = await trade.reseller()
        order = await trade.buy(ann)
        await trade.ask(order, status="In progress", remains="800")
        for says in ({"status": "Partial", "remains": "300"}, {"status": "Canceled"}, {"status": "Completed"}):
            await trade.ask(order, **says)
            assert (await status(ann, order))["status"] == "In progress"
        await trade.ask(order, status="Partial", remains="300")
        await tables.Order.update({tables.Order.sight_at: clock.now() - HOUR}, force=True)
        await trade.ask(order, status="Partial", remains="300")
        assert (await status(ann, order))["status"] == "Partial"


async def test_a_panel_that_polls_too_fast_is_answered_all_the_same(tmp_path: Path, fresh_sqlite: str) -> None:
    lines = "[limits]\nrequests_per_second = 0.01\nburst = 2\n"
    async with market(tmp_path, fresh_sqlite, aggregator=lines) as trade:
        ann = await trade.reseller()
        order = await trade.buy(ann)
        for _ in range(5):
            for reply in await replies_to(ann, order):
                assert all(read(reply, SALE).follow is Follow.OPEN for read in EVERYBODY.values()), reply
        assert (await ann.form("balance")).json() == {"error": "Too many requests"}


async def test_when_nothing_can_be_read_nothing_is_said(trade: Market, ann: Client) -> None:
    """An empty body decodes to nothing, and such panels leave their order as it was."""
    order = await trade.buy(ann)
    await trade.panel.tracker.forget()
    await tables.Order.raw("alter table orders rename to away")
    for send in (ann.form, ann.json):
        for asked in ({"order": order}, {"orders": str(order)}):
            reply = await send("status", **asked)
            assert (reply.status_code, reply.content) == (503, b"")
    await tables.Order.raw("alter table away rename to orders")
    assert (await status(ann, order))["status"] == "Pending"


async def test_an_old_order_is_known_for_ever(trade: Market, ann: Client) -> None:
    """Also when its service is not sold any more."""
    order = await trade.buy(ann, ServiceType.SEO, keywords="a")
    await trade.ask(order, status="Completed")
    await tables.Order.update({tables.Order.ended_at: 0, tables.Order.created_at: 0}, force=True)
    trade.alpha.rows = trade.alpha.rows[:3]
    for _ in range(3):
        await trade.panel.syncer.sync("alpha")
    await trade.panel.tracker.forget()
    assert (await status(ann, order))["status"] == "Completed"
