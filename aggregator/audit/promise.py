"""What a promise is: a sentence, and a way to find the rows that break it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from aggregator.storage.tables import Signal

MOST_SHOWN = 20


class Promise(Struct, frozen=True):
    name: str
    sentence: str
    broken: Callable[[], Awaitable[list[str]]]
    """One text for each row that breaks it."""


def query(name: str, sentence: str, sql: str) -> Promise:
    """A promise whose breaches a select finds; its first column says which row, the others what is wrong."""

    async def broken() -> list[str]:
        rows: list[dict[str, Any]] = await Signal.raw(sql)
        return [", ".join(f"{key} {value}" for key, value in dict(row).items()) for row in rows]

    return Promise(name, sentence, broken)
