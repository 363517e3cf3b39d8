"""Every promise about money and orders: what the last runs found, and one more whenever the owner wants it."""

from __future__ import annotations

from aggregator.audit import run as audit_run
from aggregator.audit import store as audit_store
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

KEPT = 20
RUNS, RUNS_SECONDS = 10, 600

section = Section()


@section.get("/console/audit", Who.OWNER)
async def audit(visit: Visit) -> Page:
    return visit.render("console/audit.html", runs=await audit_store.last_runs(KEPT), result=None)


@section.post("/console/audit", Who.OWNER)
async def run(visit: Visit) -> Page:
    """What is new since the last green run; or, when asked for, everything."""
    await visit.allow("audit", calls=RUNS, seconds=RUNS_SECONDS)
    result = await audit_run.run(full=visit.form.flag("full") or None)
    return visit.render("console/audit.html", runs=await audit_store.last_runs(KEPT), result=result)
