"""The status cache as everyone sees it: bytes under ids, many at once, gone at any moment without harm.

Nothing in it decides about money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

KEEP_SECONDS = 900
"""Entries live at most this long; whatever went stale (a lost write) mends itself by then."""


class CachedKind(StrEnum):
    """What is kept, and under the id of what, written in plain digits."""

    READING = "reading"
    """What a provider last said of an attempt."""
    JSON = "json"
    """The answer to an order's reseller in the specification's spelling."""
    CLASSIC = "classic"
    """The same in the classic one."""


class StatusCache(Protocol):
    """A cache that is down answers like an empty one."""

    async def get_many(self, kind: CachedKind, ids: Sequence[str]) -> list[bytes | None]:
        """The values in the order of the ids, None where there is none: one round trip."""

    async def put_many(self, kind: CachedKind, values: Mapping[str, bytes]) -> None:
        """Keep the values for a while: one round trip."""

    async def fill_many(self, kind: CachedKind, values: Mapping[str, bytes]) -> None:
        """Keep only those that have no value by now: what was read earlier must not cover what was put since."""

    async def clear(self) -> None:
        """Forget everything of ours."""

    async def healthy(self) -> bool: ...

    async def aclose(self) -> None: ...
