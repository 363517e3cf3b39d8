"""A panel of ours that is tried by another: what it is told by, and what is recommended."""

from __future__ import annotations

import pytest

from aggregator.catalog.upstream.probe import try_new
from tests.interop.market import Market


@pytest.mark.parametrize("bought", [0, 1])
@pytest.mark.parametrize("spelling", ["classic", "json", "auto"])
async def test_a_panel_of_ours_is_recommended_as_one(trade: Market, spelling: str, bought: int) -> None:
    """In either spelling, and before anything was bought there."""
    near = await trade.reseller("near", spelling=spelling)
    for _ in range(bought):
        await trade.buy(near)
    tried = await try_new(f"{str(trade.http.base_url).rstrip('/')}/api/v2", near.key, None, None)
    assert (tried.preset, tried.faults) == ("aggregator", [])
