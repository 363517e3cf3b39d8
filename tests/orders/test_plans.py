"""What the loops ask the database again and again costs no more where a million orders lie in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from aggregator.orders import attempt_store, store
from aggregator.storage.engine import Sqlite
from aggregator.storage.sql import execute
from aggregator.storage.transaction import engine
from tests.builders import accept_order, make_reseller, open_database
from tests.evidence.inquiries import WAYS, Inquiry, inquiry, time_passes
from tests.orders.panels import ScriptedPanel, dispatch_all, make_due, open_panel

LARGE = {"orders", "attempts", "entries", "events", "refills"}
WHOLE_PROVIDER = re.compile(r"attempts_(provider|upstream) \(provider=\?\)")
"""All that was ever sent to a provider."""
SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
PARTIAL = {
    "attempts_due",
    "attempts_unsure",
    "attempts_placing",
    "orders_queue",
    "orders_open",
    "orders_held",
    "orders_wished",
    "refills_due",
    "refills_running",
}
"""Indexes of what is under way: to read one of them whole is to read all that there is to do."""
ALIAS = re.compile(r"\b(orders|attempts|entries|events|refills) (?:as )?([a-z])\b", re.IGNORECASE)


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, list[Any]]]]:
    """Everything that SQLite is asked meanwhile."""
    asked: list[tuple[str, list[Any]]] = []
    execute = Sqlite._run_in_existing_connection

    async def noted(self: Sqlite, connection: Any, query: str, args: Any = None, **more: Any) -> Any:
        asked.append((query, args or []))
        return await execute(self, connection, query, args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Sqlite, "_run_in_existing_connection", noted)
        yield asked


async def read_in_full(asked: list[tuple[str, list[Any]]]) -> set[str]:
    """The statements that read a large table from end to end, or all of one provider's attempts, and how."""
    found, bound = set(), engine()
    assert isinstance(bound, Sqlite)
    for query, args in asked:
        if re.search(r"order by id( desc)? limit 1$", query) or not query.lower().lstrip().startswith(
            ("select", "update", "delete", "with")
        ):
            continue
        names = {alias: table for table, alias in ALIAS.findall(query)} | {name: name for name in LARGE}
        plan = await bound._run_in_new_connection(f"explain query plan {query}", args)
        for step in [row["detail"] for row in plan]:
            scan = SCAN.search(step)
            whole = scan and names.get(scan[1]) in LARGE and scan[2] not in PARTIAL
            if whole or WHOLE_PROVIDER.search(step):
                found.add(f"{step}: {query[:200]}")
    return found


async def rounds(case: Inquiry) -> None:
    """A round of every loop."""
    panel = case.panel
    await panel.syncer.sync_if_due("alpha")
    await panel.syncer.read_balance("alpha")
    await panel.poller.run_once("alpha")
    await panel.refiller.run_once("alpha")
    await panel.investigator.run_once("alpha")
    await panel.dispatcher.sweep()
    await dispatch_all(panel)
    await panel.look()
    await panel.readiness()
    await attempt_store.providers_in_use()


@pytest.mark.parametrize("way", ["reference", "list", "balance"])
async def test_no_round_reads_what_is_over(
    tmp_path: Path, copied_sqlite: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """On SQLite, which knows nothing of the sizes of tables at first and says how it goes about a question."""
    offers, more = WAYS[way]
    async with open_database(copied_sqlite), inquiry(tmp_path, copied_sqlite, offers=offers, more=more) as case:
        running = await case.order()
        await case.settle_down()
        await case.order("lost")
        await store.request_cancel(running.id)
        asked: list[tuple[str, list[Any]]] = []
        for _ in range(3):
            await time_passes()
            with statements(monkeypatch) as some:
                await rounds(case)
            asked += some
        assert len(asked) > 50
        assert await read_in_full(asked) == set()


async def test_a_round_takes_as_many_statements_for_twenty_changed_orders_as_for_three(
    tmp_path: Path, copied_sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as they go on: what ends an order is written by itself."""
    alpha, counts = ScriptedPanel("2.40"), []
    async with open_database(copied_sqlite), open_panel(tmp_path, copied_sqlite, {"alpha": alpha}) as panel:
        ann = await make_reseller()
        for many, remains in ((2, "500"), (1, "400"), (17, "300")):  # the first finds out how to ask
            for _ in range(many):
                await accept_order(ann)
            await dispatch_all(panel)
            alpha.reply = {"status": "In progress", "remains": remains, "charge": remains}
            await make_due()
            with statements(monkeypatch) as asked:
                await panel.poller.run_once("alpha")
            counts.append(len(asked))
        rows = await execute("select remains, count(*) as n from orders group by remains")
        assert [dict(row) for row in rows] == [{"remains": 300, "n": 20}]
    assert counts[1] == counts[2]


async def test_reading_a_table_in_full_is_found(copied_sqlite: str) -> None:
    async with open_database(copied_sqlite):
        for bad in (
            "select * from orders where link = 'x'",
            "select a.id from attempts a where a.reply = 'x'",
            "select * from attempts where provider = 'alpha' and error = 'x'",
        ):
            assert await read_in_full([(bad, [])]) != set(), bad
        assert await read_in_full([("select * from orders where state = 'queued' and due_at < 5", [])]) == set()
