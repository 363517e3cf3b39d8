"""Keeps what each call to a provider means for it: its circuit breaker, and the words that nobody understood."""

from __future__ import annotations

from aggregator.catalog import store
from aggregator.catalog.upstream import circuit_breaker, words
from aggregator.storage import clock
from providers.errors import ProviderError


async def note_call(provider: str, error: ProviderError | None, *, breaker_ms: int) -> None:
    """A call has ended: well, where `error` is None. `breaker_ms` = how long the circuit first stays open."""
    await words.note_error(provider, error)
    row = await store.provider(provider)
    after = circuit_breaker.after_call(row, error, now=clock.now(), breaker_ms=breaker_ms)
    if after is not None:
        await store.set_health(provider, after)
