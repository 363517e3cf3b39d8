"""Takes in what was decided about orders, by whomever and in whichever process: their replies are made anew."""

from __future__ import annotations

from aggregator.cache.status import Kind, StatusCache
from aggregator.orders import attempt_store, store
from aggregator.orders.track import Tracker
from aggregator.storage import clock, decisions

OVERLAP_MS = 120_000
"""A transaction ends sooner: none that began before the last look shows up later than this."""
MOST = 5_000
"""Of more decisions at a time it is quicker to make every reply anew."""


class Decided:
    """Which orders were decided since it last looked. One object a process."""

    def __init__(self, cache: StatusCache, tracker: Tracker) -> None:
        self._cache = cache
        self._tracker = tracker
        self._looked_at = clock.now()

    async def take_in(self) -> None:
        """Call it when a signal says that there is something."""
        now = clock.now()
        numbers = await decisions.recent("order", since=self._looked_at - OVERLAP_MS, most=MOST)
        if numbers is None:
            await self._tracker.forget()
        else:
            await self._renew(sorted(numbers))
        self._looked_at = now

    async def _renew(self, numbers: list[int]) -> None:
        tried = await attempt_store.of_orders(numbers)
        # What a provider says of them counts as news once more, though it be the same.
        await self._cache.put_many(Kind.READING, {str(one.id): b"" for each in tried.values() for one in each})
        await self._tracker.refresh(await store.get_many(numbers))
