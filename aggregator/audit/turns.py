"""The audit that runs by itself: at the start, every few minutes what is new, every night everything."""

from __future__ import annotations

import structlog

from aggregator.audit import store
from aggregator.audit.run import Result, failing_in_public, run_in_slot
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS, HOUR_MS

log = structlog.get_logger(__name__)

EVERY_MS = 300_000
NIGHT_MS = 3 * HOUR_MS
"""When the night's run is due, after midnight UTC."""


async def take_turn(*, at_start: bool = False) -> Result | None:
    """Audit, unless another process does so in these five minutes; at the start in any case."""
    now = clock.now()
    async with failing_in_public():
        quick = at_start and await store.checkpoint() is not None
        result = await run_in_slot(None if quick else now // EVERY_MS, full=await _night_is_over(now) or None)
    if result is not None:
        _tell(result)
    return result


def next_turn() -> float:  # seconds
    """How long until the next."""
    return (EVERY_MS - clock.now() % EVERY_MS) / 1000 + 1


async def _night_is_over(now: int) -> bool:
    """Whether nobody has looked at everything since the last night."""
    last = await store.last_complete()
    due = (now - NIGHT_MS) // DAY_MS * DAY_MS + NIGHT_MS
    return last is not None and last.at < due


def _tell(result: Result) -> None:
    for finding in result.broken:
        log.error(
            "audit.red",
            id=finding.id,
            promise=finding.promise,
            broken=finding.broken,
            rows=finding.rows[:3],
            stops=finding.stops.value,
        )
    if result.failure is not None:
        log.error("audit.failed", error=result.failure)
    log.info("audit.done", green=result.green, complete=result.complete, rows=result.checked, ms=result.milliseconds)
