"""The database's clock, told without asking it each time; every deadline and lease goes by it.

The wall clock of a process may jump; a monotonic clock may not. So the database's time is read now and then, and
the monotonic time since is added. The database's own may be set back: then this one does not follow, but runs a little
slower until the two agree, so that no window, lease or due time lies in a future that has been.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

import structlog

from aggregator.storage.engine import Postgres
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine

log = structlog.get_logger(__name__)

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
STEP_MS = 1000
"""Two clocks that differ by more have not drifted apart: somebody has set one."""
SLOWER = 10
"""Of so many milliseconds one is left out while the clock is ahead: an hour is made up for in ten."""
_READ_AGAIN_SECONDS = 60.0

_offset_ms = int(time.time() * 1000) - int(time.monotonic() * 1000)
_read_at = float("-inf")  # seconds
_ahead_ms = 0
"""How far we were ahead of the database's clock when it was read last, after it was set back."""


def now() -> int:
    """Milliseconds since 1970, UTC, by the database's clock; never less than before."""
    elapsed = int(time.monotonic() * 1000)
    if not _ahead_ms:
        return elapsed + _offset_ms
    return elapsed + _offset_ms - min(_ahead_ms, max(0, elapsed - int(_read_at * 1000)) // SLOWER)


def tell(moment: int) -> str:
    """A moment as RFC 3339 in UTC."""
    seconds, rest = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


async def follow(*, at_once: bool = False) -> None:
    """Read the database's clock again when the last reading is a minute old."""
    if not at_once and time.monotonic() - _read_at < _READ_AGAIN_SECONDS:
        return
    if isinstance(engine(), Postgres):
        rows = await Signal.raw("select (extract(epoch from clock_timestamp()) * 1000)::bigint as now")
        told = int(rows[0]["now"])
    else:
        told = int(time.time() * 1000)
    take(told, first=at_once)


def take(told: int, *, first: bool = False) -> None:
    """Go by what the database's clock says now; with nothing to keep up where it is the `first` reading."""
    global _offset_ms, _read_at, _ahead_ms  # noqa: PLW0603  # one clock a process
    ahead = now() - told
    _read_at = time.monotonic()
    if first or ahead <= 0:
        if not first and ahead < -STEP_MS:
            log.warning("clock.set_forward", ms=-ahead)
        _offset_ms, _ahead_ms = told - int(_read_at * 1000), 0
        return
    if ahead > _ahead_ms + STEP_MS:
        log.warning("clock.set_back", ms=ahead, kept="our own, a little slower, until the two agree")
    _offset_ms, _ahead_ms = told + ahead - int(_read_at * 1000), ahead
