"""Where an order goes after a refusal, when it waits, and when it is given back to its reseller."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from aggregator.orders.dispatching.failover import Blocks, GiveUp, Go, Wait, blocks, choose, outcome_of
from aggregator.orders.model import Attempt
from aggregator.orders.state import OrderState, Outcome
from pricing.money import SCALE, Money, Rate
from pricing.offer import Offer
from pricing.route import Route
from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable, Unsure
from tests.builders import DAY, attempt_of, order_of

NOW = 10 * DAY
QUEUED = order_of(state=OrderState.QUEUED, created_at=NOW)
GIVE_UP_MS = DAY


def route(provider: str, *, usable: bool = True, permanent: bool = False, reason: str = "") -> Route:
    """A way to a provider."""
    offer = Offer(
        provider=provider,
        service="1",
        name="Followers",
        category="Instagram",
        type="Default",
        rate=Rate(2 * SCALE, "USD"),
        minimum=1,
        maximum=None,
        refill=False,
        cancel=False,
        dripfeed=False,
    )
    cost = Money(2 * SCALE, "USD")
    return Route(offer=offer, cost=cost, margin=cost, usable=usable, permanent=permanent, reason=reason)


def refused(provider: str, code: Code, *, at: int = NOW, outcome: Outcome = Outcome.REFUSED) -> Attempt:
    """An attempt that a provider answered with no."""
    return attempt_of(provider=provider, outcome=outcome, upstream_order=None, error=code.value, answered_at=at)


ALPHA, BRAVO = route("alpha"), route("bravo")


@pytest.mark.parametrize("code", [Code.LINK_INVALID, Code.PARAMS, Code.TOO_LARGE])
def test_a_refusal_of_the_order_spends_the_whole_provider(code: Code) -> None:
    found = blocks([refused("alpha", code)])
    assert found.is_spent("alpha", "1")
    assert found.is_spent("alpha", "2")
    assert not found.is_spent("bravo", "1")


@pytest.mark.parametrize("code", [Code.QTY_MIN, Code.QTY_MAX, Code.SERVICE_GONE])
def test_a_refusal_of_the_service_spends_that_service_alone(code: Code) -> None:
    found = blocks([refused("alpha", code)])
    assert found.is_spent("alpha", "1")
    assert not found.is_spent("alpha", "2")


@pytest.mark.parametrize("code", [Code.FUNDS, Code.RATE_LIMIT, Code.KEY_INVALID, Code.MAINTENANCE, Code.LINK_DUPLICATE])
def test_a_refusal_for_the_moment_only_postpones(code: Code) -> None:
    assert blocks([refused("alpha", code)]) == Blocks(frozenset(), {"alpha": NOW + 2000})


def test_the_pause_doubles_with_each_refusal_up_to_five_minutes() -> None:
    pauses = [blocks([refused("alpha", Code.FUNDS)] * times).postponed_until["alpha"] - NOW for times in (1, 2, 3, 40)]
    assert pauses == [2000, 4000, 8000, 300_000]


def test_what_was_never_sent_postpones_too() -> None:
    found = blocks([refused("alpha", Code.TRANSPORT, outcome=Outcome.NOT_SENT)])
    assert found.postponed_until == {"alpha": NOW + 2000}
    assert not found.is_spent("alpha", "1")


def test_an_order_called_off_at_a_provider_does_not_return_there() -> None:
    assert blocks([attempt_of(outcome=Outcome.CALLED_OFF)]).is_spent("alpha", "1")


def test_what_a_provider_did_not_have_may_go_there_again_later() -> None:
    found = blocks([attempt_of(outcome=Outcome.ABSENT, error="TRANSPORT", answered_at=NOW)])
    assert found == Blocks(frozenset(), {"alpha": NOW + 2000})


def test_a_written_off_attempt_speaks_against_nobody() -> None:
    assert blocks([attempt_of(outcome=Outcome.WRITTEN_OFF, error="TRANSPORT")]) == Blocks(frozenset(), {})


def test_an_order_goes_the_first_usable_way() -> None:
    assert choose(QUEUED, [], [ALPHA, BRAVO], now=NOW, give_up_ms=GIVE_UP_MS) == Go(ALPHA)


def test_an_order_waits_while_a_provider_may_take_it_later() -> None:
    ways = [route("alpha", usable=False, permanent=True), route("bravo", usable=False, reason="out of funds")]
    waiting = choose(QUEUED, [], ways, now=NOW, give_up_ms=GIVE_UP_MS)
    assert isinstance(waiting, Wait)
    assert waiting.until > NOW
    assert "bravo: out of funds" in waiting.reason


def test_the_wait_grows_with_the_age_of_the_order() -> None:
    ways = [route("alpha", usable=False)]

    def wait(age: int) -> int:
        chosen = choose(replace(QUEUED, created_at=NOW - age), [], ways, now=NOW, give_up_ms=GIVE_UP_MS)
        assert isinstance(chosen, Wait)
        return chosen.until - NOW

    assert [wait(age) for age in (0, 10_000, 60_000, 7_200_000)] == [1000, 5000, 30_000, 300_000]


def test_an_order_is_looked_at_again_as_soon_as_a_postponed_provider_may_be_asked() -> None:
    ways = [route("alpha", usable=False)]
    old = replace(QUEUED, created_at=NOW - 7_200_000)
    chosen = choose(old, [refused("alpha", Code.FUNDS)], ways, now=NOW + 500, give_up_ms=GIVE_UP_MS)
    assert isinstance(chosen, Wait)
    assert chosen.until == NOW + 2000


def test_an_order_that_nobody_took_in_time_is_given_up() -> None:
    """Its owner reads why nobody did."""
    old = replace(QUEUED, created_at=NOW - GIVE_UP_MS)
    ways = [route(name, usable=False, reason=why) for name, why in (("alpha", "it rests"), ("bravo", "no funds"))]
    given_up = choose(old, [], ways, now=NOW, give_up_ms=GIVE_UP_MS)
    assert given_up == GiveUp("nobody could take it in time (alpha: it rests; bravo: no funds)")
    given_up = choose(old, [], [], now=NOW, give_up_ms=GIVE_UP_MS)
    assert given_up == GiveUp("nobody could take it in time (no offer)")


def test_an_old_order_is_still_placed_when_somebody_can_take_it() -> None:
    old = replace(QUEUED, created_at=NOW - 2 * GIVE_UP_MS)
    assert choose(old, [], [ALPHA], now=NOW, give_up_ms=GIVE_UP_MS) == Go(ALPHA)


def test_an_order_that_no_provider_can_ever_take_is_given_up_at_once() -> None:
    ways = [route(name, usable=False, permanent=True, reason="refused this order") for name in ("alpha", "bravo")]
    given_up = choose(QUEUED, [], ways, now=NOW, give_up_ms=GIVE_UP_MS)
    assert given_up == GiveUp("alpha: refused this order; bravo: refused this order")


def test_an_order_without_any_offer_waits_for_one() -> None:
    assert isinstance(choose(QUEUED, [], [], now=NOW, give_up_ms=GIVE_UP_MS), Wait)


@pytest.mark.parametrize("code", [Code.LINK_INVALID, Code.PARAMS])
def test_what_two_providers_say_of_a_link_is_true(code: Code) -> None:
    told = [refused("alpha", code), refused("bravo", code)]
    given_up = choose(QUEUED, told, [route("charlie")], now=NOW, give_up_ms=GIVE_UP_MS)
    assert given_up == GiveUp(f"two providers refused it: {code}")
    assert isinstance(choose(QUEUED, told[:1] * 2, [BRAVO], now=NOW, give_up_ms=GIVE_UP_MS), Go)


@pytest.mark.parametrize(
    "told",
    [
        [refused("alpha", Code.FUNDS), refused("bravo", Code.FUNDS)],
        [refused("alpha", Code.PARAMS), refused("bravo", Code.PARAMS, outcome=Outcome.UNSURE)],
        [refused("alpha", Code.PARAMS), refused("bravo", Code.FUNDS)],
    ],
)
def test_what_says_nothing_of_the_link_is_no_second_word_on_it(told: list[Attempt]) -> None:
    assert isinstance(choose(QUEUED, told, [route("charlie")], now=NOW, give_up_ms=GIVE_UP_MS), Go)


def test_an_order_that_its_reseller_called_off_goes_nowhere() -> None:
    wished = replace(QUEUED, cancel_wish=True)
    assert choose(wished, [], [ALPHA], now=NOW, give_up_ms=GIVE_UP_MS) == GiveUp("cancelled by the reseller")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Unreachable("no connection"), Outcome.NOT_SENT),
        (Refused("no funds", code=Code.FUNDS), Outcome.REFUSED),
        (Unsure("time-out"), Outcome.UNSURE),
        (Garbled("a page"), Outcome.UNSURE),
        (ProviderError("whatever"), Outcome.UNSURE),
    ],
)
def test_only_a_clear_no_and_what_was_never_sent_go_on_elsewhere(error: ProviderError, outcome: Outcome) -> None:
    assert outcome_of(error) is outcome


@pytest.mark.parametrize(("certain", "outcome"), [(True, Outcome.REFUSED), (False, Outcome.UNSURE)])
def test_an_error_of_another_kind_says_itself_whether_another_may_be_tried(*, certain: bool, outcome: Outcome) -> None:
    class OutOfHours(ProviderError):
        """A fifth kind."""

        may_try_another = certain

    assert outcome_of(OutOfHours("closed on Sundays")) is outcome
