"""The rows of refills: asked for by resellers, sent at most once, followed until the provider has decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from aggregator.orders.model import Attempt
from aggregator.storage import clock, tables
from aggregator.storage.engine import is_unique_violation

_REFILL = tables.Refill


class RefillState(StrEnum):
    REQUESTED = "requested"
    """Recorded, not sent."""
    SENDING = "sending"
    UNSURE = "unsure"
    """Sent, and no answer came: never sent again."""
    PENDING = "pending"
    """The provider took it and has not begun."""
    RUNNING = "running"
    COMPLETED = "completed"
    REJECTED = "rejected"


ENDED = frozenset({RefillState.COMPLETED, RefillState.REJECTED})
_OPEN = [state.value for state in RefillState if state not in ENDED]
NO_END = "NO_END"
"""The error of one that was taken and never came to an end."""
PROVIDER_GONE = "PROVIDER_GONE"
"""The error of one whose provider is no longer ours."""


class RefillRow(Struct, frozen=True, kw_only=True):
    """Times in milliseconds since 1970."""

    id: int
    order_id: int
    reseller: int
    attempt: int
    provider: str
    state: RefillState
    upstream_refill: str | None
    """The provider's id; None where it gave none."""
    error: str | None
    deadline_at: int | None
    due_at: int | None
    created_at: int
    ended_at: int | None


class RefillChanges(Struct, frozen=True, kw_only=True):
    """What is written of a refill as it moves; what is not given stays as it is."""

    due_at: int | UnsetType = UNSET
    """When something is to be done about it next (milliseconds since 1970)."""
    deadline_at: int | UnsetType = UNSET
    upstream_refill: str | UnsetType | None = UNSET
    error: str | UnsetType = UNSET


NO_CHANGES = RefillChanges()


async def insert(attempt: Attempt, reseller: int) -> int | None:
    """Record a request; None where the order has one that has not ended."""
    now = clock.now()
    row = _REFILL(
        order_id=attempt.order_id,
        reseller=reseller,
        attempt=attempt.id,
        provider=attempt.provider,
        state=RefillState.REQUESTED.value,
        due_at=now,
        created_at=now,
    )
    try:
        inserted = await _REFILL.insert(row).returning(_REFILL.id)
    except Exception as error:
        if is_unique_violation(error):
            return None
        raise
    return int(inserted[0]["id"])


async def of_reseller(reseller: int, refills: Iterable[int]) -> dict[int, RefillRow]:
    """Those of the refills that are the reseller's."""
    wanted = [refill for refill in refills if 0 < refill < 2**63]
    if not wanted:
        return {}
    rows = await _REFILL.select().where((_REFILL.reseller == reseller) & _REFILL.id.is_in(wanted))
    return {row["id"]: _row(row) for row in rows}


async def of_order(order: int) -> list[RefillRow]:
    """Oldest first."""
    return [_row(row) for row in await _REFILL.select().where(_REFILL.order_id == order).order_by(_REFILL.id)]


async def due(provider: str, limit: int) -> list[RefillRow]:
    """Refills at a provider that want something done, the oldest first."""
    waiting = (_REFILL.provider == provider) & (_REFILL.due_at <= clock.now()) & _REFILL.state.is_in(_OPEN)
    rows = await _REFILL.select().where(waiting).order_by(_REFILL.id).limit(limit)
    return [_row(row) for row in rows]


async def advance(
    refill: int, source: Iterable[RefillState], target: RefillState, changes: RefillChanges = NO_CHANGES
) -> bool:
    """Move a refill if it still is in one of the source states; whether it moved."""
    values: dict[Any, Any] = {"state": target.value, **msgspec.to_builtins(changes)}
    if target in ENDED:
        values |= {"ended_at": clock.now(), "due_at": None}
    states = [state.value for state in source]
    moved = (
        await _REFILL.update(values).where((_REFILL.id == refill) & _REFILL.state.is_in(states)).returning(_REFILL.id)
    )
    return bool(moved)


async def drop_hanging(order: int, *, before: int) -> None:
    """End the refill of an order that was taken before a moment and has not ended, to make room for a new one."""
    taken = [RefillState.PENDING.value, RefillState.RUNNING.value]
    await _REFILL.update(_rejected(NO_END)).where(
        (_REFILL.order_id == order) & _REFILL.state.is_in(taken) & (_REFILL.created_at < before)
    )


async def reject_elsewhere(providers: Iterable[str]) -> int:
    """End what waits at other providers than these; how many. What is being sent right now has its deadline."""
    rows = (
        await _REFILL.update(_rejected(PROVIDER_GONE))
        .where(
            _REFILL.provider.not_in(["", *providers])
            & _REFILL.state.is_in(_OPEN)
            & ((_REFILL.state != RefillState.SENDING.value) | (_REFILL.due_at <= clock.now()))
        )
        .returning(_REFILL.id)
    )
    return len(rows)


def _rejected(error: str) -> dict[Any, Any]:
    return {
        _REFILL.state: RefillState.REJECTED.value,
        _REFILL.error: error,
        _REFILL.ended_at: clock.now(),
        _REFILL.due_at: None,
    }


async def rename_provider(old: str, new: str) -> None:
    await _REFILL.update({_REFILL.provider: new}).where(_REFILL.provider == old)


def _row(row: Mapping[str, Any]) -> RefillRow:
    return msgspec.convert(dict(row), RefillRow, strict=False)
