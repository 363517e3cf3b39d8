"""Orders whose text is too large for a provider: it says so once, and is sent nothing as large again."""

from __future__ import annotations

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.orders.dispatching.submit import as_asked
from aggregator.orders.model import Order
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS
from providers.adapter import Profile
from providers.errors import ProviderError
from providers.requests import add_params
from providers.wire.encoding import LARGE_BYTES, size_of

BELIEVED_MS = 30 * DAY_MS
"""How long a provider is taken at its word that something was too large."""
USUAL_BYTES = 4096
"""What so small an order is refused for is not its size."""
_TOO_LARGE = frozenset({413, 414, 431})
"""Of the body, of the address, of the head."""


def refusing_size(order: Order, service: str, profile: Profile, row: ProviderRow) -> int | None:
    """The size (bytes) from which on the provider takes nothing, where this order's request reaches it; else None."""
    limit = _limit(profile, row)
    return limit if limit is not None and _size(order, service, profile) >= limit else None


async def learn(order: Order, service: str, profile: Profile, error: ProviderError) -> None:
    """Remember the size of a request that was too large."""
    if error.status not in _TOO_LARGE or (size := _size(order, service, profile)) < USUAL_BYTES:
        return
    known = _learned(await catalog_store.provider(profile.name))
    smallest = size if known is None else min(size, known)
    await catalog_store.set_provider(profile.name, too_large=smallest, too_large_at=clock.now())


def _limit(profile: Profile, row: ProviderRow) -> int | None:
    return LARGE_BYTES if profile.dialect.large_texts == "off" else _learned(row)


def _learned(row: ProviderRow) -> int | None:
    fresh = row.too_large_at is not None and clock.now() - row.too_large_at < BELIEVED_MS
    return row.too_large if fresh else None


def _size(order: Order, service: str, profile: Profile) -> int:
    try:
        return size_of(profile, add_params(as_asked(order, service), profile.dialect))
    except ProviderError:  # it cannot be asked for there at all, which the provider's adapter says in its turn
        return 0
