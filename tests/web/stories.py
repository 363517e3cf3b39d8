"""Resellers with a past: orders that ended in every way, refunds, keys."""

from __future__ import annotations

from aggregator.orders import store
from aggregator.orders.model import Order
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState
from aggregator.resellers import accounts, keys
from aggregator.resellers.model import KeyRules
from aggregator.storage import clock, tables
from tests.web.kit import Visitor, Web, once_of

LINK = "https://instagram.com/a.somewhat.longer.user.name.than.usual/"


async def busy(web: Web, name: str = "anna") -> Visitor:
    """A reseller with a few orders: waiting, fallen short, cancelled, refunded; and two keys."""
    visitor = await web.reseller(name, "1234.5")
    for number in range(4):
        await order(visitor, f"{LINK}?n={number}", quantity=1000 + number)
    placed = await store.newest_of(visitor.reseller, 4)
    await settle(placed[0], placed[0].quantity, note="not delivered")
    await settle(await begun(placed[1].id), 250, note="fell short")
    await begun(placed[2].id)
    await keys.make(visitor.reseller, KeyRules(label="The shop", read_only=True, addresses="203.0.113.0/24"))
    await accounts.fund(name, 10**9, reference="bank-7", note="Thank you")
    return visitor


async def begun(number: int) -> Order:
    """An order that its provider has taken."""
    await store.advance(number, [OrderState.QUEUED], OrderState.PLACING)
    await store.advance(number, [OrderState.PLACING], OrderState.ACTIVE)
    order = await store.get(number)
    assert order
    return order


async def live(web: Web) -> None:
    """Let everything leave for the provider, and be asked about until it has ended."""
    while await web.panel.dispatcher.run_once():
        await web.panel.dispatcher.idle()
    attempt = tables.Attempt
    for _ in range(2):
        await attempt.update({attempt.poll_at: clock.now()}).where(attempt.upstream_order.is_not_null())
        await web.panel.poller.run_once("alpha")


async def newcomer(web: Web) -> Visitor:
    """Somebody who has done nothing yet."""
    return await web.reseller("newcomer", "0")


async def order(visitor: Visitor, link: str, *, quantity: int = 1000, service: int = 1) -> str:
    """Order as people do, on the page; what the next page says."""
    form = await visitor.get(f"/orders/new?service={service}")
    return await visitor.post(
        "/orders/new", service=str(service), link=link, quantity=str(quantity), once=once_of(form)
    )
