"""What monitoring is told of the audit: how the last run ended, and for how long nobody has known better."""

from __future__ import annotations

from msgspec import Struct

from aggregator.audit import store
from aggregator.audit.store import Finding
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS

OVERDUE_MS = HOUR_MS
"""A run comes every few minutes, and takes minutes at most."""


class Health(Struct, frozen=True, kw_only=True):
    """As any process found it."""

    green: bool | None
    """How the last run ended; None before the first."""
    age_ms: int
    """Since the last run that could look at everything; before the first, since there is anything to look at."""
    red: list[Finding]
    failure: str | None
    """Why the last run could not."""

    @property
    def word(self) -> str | None:
        """In one word; None while the first run may still be about to come."""
        if self.green is False:
            return "red"
        if self.age_ms > OVERDUE_MS:
            return "overdue"
        return None if self.green is None else "ok"


async def look() -> Health:
    """How the audit does now."""
    age = max(0, clock.now() - await store.sound_since())
    for run in await store.last_runs():
        return Health(green=bool(run.green), age_ms=age, red=run.red, failure=run.failure)
    return Health(green=None, age_ms=age, red=[], failure=None)
