"""Cross-process invalidation: counters by which a process tells the others, within a second, what to look at again."""

from __future__ import annotations

from aggregator.storage.tables import Signal

CATALOGUE = "catalogue"
"""Listings, revisions of prices or a provider's currency: the shelf must be made again."""
KEYS = "keys"
"""Keys or resellers: what is remembered of callers is stale."""
REPLIES = "replies"
"""Orders were decided, which `decisions` name: their kept replies are stale."""
WORDS = "words"
"""Something was learned of a provider: what a word means, or how it takes batches."""
WORK = "work"
"""There may be something to dispatch or poll at once."""
TOLD = "told"
"""Up to which count of CATALOGUE the changes of our shelf have been told."""


async def raise_signal(name: str) -> None:
    """Count up; inside a transaction it is seen when that commits."""
    await Signal.raw(
        "insert into signals (name, value) values ({}, 1) on conflict (name) do update set value = signals.value + 1",
        name,
    )


async def read() -> dict[str, int]:
    return {row["name"]: row["value"] for row in await Signal.select()}


async def reach(name: str, value: int) -> bool:
    """Take a counter up to a value; False where it is beyond already. Held by the transaction until it ends."""
    taken = Signal.insert(Signal(name=name, value=value)).on_conflict(
        Signal.name, "DO UPDATE", [Signal.value], where=Signal.value <= value
    )
    return bool(await taken.returning(Signal.value))
