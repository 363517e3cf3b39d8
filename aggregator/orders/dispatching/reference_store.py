"""The rows of our own ids of attempts, as their providers were told them: written before the request leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from aggregator.storage.tables import SentReference


class Sent(Struct, frozen=True):
    """Our id of an attempt as its provider was told it."""

    reference: str
    door: str
    """A digest of address, key and parameter: through another door it would be another order."""


async def keep_references(sent: Mapping[int, Sent]) -> None:
    """Of attempts, by their ids."""
    rows = [SentReference(attempt=attempt, reference=one.reference, door=one.door) for attempt, one in sent.items()]
    if rows:
        await SentReference.insert(*rows)


async def references(attempts: Iterable[int]) -> dict[int, Sent]:
    """Those of the attempts that went out with a reference."""
    rows = await SentReference.select().where(SentReference.attempt.is_in([0, *attempts]))
    return {row["attempt"]: Sent(row["reference"], row["door"]) for row in rows}
