"""Every promise about money and orders: what the last runs found, and one more whenever the owner wants it."""

from __future__ import annotations

from litestar import Controller, get, post

from aggregator.audit import run as audit_run
from aggregator.audit import store as audit_store
from aggregator.web.dependencies import Form, Parts, allow
from aggregator.web.responses import Page, page

KEPT = 20
RUNS, RUNS_SECONDS = 10, 600


class AuditController(Controller):
    path = "/audit"

    @get()
    async def audit(self) -> Page:
        return page("console/audit.html", runs=await audit_store.last_runs(KEPT), result=None)

    @post()
    async def run(self, parts: Parts, form: Form) -> Page:
        """What is new since the last green run; or, when asked for, everything."""
        await allow(parts, "audit", calls=RUNS, seconds=RUNS_SECONDS)
        result = await audit_run.run(full=form.flag("full") or None)
        return page("console/audit.html", runs=await audit_store.last_runs(KEPT), result=result)
