"""The status cache of a single process: a dictionary that forgets the oldest."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence

from aggregator.cache.status import KEEP_SECONDS

MOST_ENTRIES = 400_000


class MemoryCache:
    """Implements `StatusCache`."""

    def __init__(self, *, most: int = MOST_ENTRIES) -> None:
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()  # seconds, not money
        self._most = most

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        now = time.monotonic()
        found = (self._values.get(key) for key in keys)
        return [entry[1] if entry and entry[0] > now else None for entry in found]

    async def put_many(self, values: Mapping[str, bytes]) -> None:
        until = time.monotonic() + KEEP_SECONDS
        for key, value in values.items():
            self._values[key] = (until, value)
            self._values.move_to_end(key)
        while len(self._values) > self._most:
            self._values.popitem(last=False)

    async def fill_many(self, values: Mapping[str, bytes]) -> None:
        present = await self.get_many(list(values))
        absent = {key for key, value in zip(values, present, strict=True) if value is None}
        await self.put_many({key: value for key, value in values.items() if key in absent})

    async def clear(self) -> None:
        self._values.clear()

    async def healthy(self) -> bool:
        return True

    async def aclose(self) -> None:
        self._values.clear()
