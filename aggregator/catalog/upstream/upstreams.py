"""The providers of the configuration, each with its open adapter; replaced when settings or our knowledge change."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from aggregator.catalog.upstream import knowledge
from aggregator.catalog.upstream.knowledge import NOTHING, Knowledge
from aggregator.settings import ProviderSettings
from providers.adapter import Adapter, Pace
from providers.registry import open_adapter
from providers.wire.network import Trace

RETIREMENT_SECONDS = 600.0
"""Calls that began before a change may end in their own time; closing under an order would leave it unsure."""


class Upstreams:
    """Adapters by provider name, opened when first needed. One object a process."""

    def __init__(self, providers: Iterable[ProviderSettings], pace: Pace, trace: Trace | None = None) -> None:
        self._pace = pace
        self._trace = trace
        self._settings = {provider.profile.name: provider for provider in providers}
        self._adapters: dict[str, Adapter] = {}
        self._known: Mapping[str, Knowledge] = {}
        self._retired: list[tuple[float, Adapter]] = []  # since when, on the monotonic clock

    def __iter__(self) -> Iterator[ProviderSettings]:
        return iter(self._settings.values())

    def settings(self, name: str) -> ProviderSettings | None:
        return self._settings.get(name)

    def adapter(self, name: str) -> Adapter | None:
        """None for a provider that is not configured."""
        provider = self._settings.get(name)
        if provider is None:
            return None
        if name not in self._adapters:
            profile = knowledge.taught(provider, self._known.get(name, NOTHING))
            self._adapters[name] = open_adapter(profile, provider.preset, self._pace, self._trace)
        return self._adapters[name]

    def speaking(self, name: str, error_words: Mapping[str, str]) -> Adapter | None:
        """An adapter of its own that knows these words as well, to read replies with; whoever takes it closes it."""
        provider = self._settings.get(name)
        if provider is None:
            return None
        known = self._known.get(name, NOTHING)
        known = msgspec.structs.replace(known, error_words={**known.error_words, **error_words})
        return open_adapter(knowledge.taught(provider, known), provider.preset, self._pace)

    async def replace(self, providers: Iterable[ProviderSettings]) -> None:
        """Take a new providers.toml; adapters whose provider is unchanged stay open."""
        new = {provider.profile.name: provider for provider in providers}
        stale = [name for name in self._adapters if new.get(name) != self._settings.get(name)]
        self._settings = new
        await self._retire(stale)

    async def learn(self, known: Mapping[str, Knowledge]) -> None:
        """Take all that is known of the providers; adapters of whom nothing changed stay open."""
        before, self._known = self._known, known
        different = knowledge.changed(before, known)
        await self._retire([name for name in different if self._is_spoken_otherwise(name, before)])

    def _is_spoken_otherwise(self, name: str, before: Mapping[str, Knowledge]) -> bool:
        provider = self._settings.get(name)
        if provider is None or name not in self._adapters:
            return False
        then, now = (knowledge.taught(provider, known.get(name, NOTHING)) for known in (before, self._known))
        return then != now

    async def keep_found(self, name: str) -> None:
        """Remember for the next process what the adapter has found out by now, where that is new."""
        provider, adapter = self._settings.get(name), self._adapters.get(name)
        if provider is None or adapter is None:
            return
        now = knowledge.grown(self._known.get(name, NOTHING), adapter.found, provider)
        if now is not None:
            # The adapter knows it already; only what others learn makes it stale.
            self._known = {**self._known, name: now}
            await knowledge.keep(name, now)

    async def _retire(self, names: Iterable[str]) -> None:
        now = time.monotonic()
        self._retired += [(now, self._adapters.pop(name)) for name in names]
        over = [adapter for since, adapter in self._retired if now - since > RETIREMENT_SECONDS]
        self._retired = [(since, adapter) for since, adapter in self._retired if adapter not in over]
        for adapter in over:
            await adapter.aclose()

    async def aclose(self) -> None:
        """Close every adapter, also those that were replaced."""
        for adapter in [*self._adapters.values(), *(adapter for _, adapter in self._retired)]:
            await adapter.aclose()
        self._adapters.clear()
        self._retired.clear()
