"""What refusals told of a service is laid over what else is known of it, and takes nothing of that away."""

from __future__ import annotations

from aggregator.catalog.findings import Finding, FindingKind, laid_over
from aggregator.catalog.model import Learned

NOW = 1_000
KNOWN = Learned(agreed_rate="3", agreed_over="1", step=100, rest_until=5_000, rest_count=2)
"""What the owner agreed that it takes, of how many units it takes multiples, and that it rests."""


def found(kind: FindingKind, value: int | None = None, *, again_at: int = NOW + 1) -> Finding:
    return Finding(
        id=1, provider="alpha", service="7", kind=kind, value=value, said="no", times=1, learned_at=0, again_at=again_at
    )


def test_a_finding_leaves_all_else_that_is_known() -> None:
    told = laid_over(KNOWN, [found(FindingKind.CANCEL), found(FindingKind.MINIMUM, 500)], now=NOW)
    assert (told.cancel_refused, told.refill_refused, told.minimum, told.maximum) == (True, False, 500, None)
    kept = (told.agreed_rate, told.agreed_over, told.step, told.rest_until, told.rest_count)
    assert kept == ("3", "1", 100, 5_000, 2)


def test_a_finding_whose_time_is_over_says_nothing() -> None:
    assert laid_over(KNOWN, [found(FindingKind.REFILL, again_at=NOW)], now=NOW) == KNOWN
