"""Who decided what, when and why: people, and rules on evidence."""

from __future__ import annotations

from litestar import Controller, get

from aggregator.storage import decisions
from aggregator.web.dependencies import Params
from aggregator.web.responses import Page, page

PAGE = 100


class DecisionsController(Controller):
    path = "/decisions"

    @get()
    async def listed(self, params: Params) -> Page:
        before, actor = params.number("before", 0, most=2**53) or None, params.get("actor", "").strip()[:100]
        found = await decisions.listed(actor=actor or None, before=before, limit=PAGE + 1)
        older = found[PAGE - 1].id if len(found) > PAGE else None
        return page("console/decisions.html", decisions=found[:PAGE], older=older, actor=actor)
