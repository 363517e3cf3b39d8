"""Decisions of people, and of rules on evidence: who decided what about which row, and why. Never changed."""

from __future__ import annotations

from aggregator.storage import clock
from aggregator.storage.tables import Decision


async def record(subject: str, subject_id: int, verdict: str, detail: str = "", *, actor: str, reason: str) -> int:
    """Write a decision down, inside the transaction that carries it out; returns its id."""
    row = Decision(
        subject=subject, subject_id=subject_id, verdict=verdict, detail=detail,
        actor=actor, reason=reason, at=clock.now(),
    )  # fmt: skip
    inserted = await Decision.insert(row).returning(Decision.id)
    return int(inserted[0]["id"])
