"""The rows of audits: what each run found, what the last green one had seen, and what stands still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.audit.chain import Link
from aggregator.audit.promise import Stops
from aggregator.audit.scope import Marks, last_id
from aggregator.orders import halts
from aggregator.orders.halts import Concerned
from aggregator.storage import clock, decisions, signals
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import AuditRun, AuditSum, Decision, Migration, Signal
from aggregator.storage.totals import halves, read_total
from aggregator.storage.transaction import engine, write

_LOCK = 7_204_180_533  # any number that no other program uses on this database
_CHAIN = "audit"


class Finding(Struct, frozen=True):
    """What became of one promise."""

    id: str
    promise: str
    sentence: str
    stops: Stops
    broken: int
    rows: list[str]
    """At most twenty of those that break it."""


class Run(Struct, frozen=True, kw_only=True):
    """A run that was kept. Times in milliseconds, `at` since 1970."""

    id: int
    complete: bool
    """Everything was looked at, not only what was new."""
    at: int
    milliseconds: int | None
    checked: int | None
    """Rows looked at."""
    green: bool | None
    """None = it has not ended."""
    red: list[Finding]
    failure: str | None = None
    """Why some promises could not be looked at."""


class Checkpoint(Struct, frozen=True):
    """What a green run had seen when it ended."""

    audit: int
    marks: Marks
    sums: Mapping[str, int]


async def last_runs(limit: int = 1) -> list[Run]:
    """The newest runs that have ended, the newest first."""
    query = AuditRun.select().where(AuditRun.green.is_not_null()).order_by(AuditRun.id, ascending=False)
    return [_run(row) for row in await query.limit(limit)]


async def last_complete() -> Run | None:
    """The newest run over everything that has ended."""
    done = (AuditRun.complete == True) & AuditRun.green.is_not_null()  # noqa: E712  # a column, not a value
    rows = await AuditRun.select().where(done).order_by(AuditRun.id, ascending=False).limit(1)
    return _run(rows[0]) if rows else None


async def sound_since() -> int:
    """When the last run that could look at everything it was to look at began (milliseconds since 1970).

    Where there was none, when the first one should have: with the database.
    """
    ended = AuditRun.green.is_not_null() & AuditRun.failure.is_null()
    sound = await AuditRun.select(AuditRun.at).where(ended).order_by(AuditRun.id, ascending=False).limit(1)
    tried = sound or await AuditRun.select(AuditRun.at).order_by(AuditRun.id).limit(1)
    made = [] if sound else await Migration.select(Migration.at).order_by(Migration.id).limit(1)
    return min((int(row["at"]) for row in (*tried, *made)), default=clock.now())


async def last_was_red() -> bool:
    return any(run.green is False for run in await last_runs())


async def entries() -> int:
    return await last_id("entries")


async def checkpoint() -> Checkpoint | None:
    """The newest."""
    rows = await _newest_checkpoint()
    if not rows:
        return None
    sums = {row["account"]: read_total(row, "moved") for row in await AuditSum.select()}
    return Checkpoint(rows[0]["id"], msgspec.json.decode(rows[0]["marks"], type=Marks), sums)


async def links() -> list[Link]:
    """The chain, from its beginning or from where an owner has let it begin anew."""
    begun = (
        await Decision.select(Decision.subject_id)
        .where(Decision.subject == _CHAIN)
        .order_by(Decision.id, ascending=False)
        .limit(1)
    )
    since = AuditRun.id > (begun[0]["subject_id"] if begun else 0)
    rows = (
        await AuditRun.select(AuditRun.linked_to, AuditRun.hash)
        .where(AuditRun.hash.is_not_null() & since)
        .order_by(AuditRun.linked_to)
    )
    return [Link(row["linked_to"], row["hash"]) for row in rows]


async def begin_chain_anew(*, actor: str, reason: str) -> None:
    """The owner takes the entries for good as they are: what was kept of them before counts no more."""
    last = await last_id("audits")
    await write(lambda: decisions.record(_CHAIN, last, "chain begun anew", actor=actor, reason=reason))


async def begin(*, complete: bool, slot: int | None) -> int | None:
    """Write down that a run begins; None where another process has begun the one of this slot."""
    run = AuditRun(slot=slot, complete=complete, at=clock.now(), red="[]")
    rows = await AuditRun.insert(run).on_conflict(AuditRun.slot, "DO NOTHING").returning(AuditRun.id)
    return int(rows[0]["id"]) if rows else None


async def fail(failure: str) -> None:
    """Keep that a run could not be run; what stands still goes on standing."""
    await AuditRun.insert(AuditRun(complete=False, at=clock.now(), green=False, failure=failure, red="[]"))


async def finish(
    number: int,
    broken: Sequence[Finding],
    concerned: Mapping[str, set[Concerned]],
    *,
    failure: str | None = None,
    complete: bool,
    milliseconds: int,
    checked: int,
    newest: Checkpoint | None,
    checkpoint: Checkpoint | None,
    link: Link | None,
) -> None:
    """Keep what a run found; a checkpoint and a link only if nobody else has made one since `newest`.

    With a `failure` nothing that stood still goes on: nobody knows what the run would have found.
    """
    lifts = complete and failure is None

    async def work() -> bool:
        if not is_sqlite(engine()):
            # SQL: an advisory lock.
            await Signal.raw(f"select pg_advisory_xact_lock({_LOCK})")
        rows = await _newest_checkpoint()
        is_next = (rows[0]["id"] if rows else None) == (newest.audit if newest else None)
        kept = checkpoint if is_next else None
        changes: dict[Any, Any] = {
            AuditRun.green: not broken and failure is None,
            AuditRun.failure: failure,
            AuditRun.red: msgspec.json.encode(broken).decode(),
            AuditRun.milliseconds: milliseconds,
            AuditRun.checked: checked,
        }
        if kept is not None:
            changes[AuditRun.marks] = msgspec.json.encode(kept.marks).decode()
            if link is not None:
                changes |= {AuditRun.linked_to: link.entry, AuditRun.hash: link.hash}
            await _keep_sums(kept.sums, newest.sums if newest else {})
        await AuditRun.update(changes).where(AuditRun.id == number)
        return await halts.replace(number, concerned, lifts=lifts)

    if await write(work):
        await signals.raise_signal(signals.WORK)


async def _keep_sums(now: Mapping[str, int], before: Mapping[str, int]) -> None:
    for account, moved in now.items():
        if before.get(account) != moved:
            low, high = halves(moved)
            await AuditSum.insert(AuditSum(account=account, moved=low, moved_high=high)).on_conflict(
                AuditSum.account, "DO UPDATE", [AuditSum.moved, AuditSum.moved_high]
            )


async def _newest_checkpoint() -> list[dict[str, Any]]:
    kept = AuditRun.marks.is_not_null()
    return (
        await AuditRun.select(AuditRun.id, AuditRun.marks).where(kept).order_by(AuditRun.id, ascending=False).limit(1)
    )


def _run(row: Mapping[str, Any]) -> Run:
    red = msgspec.json.decode(row["red"], type=list[Finding])
    return msgspec.convert({**row, "red": red}, Run, strict=False)
