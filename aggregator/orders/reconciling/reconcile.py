"""Compares what each provider's balance lost in a day with what our orders there should have cost; holds nothing.

An owner may order by hand: a difference is an alarm until somebody says it was looked at (`catalog.syncing.looked`).
"""

from __future__ import annotations

import asyncio

import structlog

from aggregator.catalog.upstream import balance_store
from aggregator.catalog.upstream.balance_store import DayRow, Judgement, plain
from aggregator.orders.reconciling import reconciliation, reconciliation_store
from aggregator.orders.reconciling.reconciliation import Period
from aggregator.settings import PaceSettings, ProviderSettings
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS

log = structlog.get_logger(__name__)

PAUSE_TIMES = 10
"""So many times `settle_seconds` lie between two judgements of a day: each reads all its orders."""
LEAST_GRACE_MS = 5_000
"""A look at a balance takes its time: an order may be charged between its answer and the look's own."""
BACK_MS = DAY_MS
"""So long before a day its refunds may have come and, where a provider debits late, its orders have been sent."""


class Reconciler:
    """Judges the day that goes on at a provider, and the one before for as long as words about it may come."""

    def __init__(self, pace: PaceSettings) -> None:
        self._grace_ms = max(pace.settle_ms, LEAST_GRACE_MS)
        self._pause_ms = pace.settle_ms * PAUSE_TIMES

    async def run_once(self, settings: ProviderSettings) -> None:
        """Judge what is due at one provider; one process does."""
        name = settings.profile.name
        days = await balance_store.days(name, since=clock.now() - BACK_MS - DAY_MS)
        for number, day in enumerate(days):
            lasts = day.looked_at >= clock.now() - BACK_MS
            if lasts and await balance_store.claim(day, pause_ms=self._pause_ms):
                before = days[number - 1] if number else None
                await self._judge(day, before, settings)

    async def _judge(self, day: DayRow, before: DayRow | None, settings: ProviderSettings) -> None:
        follows = before is not None and before.looked_at == day.opened_at and before.currency == day.currency
        period = Period(
            opened_at=day.opened_at,
            looked_at=day.looked_at,
            grace_ms=self._grace_ms,
            known_from=before.opened_at if before is not None and follows else day.opened_at,
            debit_lag_ms=BACK_MS if settings.debits_late else 0,
        )
        judged = await _add_up(day, period)
        if judged is not None and await balance_store.keep(day, judged):
            log.warning(
                "provider.balance_drift",
                provider=day.provider,
                lost=plain(judged.lost),
                due=plain(judged.due),
                currency=day.currency,
                since=clock.tell(day.opened_at),
                orders=list(judged.orders),
            )


async def _add_up(day: DayRow, period: Period) -> Judgement | None:
    """None where our costs and the balance are in different currencies."""
    sent = await reconciliation_store.purchases(
        day.provider, since=min(period.known_from, period.opened_at - BACK_MS), until=day.looked_at
    )
    stated = {day.currency} if day.currency else set[str]()
    currencies = stated | {attempt.currency for attempt in sent if attempt.created_at >= day.opened_at}
    if len(currencies) > 1:
        return None
    currency = next(iter(currencies), "")
    debits = [debit for one in sent if one.currency == currency and (debit := reconciliation.debit_of(one)) is not None]
    moves = await balance_store.moves(day.provider, since=period.known_from, until=day.looked_at)
    refunds = await reconciliation_store.refunds(day.provider, currency=currency, since=period.known_from)
    return await asyncio.to_thread(reconciliation.judge, period, moves, debits, refunds)
