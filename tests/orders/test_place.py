"""An order is placed at the price of the shelf, without a word to any provider."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.errors import NotEnoughFunds, QuantityOutOfRange, RequestIdTaken, ServiceNotFound
from aggregator.ledger import book
from aggregator.orders import store
from aggregator.orders.intake.place import Placer
from aggregator.orders.intake.types import Ask
from aggregator.resellers import accounts
from aggregator.resellers import store as reseller_store
from aggregator.resellers.model import Caller, digest
from pricing.money import SCALE
from tests.builders import order_now
from tests.orders.panels import ScriptedPanel, open_panel

DEAR = 2**31 - 1
"""As many units as a service without a limit takes."""


@pytest.fixture
def alpha() -> ScriptedPanel:
    """A provider that asks 2.40 per 1,000 and names no maximum."""
    return ScriptedPanel("2.40", max=None)


@pytest.fixture
async def panel(alpha: ScriptedPanel, tmp_path: Path, panel_database: str) -> AsyncIterator[Panel]:
    """A panel that sells at 3.00 what alpha sells at 2.40."""
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as opened:
        yield opened


@pytest.fixture
def placer(panel: Panel) -> Placer:
    return Placer(lambda: panel.prices.shelf, panel.wake)


async def caller(funds: int = 10 * SCALE) -> Caller:
    new = await accounts.add("ann", currency="USD", funds=funds)
    found = (await reseller_store.callers([digest(new.key)]))[0]
    assert found is not None
    return found


def ask(quantity: int = 1000, *, service: int = 1, **ids: Any) -> Ask:
    return Ask(service=service, link="https://x.example/u", quantity=str(quantity), **ids)


async def test_the_published_rate_is_the_one_that_is_billed(placer: Placer) -> None:
    ann = await caller()
    order = await order_now(await placer.place(ann, ask(1001)))
    assert (order.rate, order.rate_per, order.charge) == (3 * SCALE, 1000, 300_300_000)
    assert await book.balance(ann.reseller.id) == 10 * SCALE - 300_300_000


async def test_an_order_keeps_its_price_when_the_provider_becomes_dearer(panel: Panel, alpha: ScriptedPanel) -> None:
    placer = Placer(lambda: panel.prices.shelf, panel.wake)
    ann = await caller()
    first = await placer.place(ann, ask())
    alpha.rows[0]["rate"] = "2.60"
    await panel.syncer.sync("alpha")
    await panel.prices.reload(panel.upstreams)
    second = await placer.place(ann, ask())
    assert [(await order_now(number)).charge for number in (first, second)] == [300_000_000, 325_000_000]


async def test_a_shelf_that_was_replaced_goes_without_the_garbage_collector(panel: Panel) -> None:
    """Which a serving process keeps off it: in a cycle every shelf would stay for ever."""
    await Placer(lambda: panel.prices.shelf, panel.wake).place(await caller(), ask())
    old = weakref.ref(panel.prices.shelf)
    gc.disable()
    try:
        await panel.prices.reload(panel.upstreams)
        assert old() is None
    finally:
        gc.enable()


async def test_a_charge_beyond_63_bits_is_a_lack_of_funds(
    alpha: ScriptedPanel, tmp_path: Path, panel_database: str
) -> None:
    alpha.rows[0]["rate"] = "49000"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        ann = await caller(funds=book.MOST)
        with pytest.raises(NotEnoughFunds):
            await Placer(lambda: panel.prices.shelf, panel.wake).place(ann, ask(DEAR))
        assert await book.balance(ann.reseller.id) == book.MOST


async def test_more_than_the_wallet_holds_is_a_lack_of_funds(placer: Placer) -> None:
    ann = await caller(funds=3 * SCALE - 1)
    with pytest.raises(NotEnoughFunds):
        await placer.place(ann, ask())
    assert await store.count_by_state() == {}


async def test_the_same_request_id_is_the_same_order_and_another_payload_is_refused(placer: Placer) -> None:
    ann = await caller()
    first = await placer.place(ann, ask(request_id="r-1"))
    assert await placer.place(ann, ask(request_id="r-1")) == first
    with pytest.raises(RequestIdTaken):
        await placer.place(ann, ask(999, request_id="r-1"))
    assert await book.balance(ann.reseller.id) == 7 * SCALE


async def test_a_request_id_is_looked_up_before_the_shelf_and_the_funds(placer: Placer) -> None:
    """A client that repeats itself must learn its order, whatever is sold out or spent by now."""
    ann = await caller(funds=3 * SCALE)
    first = await placer.place(ann, ask(request_id="r-1"))
    with pytest.raises(RequestIdTaken):
        await placer.place(ann, ask(service=404, request_id="r-1"))
    assert await placer.place(ann, ask(request_id="r-1")) == first


async def test_fifty_identical_requests_at_once_get_one_id(placer: Placer) -> None:
    ann = await caller()
    ids = await asyncio.gather(*(placer.place(ann, ask(request_id="r-1")) for _ in range(50)))
    assert len(set(ids)) == 1
    assert await book.balance(ann.reseller.id) == 7 * SCALE


async def test_a_custom_id_with_another_payload_is_another_order(placer: Placer) -> None:
    ann = await caller()
    first = await placer.place(ann, ask(custom_id="c-1"))
    assert await placer.place(ann, ask(custom_id="c-1")) == first
    assert await placer.place(ann, ask(999, custom_id="c-1")) != first


async def test_what_is_refused_leaves_nothing_behind(placer: Placer) -> None:
    ann = await caller()
    with pytest.raises(ServiceNotFound):
        await placer.place(ann, ask(service=404, request_id="r-1"))
    with pytest.raises(QuantityOutOfRange):
        await placer.place(ann, ask(0, request_id="r-1"))
    assert await store.count_by_state() == {}
    assert await book.balance(ann.reseller.id) == 10 * SCALE
    await placer.place(ann, ask(request_id="r-1"))
