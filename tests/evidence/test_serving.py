"""A panel that runs settles what is unsure while it serves, and tells its owner what it saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.flows.panels import Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import provider


def test_the_owner_sees_the_evidence_and_what_it_suggests(tmp_path: Path, database_url: str) -> None:
    """One add was taken, one was not; the balance tells which, and only the id of the first is left to the owner."""
    with Panel(tmp_path, database_url) as panel, provider() as alpha:
        panel.set_pace(add_timeout_seconds=0.5, unsure_in_flight=9)
        panel.buy_from({"alpha": alpha})
        panel.write("providers.toml", alpha.as_toml("alpha") + "balance_decides = true\n")
        panel.serve()
        ann = panel.reseller()
        ann.wait_for(ann.add(quantity=1234), "COMPLETED")
        wait_until(lambda: '"clean":{' in str(panel.sql("select account from baselines")))

        lost, never = ann.add("lost"), ann.add("lostno", quantity=777)

        first = f"select outcome from attempts where order_id = {never} order by id limit 1"
        wait_until(lambda: panel.sql(first), lambda rows: rows == [{"outcome": "absent"}])
        told = wait_until(lambda: _unsure(panel, lost), lambda row: row["suggestion"])
        assert told["suggestion"].startswith("it was taken")
        evidence = told["attempts"][-1]["evidence"][-1]
        assert (evidence["rule"], evidence["verdict"]) == ("balance", "accepted")
        assert {"baseline", "baseline_at", "balance", "read_at", "missing"} <= evidence["facts"].keys()
        decided = panel.sql(f"select actor, verdict from decisions where subject_id = {never}")
        assert decided == [{"actor": "rule:balance", "verdict": "absent"}]
        assert [add["link"] for add in alpha.taken if "lost" in add["link"]] == ["https://x.example/2/lost"]

        panel.must("orders", "found", lost, alpha.taken[-1]["order"])
        ann.wait_for(lost, "COMPLETED")


def _unsure(panel: Panel, order: int) -> Any:
    return next(row for row in panel.must("orders", "unsure") if row["order"] == order)
