"""The rows of what was called off and came alive again, and which provider's call-offs are doubted for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aggregator.orders.state import Outcome
from aggregator.storage import clock
from aggregator.storage.conditions import CALLED_OFF
from aggregator.storage.tables import Attempt, Provider


async def revive(attempts: Sequence[int]) -> list[int]:
    """Those of the attempts that nobody had seen alive since they were called off; now somebody has."""
    asleep = Attempt.id.is_in(list(attempts)) & Attempt.revived_at.is_null()
    called_off = asleep & (Attempt.outcome == Outcome.CALLED_OFF.value)
    rows = await Attempt.update({Attempt.revived_at: clock.now()}).where(called_off).returning(Attempt.id)
    return sorted(row["id"] for row in rows)


async def count(provider: str, *, since: int) -> tuple[int, int]:
    """How many attempts came alive since a moment and since somebody looked, and how many were called off since it."""
    looked = "coalesce((select call_offs_looked_at from providers where name = {}), 0)"
    # SQL: a moment that stands in another table.
    revived = await Attempt.raw(
        f"select count(*) as n from attempts where provider = {{}} and revived_at >= {{}} and revived_at > {looked}",
        provider,
        since,
        provider,
    )
    lately = (Attempt.provider == provider) & CALLED_OFF & (Attempt.answered_at >= since)
    return int(revived[0]["n"]), await Attempt.count().where(lately)


async def doubt(provider: str) -> bool:
    """Believe the provider's call-offs no more; whether they were believed."""
    trusted = (Provider.name == provider) & Provider.call_offs_doubted_at.is_null()
    changes: dict[Any, Any] = {Provider.call_offs_doubted_at: clock.now()}
    return bool(await Provider.update(changes).where(trusted).returning(Provider.name))
