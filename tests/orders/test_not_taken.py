"""An add that a server turns away before anybody has looked into it, with a page in place of an answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.catalog import store as catalog_store
from aggregator.storage import clock
from tests.builders import accept_order, make_reseller
from tests.orders.panels import ScriptedPanel, dispatch_all, open_panel, outcomes_of, state_of


async def test_a_page_that_says_too_fast_postpones_and_rests_its_provider_as_long_as_it_says(
    tmp_path: Path, panel_database: str
) -> None:
    alpha = ScriptedPanel("2.40")
    alpha.page_to_add = (429, {"retry-after": "600"})
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        order = await accept_order(await make_reseller())
        before = clock.now()
        await dispatch_all(panel)
        row = await catalog_store.provider("alpha")
    assert await outcomes_of(order.id) == [("alpha", "refused", "RATE_LIMIT")]
    assert await state_of(order) == "queued"
    assert row.failures == 0
    assert row.rest_until >= before + 600_000


async def test_an_order_turned_away_for_haste_is_bought_elsewhere(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    alpha.page_to_add = (429, {})
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        order = await accept_order(await make_reseller())
        await dispatch_all(panel)
        assert await outcomes_of(order.id) == [("alpha", "refused", "RATE_LIMIT"), ("bravo", "accepted", None)]
    assert await state_of(order) == "active"


@pytest.mark.parametrize("status", [413, 414, 431])
async def test_what_is_too_large_for_two_providers_may_fit_the_third(
    status: int, tmp_path: Path, panel_database: str
) -> None:
    """Each is left with the order for good, none rests, and two of them prove nothing of a third."""
    alpha, bravo, charlie = ScriptedPanel("2.20"), ScriptedPanel("2.30"), ScriptedPanel("2.40")
    alpha.page_to_add = bravo.page_to_add = (status, {})
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo, "charlie": charlie}) as panel:
        order = await accept_order(await make_reseller())
        await dispatch_all(panel)
        rows = [await catalog_store.provider(name) for name in ("alpha", "bravo")]
    assert await outcomes_of(order.id) == [
        ("alpha", "refused", "TOO_LARGE"),
        ("bravo", "refused", "TOO_LARGE"),
        ("charlie", "accepted", None),
    ]
    assert [(row.failures, row.rest_reason) for row in rows] == [(0, None)] * 2


@pytest.mark.parametrize("status", [403, 500, 503, 520, 524])
async def test_any_other_page_proves_nothing(status: int, tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = ScriptedPanel("2.30"), ScriptedPanel("2.40")
    alpha.page_to_add = (status, {})
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        order = await accept_order(await make_reseller())
        await dispatch_all(panel)
        assert await outcomes_of(order.id) == [("alpha", "unsure", "TRANSPORT")]
    assert (await state_of(order), bravo.placed) == ("unsure", 5000)
