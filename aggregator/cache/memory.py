"""The status cache of a single process: dictionaries that are laid aside while they are young, and dropped when old."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from aggregator.cache.status import KEEP_SECONDS, CachedKind

MOST_ENTRIES = 400_000


class _Shelf:
    """The values of one kind: a young half that is written to, and an old one that is only read.

    When the young half is full, or its time is over, it takes the place of the old one, which is forgotten: no entry
    needs a moment of its own, and to find one costs no more than a look into a dictionary.
    """

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = max(1, most // 2)
        self._clock = clock
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}
        self._until = 0.0  # seconds

    def get(self, ids: Sequence[str]) -> list[bytes | None]:
        self._age()
        found = list(map(self._young.get, ids))
        if None not in found:
            return found
        return [self._old.get(one) if value is None else value for one, value in zip(ids, found, strict=True)]

    def put(self, values: Mapping[str, bytes]) -> None:
        self._age()
        for one, value in values.items():
            if len(self._young) >= self._most and one not in self._young:
                self._turn()
            self._young[one] = value

    def _age(self) -> None:
        now = self._clock()
        if now >= self._until:
            if now >= self._until + KEEP_SECONDS / 2:  # nobody came for so long that both are over
                self._turn()
            self._turn()
            self._until = now + KEEP_SECONDS / 2

    def _turn(self) -> None:
        self._old, self._young = self._young, {}


class MemoryCache:
    """Implements `StatusCache`."""

    def __init__(self, *, most: int = MOST_ENTRIES, clock: Callable[[], float] = time.monotonic) -> None:
        """At most so many entries of each kind; `clock` tells seconds."""
        self._most = most
        self._clock = clock
        self._shelves = self._empty()

    def _empty(self) -> dict[CachedKind, _Shelf]:
        return {kind: _Shelf(self._most, self._clock) for kind in CachedKind}

    async def get_many(self, kind: CachedKind, ids: Sequence[str]) -> list[bytes | None]:
        return self._shelves[kind].get(ids)

    async def put_many(self, kind: CachedKind, values: Mapping[str, bytes]) -> None:
        self._shelves[kind].put(values)

    async def fill_many(self, kind: CachedKind, values: Mapping[str, bytes]) -> None:
        shelf = self._shelves[kind]
        present = dict(zip(values, shelf.get(list(values)), strict=True))
        shelf.put({one: value for one, value in values.items() if present[one] is None})

    async def clear(self) -> None:
        self._shelves = self._empty()

    async def healthy(self) -> bool:
        return True

    async def aclose(self) -> None:
        await self.clear()
