"""What was not delivered is paid back, to the last digit, once, and only when somebody really knows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pricing.money import Money
from pricing.refund import Ending, Note, Report, Undelivered, due, target, undelivered

CHARGES = st.integers(0, 2**63 - 1)
QUANTITIES = st.integers(1, 10**9)
OPEN = Report(
    ending=Ending.CANCELLED,
    quantity=1000,
    remains=None,
    charge=None,
    base_charge=Decimal("2.00"),
    cancel_means="by_remains",
)
OWNER = Undelivered(None, ("needs_owner",))
CHARGE: tuple[Note, ...] = ("derived_from_charge",)


def partial(**known: object) -> Undelivered:
    return undelivered(replace(OPEN, ending=Ending.PARTIAL, **known))


def cancelled(means: str, **known: object) -> Undelivered:
    return undelivered(replace(OPEN, cancel_means=means, **known))


def completed(**known: object) -> Undelivered:
    return undelivered(replace(OPEN, ending=Ending.COMPLETED, **known))


def test_three_thousand_missing_of_ten_thousand_give_back_seven_fifty_of_twenty_five() -> None:
    assert str(Money(target(Money.parse("25", "USD").units, 3_000, 10_000), "USD")) == "7.5"


def test_a_refund_is_rounded_down() -> None:
    assert [target(10, missing, 3) for missing in (0, 1, 2, 3)] == [0, 3, 6, 10]


def test_only_the_difference_to_what_was_paid_back_is_due() -> None:
    assert due(1000, 200, 1000, 0) == 200
    assert due(1000, 500, 1000, 200) == 300
    assert due(1000, 500, 1000, 500) == 0


def test_nothing_is_taken_back_when_a_provider_delivers_after_all() -> None:
    assert due(1000, 200, 1000, 500) == 0


@given(CHARGES, QUANTITIES, st.integers(-(10**9), 10**10))
def test_a_refund_never_exceeds_the_charge(charge: int, quantity: int, missing: int) -> None:
    assert 0 <= target(charge, missing, quantity) <= charge
    assert target(charge, quantity, quantity) == charge


@given(CHARGES, QUANTITIES, st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_undelivered_units_never_owe_less(charge: int, quantity: int, missing: int, more: int) -> None:
    assert target(charge, missing, quantity) <= target(charge, missing + more, quantity)


@given(CHARGES, QUANTITIES, st.lists(st.integers(0, 10**9), max_size=12))
def test_refunds_in_any_number_of_steps_add_up_to_the_largest_target(
    charge: int, quantity: int, steps: list[int]
) -> None:
    refunded = 0
    for missing in steps:
        refunded += due(charge, missing, quantity, refunded)
    assert refunded == target(charge, max(steps, default=0), quantity) <= charge


def test_a_completed_order_gives_nothing_back_whatever_remains_says() -> None:
    assert completed(remains=0) == Undelivered(0)
    assert completed(remains=None) == Undelivered(0)
    assert completed(remains=99) == Undelivered(0)
    assert completed(remains=100) == Undelivered(0, ("completed_with_remains",))
    assert completed(remains=-5) == Undelivered(0, ("over_delivered",))
    assert completed(remains=1, quantity=1, package=True) == Undelivered(0)


@pytest.mark.parametrize(("remains", "units"), [(1, 1), (300, 300), (1000, 1000)])
def test_a_partial_order_gives_back_what_remains(remains: int, units: int) -> None:
    assert partial(remains=remains) == Undelivered(units)
    assert partial(remains=remains, charge=Decimal("0.01")) == Undelivered(units)


def test_more_remaining_than_was_ordered_is_cut_to_the_order() -> None:
    assert partial(remains=1001) == Undelivered(1000, ("clamped",))
    assert cancelled("by_remains", remains=5000) == Undelivered(1000, ("clamped",))


@pytest.mark.parametrize("remains", [0, None])
def test_a_partial_order_without_remains_goes_by_the_providers_charge(remains: int | None) -> None:
    assert partial(remains=remains, charge=Decimal("1.40")) == Undelivered(300, CHARGE)
    assert partial(remains=remains, charge=Decimal("1.3999")) == Undelivered(300, CHARGE)
    for silent in (None, Decimal(0), Decimal(-1), Decimal("2.00"), Decimal("3.00"), Decimal("1.9999")):
        assert partial(remains=remains, charge=silent) == OWNER
    assert partial(remains=remains, charge=Decimal(1), base_charge=None) == OWNER


def test_a_partial_order_that_was_over_delivered_is_no_ground_for_a_refund() -> None:
    assert partial(remains=-3) == Undelivered(None, ("over_delivered", "needs_owner"))


@pytest.mark.parametrize("remains", [None, 0, 1, 300])
def test_a_partial_package_is_held_unless_its_charge_says_zero(remains: int | None) -> None:
    package: dict[str, object] = {"package": True, "quantity": 1, "remains": remains}
    assert partial(**package) == OWNER
    assert partial(**package, charge=Decimal(1)) == OWNER
    assert partial(**package, charge=Decimal(0)) == Undelivered(1, CHARGE)


@pytest.mark.parametrize("remains", [None, 0, 300, 1000])
def test_where_cancelled_means_full_everything_comes_back(remains: int | None) -> None:
    assert cancelled("full", remains=remains, charge=Decimal(1), delivery_seen=True) == Undelivered(1000)


@pytest.mark.parametrize("means", ["full", "by_remains", "auto"])
def test_a_provider_that_says_refunded_gave_everything_back(means: str) -> None:
    assert cancelled(means, remains=300, charge=Decimal(1), full_refund=True) == Undelivered(1000)


def test_where_remains_count_a_cancelled_order_gives_back_its_share() -> None:
    """The specification's own formula: remains > 0 ? share : all."""
    assert cancelled("by_remains", remains=300) == Undelivered(300)
    assert cancelled("by_remains", remains=300, delivery_seen=True) == Undelivered(300)
    assert cancelled("by_remains", remains=0) == Undelivered(1000)
    assert cancelled("by_remains", remains=None) == Undelivered(1000)


