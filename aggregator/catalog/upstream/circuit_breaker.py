"""The circuit breaker of each provider, decided from its calls: closed, or open until a moment; of services too.

Pure decisions: `circuit` keeps them for providers, `cooldown` for services.
"""

from __future__ import annotations

from aggregator.catalog.model import Cancels, CircuitState, Learned, ProviderRow
from aggregator.storage.clock import HOUR_MS
from providers.errors import Code, NoTurn, ProviderError, Refused

FAILURES_BEFORE_REST = 3
LONGEST_REST_MS = HOUR_MS
ACCOUNT = frozenset({Code.KEY_INVALID, Code.ACCOUNT_BLOCKED})
"""The provider will refuse everything until somebody mends the account: one is enough."""
PATIENCE_MS = (2_000, 5_000, 15_000, 60_000)
"""After "too many requests" without a word of when to come again, in a row (PROTOCOL.md, "Polling")."""
MOMENT = frozenset({Code.MAINTENANCE, Code.RATE_LIMIT})


CLOSED = CircuitState(0, 0, None)


def after_call(row: ProviderRow, error: ProviderError | None, *, now: int, breaker_ms: int) -> CircuitState | None:
    """The state of the breaker after a call; None where nothing changes, as after one that our own pace held back."""
    if isinstance(error, NoTurn):
        return None
    if error is None:
        return CLOSED if row.failures or row.rest_reason else None
    if isinstance(error, Refused):
        return _after_refusal(row, error, now, breaker_ms)
    failures = row.failures + 1
    if failures < FAILURES_BEFORE_REST:
        return CircuitState(failures, row.rest_until, row.rest_reason)
    growth = 2 ** min(failures - FAILURES_BEFORE_REST, 20)
    rest = min(breaker_ms * growth, max(breaker_ms, LONGEST_REST_MS))
    return CircuitState(failures, now + rest, f"{failures} calls in a row failed: {error.text[:200]}")


def _after_refusal(row: ProviderRow, error: Refused, now: int, breaker_ms: int) -> CircuitState | None:
    """A refusal is an answer: the provider is there, unless it says that it refuses everything."""
    if error.code in ACCOUNT:
        return CircuitState(row.failures + 1, now + breaker_ms, f"{error.code}: {error.text[:200]}")
    if error.code is Code.RATE_LIMIT and not error.retry_after:
        return CircuitState(row.failures + 1, now + _patience(row.failures, now), f"{error.code}: {error.text[:200]}")
    if error.code in MOMENT:
        asked = int(error.retry_after * 1000) if error.retry_after else min(breaker_ms, 5_000)
        return CircuitState(row.failures, now + asked, f"{error.code}: {error.text[:200]}")
    return CLOSED if row.failures or row.rest_reason else None


def _patience(times: int, now: int) -> int:
    """Longer each time, and never quite the same, so that processes that were refused together come back apart."""
    pause = PATIENCE_MS[min(times, len(PATIENCE_MS) - 1)]
    return pause + now % (pause // 4)


LEAST_CANCELS, LEAST_RESELLERS, CANCELS_PERCENT = 5, 3, 30
"""Fewer say nothing: a reseller's bad links, or bad luck."""
RESTS_MS = (1_800_000, 7_200_000, 43_200_000)
"""The first rest of a service, the next soon after it, and every further one."""
LOOKBACK_MS = 43_200_000


def rest_of_service(known: Learned, cancels: Cancels, *, now: int) -> tuple[int, int] | None:
    """Until when a service that cancels too much is left alone, and the how manieth rest that is; None = it is not."""
    many = cancels.cancelled >= LEAST_CANCELS and cancels.resellers >= LEAST_RESELLERS
    if known.rest_until > now or not many or cancels.cancelled * 100 <= cancels.orders * CANCELS_PERCENT:
        return None
    soon = now - known.rest_until <= LOOKBACK_MS
    count = known.rest_count + 1 if soon else 1
    return now + RESTS_MS[min(count, len(RESTS_MS)) - 1], count
