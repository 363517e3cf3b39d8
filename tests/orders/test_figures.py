"""How quickly and how completely a service is delivered, as our own orders of the last month tell it."""

from __future__ import annotations

from typing import Any

from aggregator.orders.reporting import delivery_stats_store
from aggregator.orders.reporting.delivery_stats import FEWEST, Figure
from aggregator.orders.reporting.delivery_stats_cache import Performance
from aggregator.orders.settling.settle import settle
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from pricing.money import SCALE
from tests.builders import DAY, active_order, make_reseller, order_now


async def ended(reseller: Reseller, *, undelivered: int = 0, seconds: int = 60, many: int = 1, **changes: Any) -> None:
    """Orders that ended now, so many seconds after they were placed."""
    for _ in range(many):
        order = await active_order(reseller, **changes)
        assert await settle(order, undelivered, note="ended")
        at = (await order_now(order.id)).ended_at
        assert at is not None
        await tables.Order.update({tables.Order.created_at: at - seconds * 1000}).where(tables.Order.id == order.id)


async def test_time_and_share_are_told_by_service(panel_database: str) -> None:
    """Five completed ones, two in 60 and three in 120 seconds, and one of which three quarters did not come."""
    ann = await make_reseller()
    await ended(ann, many=2, seconds=60)
    await ended(ann, many=3, seconds=120)
    await ended(ann, undelivered=750, seconds=9999)
    assert await delivery_stats_store.of_services() == {1: Figure(orders=6, delivered=8750, seconds=96)}


async def test_of_a_few_orders_nothing_is_told(panel_database: str) -> None:
    """They are chance, and might be one reseller's whom another watches."""
    ann = await make_reseller()
    await ended(ann, many=FEWEST - 1)
    assert await delivery_stats_store.of_services() == {}
    await ended(ann, many=1, undelivered=1000)
    assert await delivery_stats_store.of_services() == {1: Figure(orders=5, delivered=8000, seconds=None)}


async def test_what_takes_as_long_as_it_should_says_nothing_of_the_time(panel_database: str) -> None:
    """A drip-feed over a week is not slow."""
    ann = await make_reseller()
    await ended(ann, many=FEWEST, runs=10, seconds=7 * 86_400)
    await ended(ann, many=FEWEST, service=2, type="Subscriptions", fields={"min": "1"}, seconds=7 * 86_400)
    assert {figure.seconds for figure in (await delivery_stats_store.of_services()).values()} == {None}


async def test_what_a_reseller_called_off_and_what_is_old_does_not_count(panel_database: str) -> None:
    ann = await make_reseller()
    await ended(ann, many=FEWEST)
    wished = await active_order(ann)
    await tables.Order.update({tables.Order.cancel_wish: True}).where(tables.Order.id == wished.id)
    assert await settle(await order_now(wished.id), 1000, note="called off")
    old = await active_order(ann)
    assert await settle(old, 1000, note="long ago")
    long_ago = tables.Order.ended_at - (delivery_stats_store.DAYS + 1) * DAY
    await tables.Order.update({tables.Order.ended_at: long_ago}).where(tables.Order.id == old.id)
    assert await delivery_stats_store.of_services() == {1: Figure(orders=5, delivered=10_000, seconds=60)}


async def test_amounts_beyond_imagination_are_counted_too(panel_database: str) -> None:
    """A share of them is not computed in numbers that overflow."""
    ann = await make_reseller(funds=1000 * SCALE)
    await ended(ann, many=FEWEST, quantity=2**62, undelivered=2**61)
    assert (await delivery_stats_store.of_services())[1].delivered == 5000


async def test_the_figures_are_read_once_for_all_who_ask(panel_database: str) -> None:
    ann = await make_reseller()
    await ended(ann, many=FEWEST)
    performance = Performance()
    first = await performance.figures()
    await ended(ann, many=FEWEST, service=2)
    assert await performance.figures() is first
    assert set(first) == {1}
