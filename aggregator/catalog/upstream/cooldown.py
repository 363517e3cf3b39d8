"""The circuit breaker of one service: it rests where its provider cancels too often, or refuses refills or cancels.

What a refusal told is believed for a while, then tried again. The breaker of a provider: `circuit_breaker`.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from aggregator.catalog import finding_store, learned_store, store
from aggregator.catalog.findings import Finding, FindingKind
from aggregator.catalog.upstream import circuit_breaker
from aggregator.errors import CannotBeDone
from aggregator.storage import clock, decisions, signals
from aggregator.storage.transaction import write
from providers.errors import Refused

log = structlog.get_logger(__name__)


async def note_cancel(provider: str, service: str) -> bool:
    """Call it once a cancel by the provider is committed, outside any transaction; whether the service rests now."""
    known = await learned_store.of_service(provider, service)
    now = clock.now()
    cancels = await learned_store.cancels(provider, service, now - circuit_breaker.LOOKBACK_MS)
    rest = circuit_breaker.rest_of_service(known, cancels, now=now)
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


class NothingLearned(CannotBeDone):
    """There is nothing to take back; the text says so."""


async def note_refusal(
    provider: str, service: str, *, refill: bool = False, cancel: bool = False, said: str = ""
) -> None:
    """The provider refused a refill or a cancel for what the service is: stop offering it. Not inside a transaction."""
    told = {FindingKind.REFILL: refill, FindingKind.CANCEL: cancel}
    await _learn(provider, service, {kind: None for kind, refused in told.items() if refused}, said)


async def note_limits(provider: str, service: str, refused: Refused) -> None:
    """A refusal of an order told the true limits of its service. Not inside a transaction."""
    told = {FindingKind.MINIMUM: refused.learned_minimum, FindingKind.MAXIMUM: refused.learned_maximum}
    await _learn(provider, service, {kind: value for kind, value in told.items() if value is not None}, refused.text)


async def _learn(provider: str, service: str, told: Mapping[FindingKind, int | None], said: str) -> None:
    async def work() -> None:
        news = [await finding_store.learn(provider, service, kind, value=told[kind], said=said) for kind in told]
        if any(news):
            await signals.raise_signal(signals.CATALOGUE)

    if told:
        await write(work)


async def forget(provider: str, service: str, *, actor: str, reason: str) -> list[Finding]:
    """Take back all that refusals told of a service: what it publishes counts at once. Raises `NothingLearned`."""

    async def work() -> list[Finding]:
        forgotten = await finding_store.forget(provider, service)
        if not forgotten:
            raise NothingLearned(f"nothing was learned of {provider}:{service}")
        told = f"{provider}:{service}: {', '.join(one.text for one in forgotten)}"
        subject = await store.listing_id(provider, service)
        await decisions.record("listing", subject, "forgotten", told, actor=actor, reason=reason)
        await signals.raise_signal(signals.CATALOGUE)
        return forgotten

    return await write(work)
