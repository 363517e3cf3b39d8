"""The columns of attempts that say what was served beyond what was bought, and whether that is to be called off."""

from __future__ import annotations

from typing import Any, NamedTuple

from piccolo.query.functions import Count, Min

from aggregator.orders.attempt_store import as_attempt
from aggregator.orders.model import Attempt, WaitingRows
from aggregator.orders.settling import daily_totals_store
from aggregator.storage import clock, tables
from aggregator.storage.conditions import TO_CALL_OFF
from aggregator.storage.transaction import write

_ATTEMPT = tables.Attempt


class Noted(NamedTuple):
    """What is known of an attempt; units beyond what was bought, times in milliseconds since 1970."""

    attempt: int
    known: int
    """Two readings agree on so many."""
    seen: int
    """One reading said so, and waits for another; 0 = none does."""
    seen_at: int | None
    call_off: bool
    """It goes on, and its provider is to end it."""


def noted(attempt: Attempt) -> Noted:
    """As it stands."""
    return Noted(attempt.id, attempt.overserved, attempt.overserved_seen, attempt.overserved_at, attempt.call_off)


async def note(before: Attempt, after: Noted) -> bool:
    """Write down what a reading changed, and its cost; False where another reading was quicker."""
    changes: dict[Any, Any] = {
        _ATTEMPT.overserved: after.known,
        _ATTEMPT.overserved_seen: after.seen,
        _ATTEMPT.overserved_at: after.seen_at,
        _ATTEMPT.call_off: after.call_off,
    }
    unchanged = (_ATTEMPT.id == before.id) & (_ATTEMPT.overserved == before.overserved)

    async def work() -> bool:
        moved = False

        async def change() -> None:
            nonlocal moved
            moved = bool(await _ATTEMPT.update(changes).where(unchanged).returning(_ATTEMPT.id))

        await daily_totals_store.follow([before.id] if after.known > before.overserved else [], change)
        return moved

    return await write(work)


async def note_unstopped(attempt: int) -> bool:
    """The provider does not end it; whether that is news of one that is to be called off."""
    new = (_ATTEMPT.id == attempt) & _ATTEMPT.call_off.eq(True) & _ATTEMPT.unstopped_at.is_null()
    return bool(await _ATTEMPT.update({_ATTEMPT.unstopped_at: clock.now()}).where(new).returning(_ATTEMPT.id))


async def to_call_off(provider: str, limit: int) -> list[Attempt]:
    """Overserved attempts whose provider is to be asked now to end them, whatever became of their orders."""
    is_due = _ATTEMPT.cancel_at.is_null() | (_ATTEMPT.cancel_due_at <= clock.now())
    there = (_ATTEMPT.provider == provider) & TO_CALL_OFF & is_due
    rows = await _ATTEMPT.select().where(there).order_by(_ATTEMPT.id).limit(limit)
    return [as_attempt(row) for row in rows]


async def unstopped() -> dict[str, WaitingRows]:
    """By provider: what goes on there beyond what was bought, although it should have been called off."""
    going_on = TO_CALL_OFF & _ATTEMPT.unstopped_at.is_not_null() & _ATTEMPT.poll_at.is_not_null()
    counted = _ATTEMPT.select(_ATTEMPT.provider, Count(alias="n"), Min(_ATTEMPT.unstopped_at, alias="since"))
    rows = await counted.where(going_on).group_by(_ATTEMPT.provider)
    return {row["provider"]: WaitingRows(int(row["n"]), row["since"]) for row in rows}
