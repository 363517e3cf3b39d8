"""Decides how long a provider that keeps failing is left alone, from what its calls came to."""

from __future__ import annotations

from msgspec import Struct

from aggregator.catalog.model import ProviderRow
from providers.errors import Code, ProviderError, Refused

FAILURES_BEFORE_REST = 3
LONGEST_REST_MS = 3_600_000
ACCOUNT = frozenset({Code.KEY_INVALID, Code.ACCOUNT_BLOCKED})
"""The provider will refuse everything until somebody mends the account: one is enough."""
MOMENT = frozenset({Code.MAINTENANCE, Code.RATE_LIMIT})


class Health(Struct, frozen=True):
    """What is kept of it: failures in a row, and until when (milliseconds) the provider rests and why."""

    failures: int
    rest_until: int
    rest_reason: str | None


WELL = Health(0, 0, None)


def after(row: ProviderRow, error: ProviderError | None, *, now: int, breaker_ms: int) -> Health | None:
    """The provider's health after a call; None where nothing changes."""
    if error is None:
        return WELL if row.failures or row.rest_reason else None
    if isinstance(error, Refused):
        return _after_refusal(row, error, now, breaker_ms)
    failures = row.failures + 1
    if failures < FAILURES_BEFORE_REST:
        return Health(failures, row.rest_until, row.rest_reason)
    growth = 2 ** min(failures - FAILURES_BEFORE_REST, 20)
    rest = min(breaker_ms * growth, max(breaker_ms, LONGEST_REST_MS))
    return Health(failures, now + rest, f"{failures} calls in a row failed: {error.text[:200]}")


def _after_refusal(row: ProviderRow, error: Refused, now: int, breaker_ms: int) -> Health | None:
    """A refusal is an answer: the provider is there, unless it says that it refuses everything."""
    if error.code in ACCOUNT:
        return Health(row.failures + 1, now + breaker_ms, f"{error.code}: {error.text[:200]}")
    if error.code in MOMENT:
        asked = int(error.retry_after * 1000) if error.retry_after else min(breaker_ms, 5_000)
        return Health(row.failures, now + asked, f"{error.code}: {error.text[:200]}")
    return WELL if row.failures or row.rest_reason else None
