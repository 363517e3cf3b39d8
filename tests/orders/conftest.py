"""Every test here may ask for a panel that buys from a scripted provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.resellers.model import Reseller
from tests.builders import make_reseller
from tests.orders.panels import ScriptedPanel, open_panel


@pytest.fixture
def alpha() -> ScriptedPanel:
    """A provider that asks 2.40 per 1,000 and says what the test says."""
    return ScriptedPanel("2.40")


@pytest.fixture
async def panel(alpha: ScriptedPanel, tmp_path: Path, panel_database: str) -> AsyncIterator[Panel]:
    """A panel that buys from alpha and believes one answer; every test with it ends with a green audit."""
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as opened:
        yield opened
        assert [finding for finding in await audit() if finding.broken] == []


@pytest.fixture
async def ann(panel: Panel) -> Reseller:
    """A reseller with 1,000.00."""
    return await make_reseller()
