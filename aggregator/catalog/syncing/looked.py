"""The owner has looked at what a provider is suspected of: it is closed until something new comes up; recorded."""

from __future__ import annotations

from enum import StrEnum

from aggregator.catalog import store
from aggregator.catalog.syncing.decide import NothingHeld
from aggregator.catalog.upstream import balance_store
from aggregator.storage import clock, decisions, signals
from aggregator.storage.transaction import write


class Matter(StrEnum):
    """What was looked at."""

    BALANCE = "balance"
    """It lost more than our orders explain."""
    CALL_OFFS = "call-offs"
    """It delivered what it had called off."""


async def looked(provider: str, matter: Matter, *, actor: str, reason: str) -> str:
    """Close a matter; what it was, in words. Raises `NothingHeld` where there is nothing to look at."""

    async def work() -> str:
        closed = await (_close_drift(provider) if matter is Matter.BALANCE else _trust_again(provider))
        if closed is None:
            raise NothingHeld(f"nothing about the {matter} of {provider} waits for a look")
        await decisions.record("provider", 0, "looked", f"{provider}: {closed}", actor=actor, reason=reason)
        await signals.raise_signal(signals.CATALOGUE)
        await signals.raise_signal(signals.WORK)
        return closed

    return await write(work)


async def _close_drift(provider: str) -> str | None:
    closed = await balance_store.accept_drifts(provider)
    return "; ".join(one.text for one in closed) or None


async def _trust_again(provider: str) -> str | None:
    row = await store.provider(provider)
    if row.call_offs_doubted_at is None or not await store.trust_call_offs(provider):
        return None
    return f"call-offs doubted since {clock.tell(row.call_offs_doubted_at)}"
