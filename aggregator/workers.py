"""The loops: dispatch, sweep, poll, sync and balances, and the look at what other processes changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)

Job = Callable[[], Awaitable[float | None]]
"""One round of work; returns the seconds until the next, None = the loop's own pause, 0 = at once."""


class Loop:
    """Runs a job again and again. A round that fails is logged and the loop goes on; `wake` ends its pause.

    Each round is a task of its own: what a driver leaves behind in a failed task dies with it.
    """

    def __init__(self, name: str, job: Job, *, pause: float) -> None:  # seconds
        self.name = name
        self._job = job
        self._pause = pause
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def run(self) -> None:
        while True:
            pause = await self._round()
            if pause:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
            await asyncio.sleep(0)
            self._woken.clear()

    async def _round(self) -> float:
        try:
            pause = await asyncio.create_task(self._finish_round(), name=self.name)
        except Exception as error:
            log.exception("worker.round_failed", loop=self.name, error=type(error).__name__)
            return max(self._pause, 0.5)
        return self._pause if pause is None else pause

    async def _finish_round(self) -> float | None:
        return await self._job()


class Workers:
    """Starts loops and stops them; a loop for each provider may come and go."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loops: dict[str, Loop] = {}

    def start(self, loop: Loop) -> None:
        if loop.name not in self._tasks:
            self._loops[loop.name] = loop
            self._tasks[loop.name] = asyncio.create_task(loop.run(), name=f"loop:{loop.name}")

    def wake(self, name: str) -> None:
        if name in self._loops:
            self._loops[name].wake()

    def wake_all(self) -> None:
        for loop in self._loops.values():
            loop.wake()

    def names(self) -> set[str]:
        return set(self._tasks)

    async def stop(self, name: str) -> None:
        """End a loop in the middle of its round: what it was committing is committed all the same."""
        self._loops.pop(name, None)
        task = self._tasks.pop(name, None)
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def stop_all(self) -> None:
        for name in list(self._tasks):
            await self.stop(name)
