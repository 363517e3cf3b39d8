"""A service whose provider cancels too much of it is left alone for a while, and longer each time."""

from __future__ import annotations

import pytest

from aggregator.catalog import learned_store, store
from aggregator.catalog.model import Cancels, Learned
from aggregator.catalog.upstream import cooldown
from aggregator.catalog.upstream.circuit_breaker import LOOKBACK_MS, RESTS_MS, rest_of_service
from aggregator.orders.settling.settle import settle
from aggregator.resellers.model import Reseller
from aggregator.storage import clock, signals, tables
from aggregator.storage.transaction import write
from tests.builders import active_order, make_reseller
from tests.catalog.goods import row

NOW = 10**12
BAD = Cancels(orders=10, cancelled=5, resellers=3)


@pytest.mark.parametrize(
    "cancels",
    [
        Cancels(orders=10, cancelled=4, resellers=3),
        Cancels(orders=10, cancelled=5, resellers=2),
        Cancels(orders=20, cancelled=6, resellers=6),
    ],
)
def test_a_few_cancels_or_one_resellers_links_say_nothing(cancels: Cancels) -> None:
    assert rest_of_service(Learned(), cancels, now=NOW) is None


@pytest.mark.parametrize(("earlier", "rest"), [(0, 30), (1, 120), (2, 720), (3, 720)])
def test_rests_that_follow_each_other_grow(earlier: int, rest: int) -> None:
    known = Learned(rest_until=NOW - 1, rest_count=earlier)
    assert rest_of_service(known, BAD, now=NOW) == (NOW + rest * 60_000, earlier + 1)


def test_a_service_that_rests_is_not_sent_to_rest_again() -> None:
    """Cancels of orders that were there before come in late."""
    assert rest_of_service(Learned(rest_until=NOW + 1, rest_count=1), BAD, now=NOW) is None


def test_a_service_that_did_well_for_long_begins_with_the_first_rest() -> None:
    known = Learned(rest_until=NOW - LOOKBACK_MS - 1, rest_count=3)
    assert rest_of_service(known, BAD, now=NOW) == (NOW + RESTS_MS[0], 1)


async def cancelled(reseller: Reseller, *, by_wish: bool = False) -> None:
    """An order that alpha's service 1 took and cancelled whole."""
    order = await active_order(reseller)
    if by_wish:
        await tables.Order.update({tables.Order.cancel_wish: True}).where(tables.Order.id == order.id)
    await settle(order, order.quantity, note="called off by the provider")


async def list_service() -> None:
    await write(lambda: store.put_listings([row("alpha:1")]))


async def test_five_cancels_of_three_resellers_send_a_service_to_rest(panel_database: str) -> None:
    await list_service()
    resellers = [await make_reseller(name) for name in ("ann", "bob", "cid")]
    for number in range(4):
        await cancelled(resellers[number % 3])
    assert not await cooldown.note_cancel("alpha", "1")
    await cancelled(resellers[0])
    before = (await signals.read()).get(signals.CATALOGUE, 0)
    assert await cooldown.note_cancel("alpha", "1")
    known = await learned_store.of_service("alpha", "1")
    assert clock.now() < known.rest_until <= clock.now() + RESTS_MS[0]
    assert (await signals.read())[signals.CATALOGUE] == before + 1
    assert not await cooldown.note_cancel("alpha", "1")


async def test_what_resellers_cancel_themselves_counts_against_nobody(panel_database: str) -> None:
    await list_service()
    for name in ("ann", "bob", "cid", "dan", "eve"):
        await cancelled(await make_reseller(name), by_wish=True)
    assert await learned_store.cancels("alpha", "1", 0) == Cancels(orders=5, cancelled=0, resellers=0)
    assert not await cooldown.note_cancel("alpha", "1")


async def test_a_sync_does_not_wake_a_service_that_rests(panel_database: str) -> None:
    await list_service()
    await write(lambda: learned_store.rest("alpha", "1", until=NOW, count=1, after=0))
    await write(lambda: store.put_listings([row("alpha:1", "3")]))
    assert (await learned_store.of_service("alpha", "1")).rest_until == NOW
