"""Works out something large beside the event loop, once for all who wait for it, and only while somebody does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")
Wanted: TypeAlias = Callable[[], bool]
"""Whether anybody waits for it still; to be asked now and then by whoever computes."""


class GivenUp(Exception):
    """Nobody waits for what was computed."""


class Beside(Generic[T]):
    """Keeps the last result for as long as what it was made from stays the same object."""

    def __init__(self) -> None:
        self._latest: _Run[T] | None = None

    async def get(self, source: object, compute: Callable[[Wanted], T]) -> T:
        """What `compute` makes, in a thread; it raises `GivenUp` once it is told that it is not wanted."""
        run = self._latest
        if run is None or run.source is not source or run.failed:
            run = self._latest = _Run(source, compute)
        return await run.result()


class Besides(Generic[T]):
    """A `Beside` for each of a few kinds of what is wanted of one source."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kinds: dict[Hashable, Beside[T]] = {}

    async def get(self, kind: Hashable, source: object, compute: Callable[[Wanted], T]) -> T:
        """As `Beside.get`; with more than so many kinds, all are forgotten."""
        if kind not in self._kinds and len(self._kinds) >= self._most:
            self._kinds.clear()
        return await self._kinds.setdefault(kind, Beside()).get(source, compute)


class _Run(Generic[T]):
    def __init__(self, source: object, compute: Callable[[Wanted], T]) -> None:
        self.source = source
        self._waiting = 0
        self._left = False
        self._task = asyncio.create_task(asyncio.to_thread(compute, lambda: not self._left))
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())  # heard, also by nobody

    @property
    def failed(self) -> bool:
        """Whether it cannot be waited for any more."""
        done = self._task.done()
        return self._left or (done and (self._task.cancelled() or self._task.exception() is not None))

    async def result(self) -> T:
        self._waiting += 1
        try:
            return await asyncio.shield(self._task)
        finally:
            self._waiting -= 1
            self._left = not self._waiting and not self._task.done()
