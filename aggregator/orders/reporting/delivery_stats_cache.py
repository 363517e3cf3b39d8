"""The figures of all services, read from the database at most every five minutes, by one reader for all who ask."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from aggregator.orders.reporting import delivery_stats_store
from aggregator.orders.reporting.delivery_stats import Figure
from aggregator.storage.engine import is_unreachable

KEEP_SECONDS = 300


class Performance:
    """What a process knows of how its services do."""

    def __init__(self) -> None:
        self._figures: Mapping[int, Figure] = {}
        self._until = float("-inf")  # seconds, not money
        self._reading = asyncio.Lock()

    async def figures(self) -> Mapping[int, Figure]:
        """By service; the same object until it is read again."""
        async with self._reading:
            if self._until < time.monotonic():
                await self._read()
        return self._figures

    def forget(self) -> None:
        """Read them anew for the next who asks."""
        self._until = float("-inf")  # seconds, not money

    async def _read(self) -> None:
        """While the database is away, what was known before is good enough."""
        self._until = time.monotonic() + KEEP_SECONDS
        try:
            self._figures = await delivery_stats_store.of_services()
        except Exception as error:
            if not is_unreachable(error):
                raise
