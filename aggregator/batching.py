"""Request coalescing (micro-batching): calls of the same moment become one batch, so that many cost one round trip.

Where the batch is a write it is a group commit: many orders share one transaction (`orders.intake.accept_store`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Batcher(Generic[Q, A]):
    """Collects the items of one turn of the event loop, and hands them to `batch` together.

    While `concurrency` batches are under way further items wait, so that batches grow with the load and nobody waits
    without it. A caller that is cancelled cancels neither the others nor the batch.
    """

    def __init__(
        self,
        batch: Callable[[list[Q]], Awaitable[Sequence[A | Exception]]],
        *,
        max_size: int,
        concurrency: int = 1,
        retry_alone: Callable[[Exception], bool] = lambda _: False,
    ) -> None:
        """`batch` answers at most `max_size` items in their order; an exception among the answers is one item's own.

        Where a whole batch failed, `retry_alone` says of the error whether each item is worth a batch of its own.
        """
        self._batch = batch
        self._max_size = max_size
        self._free = concurrency
        self._retry_alone = retry_alone
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._leaving = False
        self._on_their_way: set[asyncio.Task[None]] = set()

    async def __call__(self, question: Q) -> A:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[A] = loop.create_future()
        self._waiting.append((question, answer))
        if self._free and not self._leaving:
            self._leaving = True
            loop.call_soon(self._leave)
        return await answer

    def _leave(self) -> None:
        self._leaving = False
        while self._free and self._waiting:
            batch, self._waiting = self._waiting[: self._max_size], self._waiting[self._max_size :]
            self._free -= 1
            # In a context of its own: what one caller was in the middle of is nothing to the others.
            task = asyncio.get_running_loop().create_task(self._carry(batch), context=Context())
            self._on_their_way.add(task)
            task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._on_their_way.discard(task)
        self._free += 1
        self._leave()

    async def _carry(self, batch: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers: Sequence[A | Exception] = await self._batch([question for question, _ in batch])
        except BaseException as error:
            if len(batch) > 1 and isinstance(error, Exception) and self._retry_alone(error):
                for one in batch:
                    await self._carry([one])
                return
            for _, future in batch:
                _tell(future, error)
            if not isinstance(error, Exception):
                raise
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            _tell(future, answer)


def _tell(future: asyncio.Future[A], answer: A | BaseException) -> None:
    if future.done():
        return
    if isinstance(answer, asyncio.CancelledError):
        future.cancel()
    elif isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
