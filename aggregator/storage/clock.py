"""The database's clock, told without asking it each time; every deadline and lease goes by it.

The wall clock of a process may jump; a monotonic clock may not. So the database's time is read now and then, and
the monotonic time since is added.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from aggregator.storage.engine import Postgres
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine

_READ_AGAIN_SECONDS = 60.0

_offset_ms = int(time.time() * 1000) - int(time.monotonic() * 1000)
_read_at = float("-inf")  # seconds


def now() -> int:
    """Milliseconds since 1970, UTC, by the database's clock."""
    return int(time.monotonic() * 1000) + _offset_ms


def tell(moment: int) -> str:
    """A moment as RFC 3339 in UTC."""
    seconds, rest = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


async def follow(*, at_once: bool = False) -> None:
    """Read the database's clock again when the last reading is a minute old."""
    global _offset_ms, _read_at  # noqa: PLW0603  # one clock a process
    if not at_once and time.monotonic() - _read_at < _READ_AGAIN_SECONDS:
        return
    if isinstance(engine(), Postgres):
        rows = await Signal.raw("select (extract(epoch from clock_timestamp()) * 1000)::bigint as now")
        told = int(rows[0]["now"])
    else:
        told = int(time.time() * 1000)
    _read_at = time.monotonic()
    _offset_ms = told - int(_read_at * 1000)
