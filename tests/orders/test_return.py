"""A provider that comes back after a while: what waited for it goes there at its pace, not all at once."""

from __future__ import annotations

import re
from pathlib import Path

from aggregator.app import Panel
from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstream import circuit_breaker
from aggregator.orders import store
from aggregator.storage import tables
from tests.builders import accept_order, make_reseller
from tests.orders.panels import ScriptedPanel, dispatch_all, hurry, move_providers, open_panel
from tests.orders.test_queues import until
from tests.servers import free_port

BURST = 5


def slow(text: str) -> str:
    """The provider lets five calls in, and then none for a long time."""
    return text.replace("requests_per_second = 1000", "requests_per_second = 0.01").replace("= 1000", f"= {BURST}")


async def sent_on(panel: Panel) -> dict[str, int]:
    """Send out whatever has room; the states of all orders, while what was started may be on its way."""
    await panel.dispatcher.run_once()
    return await store.count_by_state()


async def test_a_provider_that_comes_back_is_not_overrun(tmp_path: Path, panel_database: str) -> None:
    """Of fifteen orders no more leave than it lets in; the others wait, also when we stop, and none is unsure."""
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
        await catalog_store.set_health("alpha", circuit_breaker.CLOSED)
        await tables.Attempt.raw("update attempts set answered_at = 1")  # time passes
        await hurry()
        await until(lambda: sent_on(panel), {"active": BURST, "queued": 15 - BURST})
        assert await panel.dispatcher.run_once() == 0
    assert alpha.placed - 5000 == BURST
    assert await store.count_by_state() == {"active": BURST, "queued": 15 - BURST}
