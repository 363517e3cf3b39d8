"""The status cache as everyone sees it: bytes under names, many at once, gone at any moment without harm.

`reading:<attempt>` is what a provider last said of an order, `reply:<order>` the answer to its reseller in both
spellings. Neither decides about money.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

KEEP_SECONDS = 900
"""Entries live this long; whatever went stale (a lost write) mends itself by then."""


class StatusCache(Protocol):
    """A cache that is down answers like an empty one."""

    async def get_many(self, keys: Sequence[str]) -> list[bytes | None]:
        """The values in the order of the keys, None where there is none: one round trip."""

    async def put_many(self, values: Mapping[str, bytes]) -> None:
        """Keep the values for a while: one round trip."""

    async def fill_many(self, values: Mapping[str, bytes]) -> None:
        """Keep only those that have no value by now: what was read earlier must not cover what was put since."""

    async def clear(self) -> None:
        """Forget everything of ours."""

    async def healthy(self) -> bool: ...

    async def aclose(self) -> None: ...


def reading_key(attempt: int) -> str:
    return f"reading:{attempt}"


def reply_key(order: int) -> str:
    return f"reply:{order}"
