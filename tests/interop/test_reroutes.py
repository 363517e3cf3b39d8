"""An order that its provider calls off before any delivery goes to the next one; its reseller notices nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.orders import attempt_store
from aggregator.orders.state import OrderState, Outcome
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.interop.market import ANYBODYS, AT_ONCE, Market, assert_audit_is_green, market, service, status, wallet

FROM_ANYBODY: dict[str, Any] = {"service": service(ServiceType.DEFAULT, of=ANYBODYS)}


@pytest.fixture
async def trade(any_trade: Market) -> Market:
    """On each engine."""
    return any_trade


async def outcomes(order: int) -> list[tuple[str, Outcome]]:
    return [(attempt.provider, attempt.outcome) for attempt in await attempt_store.of_order(order)]


async def test_the_next_provider_gets_it_and_nothing_is_paid_back_in_between(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann, **FROM_ANYBODY)
    await trade.ask(order, status="Canceled")
    await assert_audit_is_green()
    told = await status(ann, order)
    assert (told["status"], told["remains"], told["charge"]) == ("Pending", "1000", "2.5")
    assert str(await wallet(ann)) == "997.50"
    await trade.send_out()
    assert await outcomes(order) == [("alpha", Outcome.CALLED_OFF), ("bravo", Outcome.ACCEPTED)]
    assert len(trade.bravo.taken) == 1


async def test_when_nobody_is_left_it_is_paid_back_once(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann, **FROM_ANYBODY)
    for _ in range(3):
        await trade.ask(order, status="Canceled")
        await trade.send_out()
    assert (await status(ann, order))["status"] == "Canceled"
    assert await outcomes(order) == [("alpha", Outcome.CALLED_OFF), ("bravo", Outcome.ACCEPTED)]
    assert str(await wallet(ann)) == "1000.00"


async def test_the_first_provider_has_no_say_any_more(trade: Market, ann: Client) -> None:
    """It may take the order up again: that is the owner's cost, and the second provider's word counts."""
    order = await trade.buy(ann, **FROM_ANYBODY)
    await trade.ask(order, status="Canceled")
    await trade.send_out()
    trade.bravo.says = {"status": "In progress", "remains": 600}
    trade.alpha.says = {"status": "Partial", "remains": "1"}
    await trade.ask(order)
    assert (await status(ann, order))["remains"] == "600"
    trade.bravo.says = {"status": "Completed", "remains": 0}
    trade.alpha.says = {"status": "Canceled"}
    await trade.ask(order)
    assert (await status(ann, order))["status"] == "Completed"
    assert str(await wallet(ann)) == "997.50"


async def test_what_was_delivered_in_part_is_never_sent_on(trade: Market, ann: Client) -> None:
    """Another provider would deliver it twice, or disturb the count."""
    seen = await trade.buy(ann, **FROM_ANYBODY)
    await trade.ask(seen, status="In progress", remains="999")
    await trade.ask(seen, status="Canceled")
    part = await trade.buy(ann, **FROM_ANYBODY)
    await trade.ask(part, status="Partial", remains="999")
    await trade.send_out()
    assert [(await trade.order(order)).state for order in (seen, part)] == [OrderState.CANCELLED, OrderState.PARTIAL]
    assert trade.bravo.taken == []


async def test_what_its_reseller_called_off_is_not_sent_on(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann, **FROM_ANYBODY)
    await ann.form("cancel", orders=order)
    await trade.ask(order, status="Canceled")
    await trade.send_out()
    assert (await trade.order(order)).state is OrderState.CANCELLED
    assert (str(await wallet(ann)), trade.bravo.taken) == ("1000.00", [])


async def test_an_owner_may_switch_it_off(tmp_path: Path, empty_url: str) -> None:
    panel = f"[panel]\nreroute_cancelled = false\n{AT_ONCE}"
    async with market(tmp_path, empty_url, aggregator=panel) as trade:
        ann = await trade.reseller()
        order = await trade.buy(ann, **FROM_ANYBODY)
        await trade.ask(order, status="Canceled")
        await trade.send_out()
        assert (await trade.order(order)).state is OrderState.CANCELLED
        assert (str(await wallet(ann)), trade.bravo.taken) == ("1000.00", [])
