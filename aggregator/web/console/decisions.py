"""Who decided what, when and why: people, and rules on evidence."""

from __future__ import annotations

from aggregator.storage import decisions
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

PAGE = 100

section = Section()


@section.get("/console/decisions", Who.OWNER)
async def listed(visit: Visit) -> Page:
    before, actor = visit.query.number("before", 0, most=2**53) or None, visit.query.get("actor", "").strip()[:100]
    found = await decisions.listed(actor=actor or None, before=before, limit=PAGE + 1)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return visit.render("console/decisions.html", decisions=found[:PAGE], older=older, actor=actor)
