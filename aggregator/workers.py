"""The loops: dispatch, sweep, poll, sync and balances, and the look at what other processes changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

log = structlog.get_logger(__name__)

ROUND_SECONDS = 5
"""How long a round that has begun may take to its end when its loop is stopped."""

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
        self._ending = False

    def wake(self) -> None:
        self._woken.set()

    def end(self) -> None:
        """Begin no further round."""
        self._ending = True
        self._woken.set()

    async def run(self) -> None:
        while not self._ending:
            pause = await self._round()
            if pause:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), pause)
            await asyncio.sleep(0)
            self._woken.clear()

    async def _round(self) -> float:
        try:
            pause = await asyncio.create_task(self._finish_round(), name=self.name)
        except Exception as error:  # noqa: BLE001  # whatever it is, the loop goes on
            log.error("worker.round_failed", loop=self.name, failed=error)  # noqa: TRY400  # in a line
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

    def wake(self, *names: str) -> None:
        """End the pauses of these loops: `poll:alpha` is one provider's, `poll` stands for every provider's.

        What keeps its own hours (tidying, audits, days) has nothing to do sooner: name only what has work.
        """
        for name, loop in self._loops.items():
            if name in names or name.partition(":")[0] in names:
                loop.wake()

    def names(self) -> set[str]:
        return set(self._tasks)

    async def stop(self, *names: str) -> None:
        """Let the rounds that have begun end, so that what they claimed is not left waiting for its lease; then cut."""
        ending = [name for name in names if name in self._tasks]
        for name in ending:
            self._loops.pop(name).end()
        tasks = [self._tasks.pop(name) for name in ending]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=ROUND_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def stop_all(self) -> None:
        await self.stop(*self._tasks)
