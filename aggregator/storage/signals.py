"""Counters by which one process tells the others, within a second, what to look at again."""

from __future__ import annotations

from aggregator.storage.tables import Signal

CATALOGUE = "catalogue"
"""Listings, revisions of prices or a provider's currency: the shelf must be made again."""
KEYS = "keys"
"""Keys or resellers: what is remembered of callers is stale."""
REPLIES = "replies"
"""Orders were decided from outside: replies kept in a process are stale."""
WORDS = "words"
"""Something was learned of a provider: what a word means, or how it takes batches."""
WORK = "work"
"""There may be something to dispatch or poll at once."""


async def raise_signal(name: str) -> None:
    """Count up; inside a transaction it is seen when that commits."""
    await Signal.raw(
        "insert into signals (name, value) values ({}, 1) on conflict (name) do update set value = signals.value + 1",
        name,
    )


async def read() -> dict[str, int]:
    return {row["name"]: row["value"] for row in await Signal.select()}
