"""The audit log of decisions, by people and by rules on evidence: who decided what about which row, and why.

A row of it is never changed.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from aggregator.storage import clock
from aggregator.storage.tables import Decision


class DecisionRow(Struct, frozen=True, kw_only=True):
    """One decision; `at` in milliseconds since 1970."""

    id: int
    subject: str
    """What kind of row was decided about: "order", "reseller", "listing", "word", "file" and the like."""
    subject_id: int
    verdict: str
    detail: str
    actor: str
    reason: str
    at: int


async def record(subject: str, subject_id: int, verdict: str, detail: str = "", *, actor: str, reason: str) -> int:
    """Write a decision down, inside the transaction that carries it out; returns its id."""
    row = Decision(
        subject=subject,
        subject_id=subject_id,
        verdict=verdict,
        detail=detail,
        actor=actor,
        reason=reason,
        at=clock.now(),
    )
    inserted = await Decision.insert(row).returning(Decision.id)
    return int(inserted[0]["id"])


async def listed(*, actor: str | None = None, before: int | None = None, limit: int) -> list[DecisionRow]:
    """The newest first; `before` is the last id of the page before."""
    query = Decision.select().order_by(Decision.id, ascending=False).limit(limit)
    query = query if actor is None else query.where(Decision.actor == actor)
    query = query if before is None else query.where(Decision.id < before)
    return [msgspec.convert(dict(row), DecisionRow) for row in await query]


async def about(subject: str, subject_id: int) -> list[DecisionRow]:
    """All about one row, oldest first."""
    same = (Decision.subject == subject) & (Decision.subject_id == subject_id)
    rows = await Decision.select().where(same).order_by(Decision.id)
    return [msgspec.convert(dict(row), DecisionRow) for row in rows]


async def recent(subject: str, *, since: int, most: int) -> set[int] | None:
    """Which rows of a kind were decided about since then (milliseconds); None where that are too many to name."""
    rows = (
        await Decision.select(Decision.subject, Decision.subject_id, Decision.at)
        .order_by(Decision.id, ascending=False)
        .limit(most)
    )
    if len(rows) == most and rows[-1]["at"] >= since:
        return None
    return {int(row["subject_id"]) for row in rows if row["subject"] == subject and row["at"] >= since}
