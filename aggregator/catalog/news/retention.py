"""Takes out of feeds and histories what nobody reads any more, a little at a time: they do not grow for ever."""

from __future__ import annotations

from functools import partial

from aggregator.catalog import store
from aggregator.catalog.news import news_store
from aggregator.catalog.upstream import balance_store
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS
from aggregator.storage.transaction import write

KEPT_MS = 400 * DAY_MS
"""A year and a month: last year's prices can still be looked up."""
AT_ONCE = 5_000
"""Rows a transaction, so that no other write waits long for it."""


async def tidy() -> int:
    """Forget old changes at providers, old news of our shelf and old movements of balances; how many lines."""
    before, forgotten = clock.now() - KEPT_MS, 0
    drops = (
        store.drop_old_changes,
        news_store.drop_old,
        balance_store.drop_old_moves,
        balance_store.drop_old_days,
    )
    for drop in drops:
        while some := await write(partial(drop, before, most=AT_ONCE)):
            forgotten += some
    return forgotten
