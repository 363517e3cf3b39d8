"""An audit that cannot be run to its end is red and says why, its age grows, and what it did find stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from aggregator.app import Panel
from aggregator.audit import health, run, store
from aggregator.audit.run import CannotLook
from aggregator.audit.turns import take_turn
from aggregator.orders import halts
from aggregator.orders.halts import Concerned
from aggregator.resellers import accounts
from aggregator.storage.tables import AuditRun, Migration, Signal
from tests.builders import HOUR, accept_order, days_ago, make_reseller
from tests.orders.panels import ScriptedPanel, open_panel

SPOIL = "update wallets set balance = balance + 1 where reseller = {}"


@asynccontextmanager
async def without(table: str) -> AsyncIterator[None]:
    """Somebody has renamed a table, and the audit runs meanwhile."""
    await Signal.raw(f"alter table {table} rename to renamed")
    try:
        yield
    finally:
        await Signal.raw(f"alter table renamed rename to {table}")


async def told_by(panel: Panel) -> tuple[dict[str, str], list[str]]:
    """What /readyz and /metrics say."""
    lines = (await panel.metrics.text()).decode().splitlines()
    return (await panel.readiness()).parts, [line for line in lines if line.startswith("aggregator_audit")]


@pytest.mark.parametrize("table", ["refills", "events", "attempts"])
async def test_what_is_found_stands_still_though_not_everything_can_be_looked_at(
    panel_database: str, table: str
) -> None:
    """Whichever check fails, at whichever place among the others."""
    ann, bob = await make_reseller(), await make_reseller("bob")
    await accept_order(ann)
    await Signal.raw(SPOIL, bob.id)
    async with without(table):
        result = await run.run(full=True)
    assert (result.green, "wallet-equals-entries" in {one.promise for one in result.broken}) == (False, True)
    assert table in (result.failure or "")
    assert (await halts.standing())["wallet-equals-entries"] == [Concerned(reseller=bob.id)]
    assert await halts.why(ann.id) is None
    [kept] = await store.last_runs()
    assert (kept.green, kept.failure) == (False, result.failure)


async def test_what_stood_still_goes_on_only_after_a_run_that_could_look(panel_database: str) -> None:
    ann = await make_reseller()
    await Signal.raw(SPOIL, ann.id)
    assert not (await run.run()).green
    await accounts.square("ann", keep="entries", note="changed by hand", actor="owner")
    async with without("entries"):
        assert not (await run.run()).green
    assert await halts.standing() != {}
    assert (await run.run()).green
    assert await halts.standing() == {}


async def test_a_failed_run_is_no_checkpoint(panel_database: str) -> None:
    await accept_order(await make_reseller())
    assert (await run.run(full=True)).green
    before = await store.checkpoint()
    await accounts.fund("ann", 5)
    async with without("events"):
        await run.run(full=True)
    assert await store.checkpoint() == before
    assert (await run.run(full=False)).green


async def test_monitoring_is_told_why_and_for_how_long(tmp_path: Path, panel_database: str) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": ScriptedPanel("2.40")}) as panel:
        await accept_order(await make_reseller())
        with days_ago(2):
            assert (await run.run()).green
        assert (await panel.readiness()).parts["audit"] == "overdue"
        async with without("events"):
            result = await run.run()
        parts, lines = await told_by(panel)
        assert (parts["status"], parts["audit"], parts["audit_failure"]) == ("degraded", "red", result.failure)
        assert int(parts["audit_age_seconds"]) >= 48 * 3600
        assert "aggregator_audit_green 0.0" in lines
        [age] = [float(line.split()[1]) for line in lines if line.startswith("aggregator_audit_age_seconds")]
        assert age >= 48 * 3600
        assert (await run.run()).green
        parts, lines = await told_by(panel)
        assert (parts["status"], parts["audit"]) == ("ok", "ok")
        assert "aggregator_audit_green 1.0" in lines


async def test_before_the_first_run_the_age_is_that_of_the_database(tmp_path: Path, panel_database: str) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": ScriptedPanel("2.40")}) as panel:
        made = Migration.at
        await Migration.update({made: made - 3 * HOUR}, force=True)
        parts, lines = await told_by(panel)
        await Migration.update({made: made + 3 * HOUR}, force=True)
        assert (parts["status"], parts["audit"]) == ("degraded", "overdue")
        assert "aggregator_audit_green 0.0" in lines
        assert int(parts["audit_age_seconds"]) >= 3 * 3600


async def test_runs_that_never_could_look_have_been_late_since_the_first(panel_database: str) -> None:
    with days_ago(1):
        async with without("refills"):
            await run.run()
    async with without("refills"):
        await run.run()
    assert (await health.look()).age_ms >= 24 * HOUR


async def test_a_run_that_cannot_even_begin_is_kept_as_a_red_one(panel_database: str) -> None:
    """And one that was cut off leaves the word to the one before."""
    assert (await run.run()).green
    await AuditRun.insert(AuditRun(complete=True, at=0, red="[]"))
    assert (await health.look()).word == "ok"
    async with without("audit_sums"):
        with pytest.raises(Exception, match="audit_sums"):
            await take_turn(at_start=True)
    now = await health.look()
    assert (now.green, now.word, "audit_sums" in (now.failure or "")) == (False, "red", True)


async def test_an_audit_that_keeps_nothing_is_not_green_by_what_it_could_not_see(panel_database: str) -> None:
    async with without("refills"):
        with pytest.raises(CannotLook, match="one-refill-at-a-time"):
            await run.audit()
