"""A provider that comes back after a while: what waited for it goes there at its pace, not all at once."""

from __future__ import annotations

import re
from pathlib import Path

from aggregator.catalog import health
from aggregator.catalog import store as catalog_store
from aggregator.orders import store
from aggregator.storage import tables
from tests.builders import accept_order, make_reseller
from tests.orders.panels import ScriptedPanel, dispatch_all, hurry, move_providers, open_panel
from tests.servers import free_port

BURST = 5


def slow(text: str) -> str:
    """The provider lets five calls in, and then none for a long time."""
    return text.replace("requests_per_second = 1000", "requests_per_second = 0.01").replace("= 1000", f"= {BURST}")


async def test_a_provider_that_comes_back_is_not_overrun(tmp_path: Path, panel_database: str) -> None:
    """Of fifteen orders no more leave than it lets in, and none of the others is unsure."""
    alpha = ScriptedPanel("2.40")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        there = (tmp_path / "providers.toml").read_text()
        ann = await make_reseller()
        await move_providers(panel, tmp_path, re.sub(r":\d+/", f":{free_port()}/", there))
        for _ in range(15):
            await accept_order(ann)
        await dispatch_all(panel)
        assert await store.count_by_state() == {"queued": 15}

        await move_providers(panel, tmp_path, slow(there))
        await catalog_store.set_health("alpha", health.WELL)
        await tables.Attempt.raw("update attempts set answered_at = 1")  # time passes
        await hurry()
        await dispatch_all(panel)

        left = alpha.placed - 5000
        assert 0 < left <= BURST
        assert await store.count_by_state() == {"active": left, "queued": 15 - left}
