"""Steps that bring a database up to date; each is taken once, whole or not at all, under a lock.

Steps only add; an index may give way to a better one. Piccolo's own runner records a step after committing it and
prints as it goes; this one records it in the same transaction, so that a process killed half-way repeats nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from aggregator.errors import CannotBeDone
from aggregator.storage import clock
from aggregator.storage.engine import is_sqlite
from aggregator.storage.migrations import (
    m0001_first,
    m0002_evidence,
    m0003_learned_of,
    m0004_shelf_news,
    m0005_console,
    m0006_people,
    m0007_audits,
    m0008_days,
    m0009_large,
    m0010_repeats,
    m0011_overserved,
    m0012_charges,
    m0013_reconciliation,
    m0014_account_doors,
    m0015_given_again,
    m0017_wide_sums,
    m0018_aliases,
    m0019_packages,
    m0020_findings,
    m0021_refills,
    m0022_parked,
    m0023_doubts,
    m0024_event_kinds,
)
from aggregator.storage.sql import execute
from aggregator.storage.tables import Migration
from aggregator.storage.transaction import engine, write

STEPS: dict[int, Callable[[bool], list[str]]] = {
    1: m0001_first.statements,
    2: m0002_evidence.statements,
    3: m0003_learned_of.statements,
    4: m0004_shelf_news.statements,
    5: m0005_console.statements,
    6: m0006_people.statements,
    7: m0007_audits.statements,
    8: m0008_days.statements,
    9: m0009_large.statements,
    10: m0010_repeats.statements,
    11: m0011_overserved.statements,
    12: m0012_charges.statements,
    13: m0013_reconciliation.statements,
    14: m0014_account_doors.statements,
    15: m0015_given_again.statements,
    17: m0017_wide_sums.statements,
    18: m0018_aliases.statements,
    19: m0019_packages.statements,
    20: m0020_findings.statements,
    21: m0021_refills.statements,
    22: m0022_parked.statements,
    23: m0023_doubts.statements,
    24: m0024_event_kinds.statements,
}
"""Step number -> its statements, for SQLite (True) or PostgreSQL."""
_LOCK = 7_204_180_531  # any number that no other program uses on this database


class NewerDatabase(CannotBeDone):
    """The database was migrated by a later version of this program."""

    def __init__(self, step: int) -> None:
        super().__init__(f"the database is at step {step}, this program knows {max(STEPS)}: run a newer version")


async def migrate() -> list[int]:
    """Take the missing steps and return their numbers."""
    taken: list[int] = []
    while (step := await write(_take_one)) is not None:
        taken.append(step)
    return taken


async def missing() -> list[int]:
    """The steps that this database has not taken; raises `NewerDatabase`. Nothing is written."""
    done = await _done()
    if done and max(done) > max(STEPS):
        raise NewerDatabase(max(done))
    return [step for step in STEPS if step not in done]


async def _take_one() -> int | None:
    on_sqlite = is_sqlite(engine())
    if not on_sqlite:
        await Migration.raw(f"select pg_advisory_xact_lock({_LOCK})")
    await engine().run_ddl("create table if not exists migrations (id integer primary key, at bigint not null)")
    steps = await missing()
    if not steps:
        return None
    for statement in STEPS[steps[0]](on_sqlite):
        await engine().run_ddl(statement)
    await Migration.insert(Migration(id=steps[0], at=clock.now()))
    return steps[0]


async def _done() -> set[int]:
    on_sqlite = is_sqlite(engine())
    [row] = await execute(
        "select count(*) as n from sqlite_master where name = 'migrations'"
        if on_sqlite
        else "select count(*) as n from pg_class where oid = to_regclass('migrations')"
    )
    if not row["n"]:
        return set()
    return {row["id"] for row in await Migration.select(Migration.id)}
