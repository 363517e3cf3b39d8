"""Where an owner arrives: what is wrong, how business goes, how each provider does."""

from __future__ import annotations

from litestar import Controller, get

from aggregator.audit import health as audit_health
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import standings
from aggregator.orders.settling.daily_totals import SHOWN_DAYS
from aggregator.web.console import charts
from aggregator.web.dependencies import Parts
from aggregator.web.responses import Page, page


class OverviewController(Controller):
    @get()
    async def overview(self, parts: Parts) -> Page:
        found = await standings(parts.upstreams, parts.prices.markup.fx, parts.prices.shelf)
        seen = await alerts.look(found, sync_ms=parts.settings.pace.sync_ms)
        days = await parts.business.days(SHOWN_DAYS)
        return page(
            "console/overview.html",
            days=days,
            today=days[-1],
            chart=charts.days(days),
            standings=found,
            alarms=alerts.alarms(seen),
            audit=await audit_health.look(),
            seen=seen,
            sold=len(parts.prices.shelf),
            drafts=await parts.edits.by_hand(),
        )
