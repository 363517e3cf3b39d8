"""Orders that wait for room at a provider are in nobody else's way, and their waiting is nobody's fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from aggregator.app import Panel
from aggregator.catalog import store as catalog_store
from aggregator.orders.dispatching import queue_store
from aggregator.orders.model import Order
from aggregator.resellers.model import Reseller
from aggregator.storage import clock
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, order_now
from tests.orders.panels import ScriptedPanel, dispatch, dispatch_all, open_panel, outcomes_of, sandbox, state_of


async def order_for(reseller: Reseller) -> Order:
    return await accept_order(reseller, link="https://x.example/u/")


async def test_what_finds_no_room_is_parked_and_goes_when_there_is_some(tmp_path: Path, panel_database: str) -> None:
    alpha = sandbox("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more="parallel = 1") as panel:
        orders = [await order_for(ann) for _ in range(40)]
        await dispatch(panel)
        assert [await state_of(order) for order in orders].count("queued") == 40 - 16
        assert await queue_store.count_parked() == {"alpha": {ann.id: 24}}
        await dispatch_all(panel)
        assert [await state_of(order) for order in orders] == ["active"] * 40
    assert len(alpha.orders) == 40
    assert await queue_store.count_parked() == {}


async def test_a_backlog_at_one_provider_is_not_in_the_way_of_another(tmp_path: Path, panel_database: str) -> None:
    """Alpha answers nobody; what only bravo sells goes at once though hundreds wait for alpha."""
    alpha, bravo = ScriptedPanel("2.40"), sandbox("2.50")
    answering = asyncio.Event()

    async def wait() -> None:
        await answering.wait()

    alpha.before_add = wait
    ann = await make_reseller(funds=100_000 * SCALE)
    more = "parallel = 1"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, more=more) as panel:
        await only_bravo_sells(panel, 2)
        crowd = [await order_for(ann) for _ in range(300)]
        while await panel.dispatcher.run_once():  # noqa: ASYNC110  # what was started parks itself
            await asyncio.sleep(0)
        other = await accept_order(ann, service=2, link="https://x.example/u/other")
        await panel.dispatcher.run_once()
        await until(lambda: state_of(other), "active")
        assert [await state_of(order) for order in crowd].count("queued") == 300 - 1
        answering.set()
        await panel.dispatcher.idle()


async def test_resellers_take_turns_in_the_queue_of_a_provider(tmp_path: Path, panel_database: str) -> None:
    """Whoever orders one is not behind all of somebody who ordered fifty before."""
    alpha = sandbox("2.40")
    ann, bob = await make_reseller("ann"), await make_reseller("bob")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more="parallel = 1") as panel:
        for _ in range(80):
            await order_for(ann)
        await dispatch(panel)
        late = await order_for(bob)
        await dispatch(panel)
        await dispatch(panel)
        assert await state_of(late) == "active"
        assert sum((await queue_store.count_parked())["alpha"].values()) > 10


async def test_an_order_goes_to_a_dearer_route_only_where_the_cheaper_ones_turn_is_far_off(
    tmp_path: Path, panel_database: str
) -> None:
    """Alpha takes 4 in 5 of 10 a second: with 1 second of patience eight wait for it, the others do not."""
    ann = await make_reseller()
    for patience, dear in ((60, 0), (1, 1)):
        (tmp_path / str(patience)).mkdir()
        alpha, bravo = sandbox("2.30"), sandbox("2.40")
        pace = f"confirm_seconds = 0\npatience_seconds = {patience}"
        async with open_panel(
            tmp_path / str(patience),
            panel_database,
            {"alpha": alpha, "bravo": bravo},
            pace=pace,
            more="requests_per_second = 10\nburst = 10\nparallel = 2",
        ) as panel:
            for _ in range(60):
                await order_for(ann)
            await dispatch_all(panel)
        assert len(alpha.orders) + len(bravo.orders) == 60
        assert min(len(bravo.orders), 1) == dear


async def test_waiting_for_our_own_pace_is_no_failure_of_the_provider(tmp_path: Path, panel_database: str) -> None:
    """The turn is taken before the attempt is written down, however long it takes."""
    alpha, bravo = sandbox("2.30"), sandbox("2.40")
    ann = await make_reseller()
    more = "requests_per_second = 4\nburst = 2\nparallel = 2\nadd_timeout_seconds = 0.5"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, more=more) as panel:
        orders = [await order_for(ann) for _ in range(12)]
        await dispatch_all(panel)
        assert {one for order in orders for one in await outcomes_of(order.id)} == {("alpha", "accepted", None)}
        assert (await catalog_store.provider("alpha")).failures == 0
    assert len(alpha.orders) == 12


async def test_what_has_no_turn_when_the_panel_stops_stays_queued(tmp_path: Path, panel_database: str) -> None:
    alpha = sandbox("2.40")
    ann = await make_reseller()
    more = "requests_per_second = 1\nburst = 1\nparallel = 4"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more=more) as panel:
        orders = [await order_for(ann) for _ in range(4)]
        await panel.dispatcher.run_once()
        await until(lambda: state_of(orders[0]), "active")
        await panel.dispatcher.stop(5)
        waiting = [await order_now(order.id) for order in orders if await state_of(order) == "queued"]
        assert len(waiting) >= 2
        assert [await outcomes_of(order.id) for order in waiting] == [[]] * len(waiting)
        assert all(order.due_at <= clock.now() for order in waiting)


async def only_bravo_sells(panel: Panel, service: int) -> None:
    """A second service of ours that alpha does not have."""
    text = panel.prices.services
    entry = text.services[0]
    only = replace(entry, id=service, offers=tuple(ref for ref in entry.offers if ref.provider == "bravo"))
    panel.prices.services = replace(text, services=(*text.services, only))
    await panel.prices.reload(panel.upstreams)


async def until(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    while await look() != wanted:  # noqa: ASYNC110  # a row tells no events
        await asyncio.sleep(0.01)
