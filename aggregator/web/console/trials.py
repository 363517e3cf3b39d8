"""New providers between the test of their connection and the press that adds them: kept in this process, and not long.

So the key that was typed never travels back to a browser, nor into any file before its owner wants it there.
"""

from __future__ import annotations

import secrets
import time

from msgspec import Struct

from aggregator.catalog.upstream.probe import ProbeReport

KEPT_SECONDS = 1800
MOST = 50


class Pending(Struct, frozen=True, kw_only=True):
    """What was typed and what came of it."""

    owner: int
    name: str
    url: str
    key: str
    tried: ProbeReport


class Trials:
    """By a token that only the owner who typed it is given."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Pending]] = {}  # since when, on the monotonic clock

    def keep(self, pending: Pending) -> str:
        self._forget_old()
        token = secrets.token_urlsafe(24)
        self._kept[token] = (time.monotonic(), pending)
        return token

    def find(self, token: str, owner: int) -> Pending | None:
        """None for what is too old, was tested in another process, or belongs to somebody else."""
        self._forget_old()
        found = self._kept.get(token)
        return found[1] if found and found[1].owner == owner else None

    def forget(self, token: str) -> None:
        self._kept.pop(token, None)

    def _forget_old(self) -> None:
        now = time.monotonic()
        fresh = {token: kept for token, kept in self._kept.items() if now - kept[0] < KEPT_SECONDS}
        self._kept = dict(list(fresh.items())[-MOST:])