@pytest.mark.parametrize("remains", [0, None])
def test_a_begun_order_cancelled_with_nothing_left_is_held_unless_the_charge_tells(remains: int | None) -> None:
    begun: dict[str, object] = {"remains": remains, "delivery_seen": True}
    assert cancelled("by_remains", **begun) == OWNER
    assert cancelled("by_remains", **begun, charge=Decimal("2.00")) == OWNER
    assert cancelled("by_remains", **begun, charge=Decimal(0)) == Undelivered(1000, CHARGE)
    assert cancelled("by_remains", **begun, charge=Decimal("0.50")) == Undelivered(750, CHARGE)


def test_over_delivery_is_a_sight_of_delivery() -> None:
    assert cancelled("by_remains", remains=-5) == Undelivered(None, ("over_delivered", "needs_owner"))


def test_where_the_meaning_is_unknown_the_charge_decides_first() -> None:
    assert cancelled("auto", charge=Decimal(0), remains=300) == Undelivered(1000, CHARGE)
    assert cancelled("auto", charge=Decimal("1.40")) == Undelivered(300, CHARGE)
    assert cancelled("auto", charge=Decimal("1.40"), remains=0) == Undelivered(300, CHARGE)


def test_charge_and_remains_must_agree_where_the_meaning_is_unknown() -> None:
    assert cancelled("auto", charge=Decimal("1.40"), remains=303) == Undelivered(303)
    assert cancelled("auto", charge=Decimal("1.40"), remains=310) == Undelivered(310)
    assert cancelled("auto", charge=Decimal("1.40"), remains=311) == OWNER
    assert cancelled("auto", charge=Decimal("1.40"), remains=31, quantity=100) == Undelivered(31)
    assert cancelled("auto", charge=Decimal("1.40"), remains=32, quantity=100) == OWNER
    assert cancelled("auto", charge=Decimal("1.40"), remains=1, quantity=1, package=True) == OWNER


@pytest.mark.parametrize("charge", [None, Decimal("2.00"), Decimal("1.999"), Decimal("1.998"), Decimal("2.10")])
def test_an_unreduced_charge_tells_nothing_and_cancelled_is_read_as_most_panels_mean_it(
    charge: Decimal | None,
) -> None:
    assert cancelled("auto", charge=charge, remains=300) == Undelivered(1000)


def test_where_the_meaning_is_unknown_a_charge_without_a_base_is_for_the_owner() -> None:
    for charge in (Decimal("1.40"), Decimal("2.00")):
        assert cancelled("auto", charge=charge, base_charge=None) == OWNER
        assert cancelled("auto", charge=charge, base_charge=None, remains=300) == OWNER
    assert cancelled("auto", charge=Decimal(0), base_charge=None) == Undelivered(1000, CHARGE)
    assert cancelled("auto", charge=None, base_charge=None) == Undelivered(1000)


REPORTS = st.builds(
    Report,
    ending=st.sampled_from(Ending),
    quantity=st.integers(1, 10**6),
    remains=st.none() | st.integers(-(10**6), 10**7),
    charge=st.none() | st.decimals(0, 1000, places=5),
    base_charge=st.none() | st.decimals("0.00001", 1000, places=5),
    cancel_means=st.sampled_from(["full", "by_remains", "auto"]),
    package=st.booleans(),
    delivery_seen=st.booleans(),
    full_refund=st.booleans(),
)


@given(REPORTS)
def test_every_report_ends_within_the_order_or_with_its_owner(report: Report) -> None:
    verdict = undelivered(report)
    assert verdict.units is None or 0 <= verdict.units <= report.quantity
    assert (verdict.units is None) == ("needs_owner" in verdict.notes)
