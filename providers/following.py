"""Asks after many ids: in batches where the panel understands them, else singly, and never believes a batch's no."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar

from providers.batches import Batches
from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable
from providers.reading.verdict import ABOUT_US

T = TypeVar("T")
Answers: TypeAlias = dict[str, T | Refused]

_ABOUT_THE_PANEL = frozenset({Code.TRANSPORT, Code.INTERNAL})


class Following(Generic[T]):
    """Questions of one kind to one panel.

    `question` asks once for the ids given; it returns None when the panel did not understand several at once.
    """

    def __init__(
        self, question: Callable[[list[str]], Awaitable[Answers[T] | None]], batches: Batches, *, at_once: int
    ) -> None:
        self._question = question
        self._batches = batches
        self._at_once = max(1, at_once)

    async def ask(self, ids: Sequence[str]) -> Answers[T]:
        """All that could be learnt; raises only when nothing could."""
        answers: Answers[T] = {}
        for portion in self._batches.cut(ids):
            try:
                answers |= await self._ask(portion)
            except ProviderError:
                if not answers:
                    raise
                break
        return answers

    async def _ask(self, portion: list[str]) -> Answers[T]:
        if len(portion) == 1 or not self._batches.usable:
            return await self._singly(portion)
        try:
            answers = await self._question(portion)
        except Refused as error:
            if error.code is not Code.BATCH_TOO_BIG:
                raise
            self._batches.was_too_big(error.text, len(portion))
            return await self.ask(portion)
        return await self._otherwise(portion) if answers is None else await self._checked(answers)

    async def _checked(self, answers: Answers[T]) -> Answers[T]:
        """A batch in which single ids were refused: those ids are asked again, each alone."""
        self._batches.worked()
        sure: Answers[T] = {one: answer for one, answer in answers.items() if not isinstance(answer, Refused)}
        try:
            return sure | await self._singly([one for one in answers if one not in sure])
        except ProviderError:
            if not sure:
                raise
            return sure

    async def _otherwise(self, portion: list[str]) -> Answers[T]:
        answers = await self._singly(portion)
        if any(not isinstance(answer, Refused) for answer in answers.values()):
            self._batches.failed()
        return answers

    async def _singly(self, ids: list[str]) -> Answers[T]:
        """A few beside each other; trouble that is not about one id ends the round with what is known by then."""
        answers: Answers[T] = {}
        trouble: ProviderError | None = None
        for start in range(0, len(ids), self._at_once):
            for result in await asyncio.gather(*map(self._one, ids[start : start + self._at_once])):
                if isinstance(result, ProviderError):
                    trouble = trouble or result
                else:
                    answers |= result
            if trouble is not None and _is_general(trouble):
                break
        if trouble is not None and not answers:
            raise trouble
        return answers

    async def _one(self, one: str) -> Answers[T] | ProviderError:
        try:
            return await self._question([one]) or {}
        except Refused as error:
            return error if _is_general(error) else {one: error}
        except ProviderError as error:
            return error


def _is_general(error: ProviderError) -> bool:
    if isinstance(error, Garbled):
        return error.code in _ABOUT_THE_PANEL
    return isinstance(error, Unreachable) or error.code in ABOUT_US
