"""What becomes of providers when providers.toml changes: new ones, renamed ones, and those that may not go yet."""

from __future__ import annotations

from collections.abc import Iterable

from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstream import balance_store, word_store
from aggregator.errors import CannotBeDone
from aggregator.orders import attempt_store, refill_store
from aggregator.orders.reconciling import reconciliation_store
from aggregator.orders.unsure import evidence_store
from aggregator.orders.upstream_ids import account_door_store
from aggregator.orders.upstream_ids.account_doors import account_door
from aggregator.settings import ProviderSettings
from aggregator.storage import signals
from aggregator.storage.transaction import write


class ProviderInUse(CannotBeDone):
    """A provider with open, unsure or watched orders was taken out of providers.toml."""

    def __init__(self, names: Iterable[str]) -> None:
        listed = ", ".join(sorted(names))
        super().__init__(
            f"{listed}: has orders that are still followed; keep it in providers.toml with enabled = false"
        )


async def adopt(providers: Iterable[ProviderSettings]) -> None:
    """Rename what was renamed; refuse to lose a provider that still has orders."""
    names = {provider.profile.name for provider in providers}
    for provider in providers:
        if provider.formerly is not None:
            await _rename(provider.formerly, provider.profile.name)
    lost = await attempt_store.providers_in_use() - names
    if lost:
        raise ProviderInUse(lost)
    await catalog_store.ensure_providers(names)
    for provider in providers:
        await account_door_store.adopt(provider.profile)
        await catalog_store.set_provider(provider.profile.name, door=account_door(provider.profile))


async def _rename(old: str, new: str) -> None:
    if (await catalog_store.providers()).get(old) is None:
        return

    async def work() -> None:
        await attempt_store.rename_provider(old, new)
        await refill_store.rename_provider(old, new)
        await evidence_store.rename_provider(old, new)
        await account_door_store.rename_provider(old, new)
        await reconciliation_store.rename_provider(old, new)
        await balance_store.rename_provider(old, new)
        await catalog_store.rename_provider(old, new)
        await word_store.rename_words(old, new)
        await signals.raise_signal(signals.CATALOGUE)

    await write(work)
