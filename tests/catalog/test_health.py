"""How long a provider that keeps failing is left alone."""

from __future__ import annotations

import pytest

from aggregator.catalog.model import CircuitState, ProviderRow
from aggregator.catalog.upstream.circuit_breaker import CLOSED, FAILURES_BEFORE_REST, LONGEST_REST_MS, after_call
from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable, Unsure

NOW = 1_000_000
BREAKER_MS = 60_000
HEALTHY = ProviderRow(name="alpha")


def fail(row: ProviderRow, error: ProviderError | None, times: int = 1) -> CircuitState | None:
    """What is kept after so many calls that ended alike."""
    health = None
    for _ in range(times):
        health = after_call(row, error, now=NOW, breaker_ms=BREAKER_MS)
        if health is not None:
            row = ProviderRow(
                name=row.name, failures=health.failures, rest_until=health.rest_until, rest_reason=health.rest_reason
            )
    return health


def test_a_good_answer_of_a_healthy_provider_writes_nothing() -> None:
    assert fail(HEALTHY, None) is None


@pytest.mark.parametrize("error", [Unreachable("no route"), Garbled("a page of HTML"), Unsure("no answer")])
def test_two_failures_are_no_reason_to_rest(error: ProviderError) -> None:
    health = fail(HEALTHY, error, FAILURES_BEFORE_REST - 1)
    assert health == CircuitState(FAILURES_BEFORE_REST - 1, 0, None)


def test_the_third_failure_in_a_row_is() -> None:
    health = fail(HEALTHY, Unreachable("no route"), FAILURES_BEFORE_REST)
    assert health is not None
    assert health.rest_until == NOW + BREAKER_MS
    assert "no route" in str(health.rest_reason)


def test_the_rest_grows_with_every_further_failure_up_to_an_hour() -> None:
    rests = [fail(HEALTHY, Unreachable("x"), FAILURES_BEFORE_REST + more) for more in (1, 2, 3, 20, 1000)]
    waited = [health.rest_until - NOW for health in rests if health]
    assert waited == [2 * BREAKER_MS, 4 * BREAKER_MS, 8 * BREAKER_MS, LONGEST_REST_MS, LONGEST_REST_MS]


def test_one_good_answer_ends_the_rest() -> None:
    resting = ProviderRow(name="alpha", failures=7, rest_until=NOW + 1, rest_reason="7 calls in a row failed")
    assert fail(resting, None) == CLOSED


def test_a_refusal_of_one_order_is_a_sign_of_life() -> None:
    """Who says "bad link" is there."""
    struggling = ProviderRow(name="alpha", failures=2)
    assert fail(struggling, Refused("Bad link", code=Code.LINK_INVALID)) == CLOSED
    assert fail(HEALTHY, Refused("Bad link", code=Code.LINK_INVALID)) is None


@pytest.mark.parametrize("code", [Code.KEY_INVALID, Code.ACCOUNT_BLOCKED])
def test_a_refusal_of_everything_rests_at_once(code: Code) -> None:
    """Every order sent there meanwhile would only be refused."""
    health = fail(HEALTHY, Refused("Invalid API key", code=code))
    assert health is not None
    assert health.rest_until == NOW + BREAKER_MS
    assert "Invalid API key" in str(health.rest_reason)


def test_a_provider_that_asks_for_patience_gets_what_it_asks_for() -> None:
    health = fail(HEALTHY, Refused("Too many requests", code=Code.RATE_LIMIT, retry_after=2.5))
    assert health is not None
    assert (health.rest_until, health.failures) == (NOW + 2500, 0)


def test_maintenance_without_a_time_is_a_short_rest() -> None:
    health = fail(HEALTHY, Refused("Maintenance", code=Code.MAINTENANCE))
    assert health is not None
    assert NOW < health.rest_until <= NOW + BREAKER_MS
