"""What is told of runs and posts while they are served, and that none that began is bought a second time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.orders.following import progress_store
from aggregator.orders.model import Order
from aggregator.orders.settling.settlement import Announce
from aggregator.resellers.model import Reseller
from providers.vocabulary import Phase
from tests.builders import accept_order, active_order, make_reseller, order_now
from tests.orders.panels import ScriptedPanel, classic_reply, dispatch, open_panel, outcomes_of, poll, state_of


async def drip_feed(panel: Panel, ann: Reseller) -> Order:
    """Ten runs of 100 that alpha has taken."""
    order = await accept_order(ann, runs=10)
    await dispatch(panel)
    return order


async def runs_told(panel: Panel, order: Order) -> str:
    return (await classic_reply(panel, await order_now(order.id)))["runs"]


async def test_runs_follow_from_what_is_stated_and_never_fall(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await drip_feed(panel, ann)
    told = []
    said: list[dict[str, Any]] = [
        {"remains": "0"},
        {"remains": "1000"},
        {"remains": "600"},
        {"remains": "550"},
        {"remains": "700"},
        {"runs": 3},
        {"runs": 6},
        {"runs": 6, "remains": "380"},
        {},
    ]
    for progress in said:
        alpha.reply = {"status": "In progress", **progress}
        await poll(panel)
        told.append(await runs_told(panel, order))
    assert told == ["0", "0", "4", "5", "5", "5", "6", "7", "7"]


async def test_an_older_reading_written_later_takes_no_run_back(panel_database: str) -> None:
    order = await active_order(await make_reseller(), runs=10)
    for runs in (5, 3, None):
        older = Announce(Phase.IN_PROGRESS, 500, runs, None, delivery_seen=True)
        await progress_store.keep([(order, older)], [])
        assert (await order_now(order.id)).runs_done == 5


async def test_the_run_in_which_it_ended_is_told_as_begun(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    order = await drip_feed(panel, ann)
    alpha.reply = {"status": "Partial", "remains": "650"}
    await poll(panel)
    assert await runs_told(panel, order) == "4"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ({"status": "Canceled", "runs": 4, "charge": "0"}, "cancelled"),
        ({"status": "Refunded", "runs": 1}, "cancelled"),
        ({"status": "Canceled", "remains": "600"}, "cancelled"),
        ({"status": "Canceled", "runs": 0}, "queued"),
        ({"status": "Canceled", "remains": "1000"}, "queued"),
    ],
)
async def test_a_drip_feed_goes_on_elsewhere_only_where_no_run_began(
    said: dict[str, Any], state: str, tmp_path: Path, panel_database: str
) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        order = await drip_feed(panel, ann)
        alpha.reply = said
        await poll(panel)
        assert await state_of(order) == state


async def test_a_run_that_was_seen_earlier_keeps_it_from_another_provider(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    ann = await make_reseller()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        order = await drip_feed(panel, ann)
        for said in ({"status": "Processing", "runs": 1}, {"status": "Canceled"}):
            alpha.reply = said
            await poll(panel)
        assert await outcomes_of(order.id) == [("alpha", "accepted", None)]
