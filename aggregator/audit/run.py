"""Runs every promise against one moment of the database."""

from __future__ import annotations

from msgspec import Struct

from aggregator.audit import money, orders, placement
from aggregator.audit.promise import MOST_SHOWN, Promise
from aggregator.storage import clock
from aggregator.storage.transaction import snapshot


class Finding(Struct, frozen=True):
    """What became of one promise."""

    promise: str
    sentence: str
    broken: int
    rows: list[str]
    """At most twenty of those that break it."""


async def audit() -> list[Finding]:
    """Every promise with the rows that break it: no rows anywhere is green. Reads only."""
    await clock.follow()
    return await snapshot(_find_all)


async def _find_all() -> list[Finding]:
    return [await _find(promise) for promise in (*money.PROMISES, *placement.promises(), *orders.PROMISES)]


async def _find(promise: Promise) -> Finding:
    rows = await promise.broken()
    return Finding(promise.name, promise.sentence, len(rows), rows[:MOST_SHOWN])
