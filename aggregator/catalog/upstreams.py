"""The providers of the configuration, each with its open adapter; replaced when providers.toml changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.settings import ProviderSettings
from providers.adapter import Adapter, Pace
from providers.registry import open_adapter


class Upstreams:
    """Adapters by provider name, opened when first needed. One object a process."""

    def __init__(self, providers: Iterable[ProviderSettings], pace: Pace) -> None:
        self._pace = pace
        self._settings = {provider.profile.name: provider for provider in providers}
        self._adapters: dict[str, Adapter] = {}

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
            self._adapters[name] = open_adapter(provider.profile, provider.preset, self._pace)
        return self._adapters[name]

    async def replace(self, providers: Iterable[ProviderSettings]) -> None:
        """Take a new providers.toml; adapters whose provider is unchanged stay open."""
        new = {provider.profile.name: provider for provider in providers}
        stale = [name for name in self._adapters if new.get(name) != self._settings.get(name)]
        self._settings = new
        for name in stale:
            await self._adapters.pop(name).aclose()

    async def aclose(self) -> None:
        for adapter in self._adapters.values():
            await adapter.aclose()
        self._adapters.clear()
