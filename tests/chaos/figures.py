"""What an owner is shown of a run: the days' cost and the alarms, as the program itself makes them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from aggregator.app import Panel, database
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import Business, standings
from aggregator.settings import load

_turn = asyncio.Lock()
"""A process has one database at a time, and two storms rage beside each other."""


class Figures(NamedTuple):
    """As the overview has them."""

    cost: int
    """Of all days, in 1e-8."""
    alarms: list[str]


async def figures(config: Path) -> Figures:
    """Read them from the panel of a configuration, beside its processes."""
    async with _turn:
        settings = load(config, {})
        async with database(settings):
            panel = Panel(settings)
            try:
                await panel.prepare()
                days = await Business().days(2)
                found = await standings(panel.upstreams, panel.prices.markup.fx)
                seen = await alerts.look(found, sync_ms=round(settings.pace.sync_seconds * 1000))
                return Figures(sum(day.cost for day in days), [alarm.what for alarm in alerts.alarms(seen)])
            finally:
                await panel.stop()
