"""Remembers what a service turned out to be: one that its provider cancels too often, one without refill or cancel."""

from __future__ import annotations

import structlog

from aggregator.catalog import health, learned_store
from aggregator.storage import clock, signals
from aggregator.storage.transaction import write

log = structlog.get_logger(__name__)


async def note_cancel(provider: str, service: str) -> bool:
    """Call it once a cancel by the provider is committed, outside any transaction; whether the service rests now."""
    known = await learned_store.of_service(provider, service)
    now = clock.now()
    cancels = await learned_store.cancels(provider, service, now - health.LOOKBACK_MS)
    rest = health.rest_of_service(known, cancels, now=now)
    if rest is None:
        return False
    until, count = rest

    async def work() -> bool:
        if not await learned_store.rest(provider, service, until=until, count=count, after=known.rest_until):
            return False
        await signals.raise_signal(signals.CATALOGUE)
        return True

    rests = await write(work)
    if rests:
        told = {"cancelled": cancels.cancelled, "orders": cancels.orders, "minutes": (until - now) // 60_000}
        log.warning("service.rests", provider=provider, service=service, **told)
    return rests


async def note_refusal(provider: str, service: str, *, refill: bool = False, cancel: bool = False) -> None:
    """The provider refused a refill or a cancel for what the service is: stop offering it. Not inside a transaction."""

    async def work() -> None:
        if await learned_store.refuse(provider, service, refill=refill, cancel=cancel):
            await signals.raise_signal(signals.CATALOGUE)

    await write(work)
