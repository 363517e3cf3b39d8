"""The status cache as everyone sees it: bytes under numbers, many at once, gone at any moment without harm.

Nothing in it decides about money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

KEEP_SECONDS = 900
"""Entries live at most this long; whatever went stale (a lost write) mends itself by then."""


class Kind(StrEnum):
    """What is kept, and whose number it is kept under."""

    READING = "reading"
    """What a provider last said of an attempt."""
    REPLY = "reply"
    """The answer to an order's reseller in both spellings."""


class StatusCache(Protocol):
    """A cache that is down answers like an empty one."""

    async def get_many(self, kind: Kind, numbers: Sequence[int]) -> list[bytes | None]:
        """The values in the order of the numbers, None where there is none: one round trip."""

    async def put_many(self, kind: Kind, values: Mapping[int, bytes]) -> None:
        """Keep the values for a while: one round trip."""

    async def fill_many(self, kind: Kind, values: Mapping[int, bytes]) -> None:
        """Keep only those that have no value by now: what was read earlier must not cover what was put since."""

    async def clear(self) -> None:
        """Forget everything of ours."""

    async def healthy(self) -> bool: ...

    async def aclose(self) -> None: ...
