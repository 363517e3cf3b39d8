"""What a provider calls off undelivered is bought elsewhere, once, and never after a delivery."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aggregator.audit.run import audit
from aggregator.ledger import book
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller
from tests.orders.panels import (
    PARTIAL_300,
    ScriptedPanel,
    dispatch,
    dispatch_all,
    open_panel,
    outcomes_of,
    poll,
    state_of,
)

BOUGHT = 1000 * SCALE


async def test_an_order_called_off_upstream_goes_on_to_the_next_provider(tmp_path: Path, panel_database: str) -> None:
    """And whatever the first provider says later moves no money of the reseller's."""
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        order = await accept_order(ann)
        await dispatch(panel)
        alpha.reply = {"status": "Canceled", "remains": "1000", "charge": "0"}
        await poll(panel, "alpha")
        assert await state_of(order) == "queued"
        await dispatch(panel)
        assert await outcomes_of(order.id) == [("alpha", "called_off", None), ("bravo", "accepted", None)]
        alpha.reply = PARTIAL_300
        await poll(panel, "alpha")
        assert await state_of(order) == "active"
        bravo.reply = {"status": "Completed", "remains": "0"}
        await poll(panel, "bravo")
        assert await state_of(order) == "completed"
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE
    assert [finding for finding in await audit() if finding.broken] == []


async def test_pollers_that_all_see_it_called_off_send_it_on_once(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        orders = [await accept_order(ann) for _ in range(10)]
        await dispatch_all(panel)
        alpha.reply = {"status": "Canceled", "remains": "1000", "charge": "0"}
        await asyncio.gather(*(poll(panel, "alpha") for _ in range(5)))
        await dispatch_all(panel)
        assert {await state_of(order) for order in orders} == {"active"}
    assert bravo.placed == 5010
    assert await book.balance(ann.id) == BOUGHT - 30 * SCALE
    assert [finding for finding in await audit() if finding.broken] == []


async def test_what_was_delivered_before_it_was_called_off_is_not_bought_again(
    tmp_path: Path, panel_database: str
) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        order = await accept_order(await make_reseller())
        await dispatch(panel)
        for alpha.reply in (
            {"status": "In progress", "remains": "900", "charge": "2.3"},
            {"status": "Canceled", "remains": "900", "charge": "0"},
        ):
            await poll(panel, "alpha")
        assert await state_of(order) == "cancelled"
    assert bravo.placed == 5000
