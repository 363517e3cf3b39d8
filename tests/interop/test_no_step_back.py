"""What a reseller was told of an open order never goes back a step, whatever its providers say or refuse."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.orders.state import OrderState
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.builders import begin_attempt
from tests.interop.market import ANYBODYS, FOLLOWERS, Market, status
from tests.interop.upstream import Page

JSON = {"Pending": "PENDING", "Processing": "PROCESSING", "In progress": "IN_PROGRESS"}


async def told(client: Client, order: int) -> tuple[str, int]:
    """Status and remaining units, which every way of asking tells alike."""
    classic = await status(client, order)
    word, remains = classic["status"], int(classic["remains"])
    many = (await client.form("status", orders=f"{order},77")).json()[str(order)]
    (row,) = [row for row in (await client.form("orders")).json() if row["order"] == order]
    assert (many["status"], row["status"], many["remains"]) == (word, word, str(remains))
    json = (await client.json("status", order=order)).json()
    assert (json["status"], json["remains"]) == (JSON[word], remains)
    return word, remains


async def test_a_fresh_order_is_pending_until_its_provider_says_more(any_trade: Market) -> None:
    """Also while it is on its way, and with a provider that says that nothing remains of what it has not begun."""
    trade, ann = any_trade, await any_trade.reseller()
    order = int((await ann.form("add", service=FOLLOWERS, link="uu", quantity=1000)).json()["order"])
    await begin_attempt(await trade.order(order))
    assert (await trade.order(order)).state is OrderState.PLACING
    assert await told(ann, order) == ("Pending", 1000)
    sent = await trade.buy(ann)
    assert await told(ann, sent) == ("Pending", 1000)
    for remains in ("0", "-5", "400", None):
        await trade.ask(sent, status="Pending", remains=remains)
        assert await told(ann, sent) == ("Pending", 1000)


@pytest.mark.parametrize("kind", [ServiceType.DEFAULT, ServiceType.PACKAGE])
async def test_a_provider_that_goes_back_a_step_is_not_followed(any_trade: Market, kind: ServiceType) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann, kind)
    units = 1 if kind is ServiceType.PACKAGE else 1000
    left = 1 if kind is ServiceType.PACKAGE else 400
    steps: list[tuple[dict[str, Any], tuple[str, int]]] = [
        ({"status": "Processing", "remains": str(units)}, ("Processing", units)),
        ({"status": "Pending", "remains": "0"}, ("Processing", units)),
        ({"status": "In progress", "remains": str(left)}, ("In progress", left)),
        ({"status": "Processing", "remains": str(left)}, ("In progress", left)),
        ({"status": "Pending", "remains": "0"}, ("In progress", left)),
        ({"status": "Pending"}, ("In progress", left)),
        ({"status": "In progress", "remains": str(left)}, ("In progress", left)),
    ]
    for says, expected in steps:
        await trade.ask(order, **says)
        assert await told(ann, order) == expected, says
    await trade.ask(order, status="Completed", remains="0")
    assert (await status(ann, order))["status"] == "Completed"


async def test_the_runs_of_a_drip_feed_that_waits_all_remain(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann, runs=4, interval=5, quantity=100)
    for says in ({"status": "Pending", "remains": "0"}, {"status": "Pending", "runs": "0", "remains": "100"}):
        await trade.ask(order, **says)
        assert await told(ann, order) == ("Pending", 400)


@pytest.mark.parametrize("word", ["Processing", "In progress"])
async def test_an_order_that_goes_to_the_next_provider_keeps_the_word_that_was_said(
    any_trade: Market, word: str
) -> None:
    """Called off before anything was delivered: all of it remains, and the next one begins anew."""
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann, service=FOLLOWERS + ANYBODYS)
    await trade.ask(order, status=word, remains="0")
    assert (await told(ann, order))[0] == word
    await trade.ask(order, status="Canceled", remains="1000")
    assert (await trade.order(order)).state is OrderState.QUEUED
    assert await told(ann, order) == (word, 1000)
    await trade.send_out()
    assert len(trade.bravo.taken) == 1
    assert await told(ann, order) == (word, 1000)
    await trade.ask(order, status="PENDING", remains="0")
    assert await told(ann, order) == (word, 1000)
    await trade.ask(order, status="IN_PROGRESS", remains="300")
    assert await told(ann, order) == ("In progress", 300)


async def test_a_lost_add_is_told_as_pending(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    trade.alpha.trouble = Page("<html>502</html>", 502)
    order = await trade.buy(ann)
    assert (await trade.order(order)).state is OrderState.UNSURE
    assert await told(ann, order) == ("Pending", 1000)


async def test_a_refill_goes_no_step_back_either(any_trade: Market) -> None:
    trade, ann = any_trade, await any_trade.reseller()
    order = await trade.buy(ann)
    await trade.ask(order, status="Completed", remains="0")
    refill = (await ann.form("refill", order=order)).json()["refill"]
    await trade.refill()
    for theirs, ours in (("Pending", "Pending"), ("In progress", "In progress"), ("Pending", "In progress")):
        trade.alpha.replies["refill_status"] = {"status": theirs}
        await trade.refill()
        assert (await ann.form("refill_status", refill=refill)).json() == {"status": ours}
