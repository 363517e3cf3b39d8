"""What was told apart by its words before there was a kind of it is told apart by its kind once a database is new."""

from __future__ import annotations

import pytest

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import Doubt
from aggregator.orders.state import EventKind
from aggregator.storage import migrations
from aggregator.storage.engine import bind, create_engine
from aggregator.storage.migrations import STEPS
from aggregator.storage.sql import execute

CATALOGUES = {
    "alpha": ("the catalogue shrank from 90 services to 2", Doubt.SHRUNK),
    "bravo": ("prices fell: 30 of 30 changed by more than 50 %", Doubt.FELL),
    "charlie": ("prices rose: 30 of 30 changed by more than 50 %, 30 of them up", Doubt.ROSE),
    "delta": ("ids mean other services for 30 of 30", Doubt.RENUMBERED),
}
EVENTS = (
    ("unsure", "still unsure: nobody can tell whether alpha has it", EventKind.STILL_UNSURE),
    ("unsure", "alpha: no result was stored before the deadline", None),
    ("partial", "300 of 1000 not delivered; derived_from_charge", EventKind.BY_CHARGE),
    ("partial", "300 of 1000 not delivered", None),
    ("active", "alpha states another start count: 3515", EventKind.START_COUNT),
)
PROVIDER = (
    "insert into providers (name, held_catalogue, balance_due_at, sync_due_at, failures, rest_until)"
    " values ('{}', {}, 0, 0, 0, 0)"
)


async def test_rows_of_earlier_versions_go_on_to_be_understood(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = {number: STEPS[number] for number in (23, 24)}
    bound = create_engine(database_url)
    bind(bound)
    await bound.open()
    try:
        monkeypatch.setattr(migrations, "STEPS", {n: step for n, step in STEPS.items() if n not in later})
        await migrations.migrate()
        for name, (said, _) in CATALOGUES.items():
            await bound.run_ddl(PROVIDER.format(name, f"'{said}'"))
        await bound.run_ddl(PROVIDER.format("echo", "null"))
        await bound.run_ddl(
            "insert into resellers (id, name, tier, spelling, frozen, created_at)"
            " values (1, 'ann', '', 'auto', false, 0)"
        )
        await bound.run_ddl(
            "insert into orders (id, reseller, service, type, link, quantity, runs, fields, link_key, same_link, rate,"
            " rate_per, charge, refunded, undelivered, state, phase, cancel_wish, remains, delivery_seen, payload,"
            " due_at, created_at) values (1, 1, 1, 'Default', 'x', 1000, 1, '{}', 'x', 'allow', 1, 1000, 1, 0, 0,"
            " 'queued', 'pending', false, 1000, false, 'p', 0, 0)"
        )
        for state, text, _ in EVENTS:
            await bound.run_ddl(f"insert into events (order_id, state, text, at) values (1, '{state}', '{text}', 0)")
        monkeypatch.setattr(migrations, "STEPS", STEPS)
        assert await migrations.migrate() == list(later)
        found = await catalog_store.providers()
        kinds = [row["kind"] for row in await execute("select kind from events order by id")]
    finally:
        await bound.close()
    assert {name: row.catalogue_doubt for name, row in found.items()} == {
        **{name: doubt for name, (_, doubt) in CATALOGUES.items()},
        "echo": None,
    }
    assert kinds == [kind for _, _, kind in EVENTS]
    assert {name for name, row in found.items() if not row.takes_orders} == {"charlie", "delta"}
