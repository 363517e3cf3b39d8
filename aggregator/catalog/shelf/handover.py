"""Provider migration: one takes another's place in providers.toml, nothing goes off sale before it was read."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from aggregator.catalog import store
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.settings import ProviderSettings

PATIENCE_SECONDS = 60.0
"""How long a newcomer that does not answer is waited for."""


class Handover:
    """Whose services stand on the shelf: those of the configuration, and for a moment those that have just left it.

    Nothing is bought from the latter any more: an order for their services waits for the newcomer.
    """

    def __init__(self, upstreams: Upstreams) -> None:
        self._upstreams = upstreams
        self._leaving: list[ProviderSettings] = []
        self._newcomers: set[str] = set()
        self._until = 0.0  # seconds, on the monotonic clock

    def __iter__(self) -> Iterator[ProviderSettings]:
        yield from self._upstreams
        yield from self._leaving

    def begin(self, before: Iterable[ProviderSettings]) -> None:
        """The configuration has just changed; `before` was in it. Whoever is still waited for goes on being so."""
        earlier = {one.profile.name: one for one in (*self._leaving, *before)}
        now = {one.profile.name for one in self._upstreams}
        awaited = self._newcomers & now if self._leaving else set()
        self._newcomers = awaited | (now - earlier.keys())
        left = [one for name, one in earlier.items() if name not in now]
        self._leaving = left if self._newcomers else []
        self._until = time.monotonic() + PATIENCE_SECONDS

    async def ended(self) -> bool:
        """Whether it has ended by now, and had not at the last question: every newcomer was read, or cannot be."""
        if not self._leaving:
            return False
        rows = await store.providers()
        found = [rows[name] for name in self._newcomers if name in rows]
        waiting = any(row.synced_at is None and row.sync_error is None for row in found)
        if waiting and time.monotonic() < self._until:
            return False
        self._leaving = []
        return True
