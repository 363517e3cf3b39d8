"""How much of a drip-feed or a subscription came back undelivered, whatever its provider called its end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.parts import Parts, begun_of
from pricing.refund import CancelMeans, Ending, Report, Undelivered, undelivered

COMPLETED, PARTIAL, CANCELLED = Ending.COMPLETED, Ending.PARTIAL, Ending.CANCELLED
MEANINGS: tuple[CancelMeans, ...] = ("full", "by_remains", "auto")


def settle(
    ending: Ending,
    counted: int | None,
    remains: int | None = None,
    charge: str | None = None,
    *,
    subscription: bool = False,
    means: CancelMeans = "full",
    quantity: int = 1000,
    bought: int = 10,
    full_refund: bool = False,
) -> Undelivered:
    """Ten parts of 100 that were bought for 2.50, unless said otherwise."""
    parts = Parts(quantity=quantity, bought=bought, counted=counted, subscription=subscription)
    return undelivered(
        Report(
            ending=ending,
            quantity=quantity,
            remains=remains,
            charge=None if charge is None else Decimal(charge),
            base_charge=Decimal("2.5"),
            cancel_means=means,
            parts=parts,
            full_refund=full_refund,
        )
    )


FOUR_OF_TEN = [
    (None, None, 600),
    ("2.5", None, 600),
    (None, 600, 600),
    (None, 650, 650),
    (None, 700, 700),
    (None, 560, 560),
    (None, 0, 600),
    (None, 20, 600),
    (None, 1000, 600),
    (None, -20, 600),
    ("1.5", None, 600),
    ("1", None, 600),
    ("0.875", None, 650),
    ("0.75", None, 700),
    ("0.9999", None, 600),
    ("2.4", None, 600),
    ("0.875", 620, 620),
]
"""Charge, remains, undelivered units."""


@pytest.mark.parametrize("means", MEANINGS)
@pytest.mark.parametrize("subscription", [False, True])
@pytest.mark.parametrize("ending", list(Ending))
@pytest.mark.parametrize(("charge", "remains", "units"), FOUR_OF_TEN)
def test_an_end_in_the_middle_keeps_the_parts_that_began(
    ending: Ending, subscription: bool, means: CancelMeans, charge: str | None, remains: int | None, units: int
) -> None:
    assert settle(ending, 4, remains, charge, subscription=subscription, means=means).units == units


@pytest.mark.parametrize("means", MEANINGS)
@pytest.mark.parametrize("subscription", [False, True])
@pytest.mark.parametrize("counted", [1, 4, 10, 12])
@pytest.mark.parametrize("remains", [None, 0, 650])
def test_what_costs_nothing_comes_back_as_a_whole(
    subscription: bool, counted: int, remains: int | None, means: CancelMeans
) -> None:
    assert settle(CANCELLED, counted, remains, "0", subscription=subscription, means=means).units == 1000


@pytest.mark.parametrize(("ending", "units"), [(COMPLETED, 600), (PARTIAL, 600)])
def test_a_charge_of_nothing_says_nothing_of_other_ends(ending: Ending, units: int) -> None:
    """Some panels charge each run or post by itself, and the order as a whole never."""
    assert settle(ending, 4, None, "0").units == units


@pytest.mark.parametrize(
    ("counted", "remains", "units"),
    [(0, 1, 1), (0, 1000, 1000), (0, None, 1000), (0, 0, 1000), (1, 1, 1), (1, 0, 0), (1, None, 0), (1, 1000, 1000)],
)
@pytest.mark.parametrize("ending", [PARTIAL, CANCELLED])
def test_an_end_inside_the_only_post(ending: Ending, counted: int, remains: int | None, units: int) -> None:
    verdict = settle(ending, counted, remains, subscription=True, bought=1)
    assert verdict.units == units


@pytest.mark.parametrize(
    ("ending", "counted", "remains", "units"),
    [
        (PARTIAL, 10, 30, 30),
        (CANCELLED, 10, 30, 30),
        (COMPLETED, 10, 30, 0),
        (PARTIAL, 10, None, None),
        (CANCELLED, 10, None, None),
        (CANCELLED, 12, 0, None),
        (PARTIAL, 0, 650, 650),
        (PARTIAL, 0, None, 1000),
        (PARTIAL, -1, None, 1000),
        (COMPLETED, 0, 0, 0),
        (CANCELLED, 0, 650, 1000),
        (CANCELLED, None, 650, 1000),
        (PARTIAL, None, 650, 650),
        (PARTIAL, None, None, None),
    ],
)
def test_a_drip_feed_of_which_no_run_or_every_run_is_counted(
    ending: Ending, counted: int | None, remains: int | None, units: int | None
) -> None:
    assert settle(ending, counted, remains).units == units


def test_what_is_called_refunded_is_all_of_it() -> None:
    assert settle(CANCELLED, 4, 650, full_refund=True).units == 1000


@given(
    ending=st.sampled_from(Ending),
    means=st.sampled_from(MEANINGS),
    subscription=st.booleans(),
    bought=st.integers(2, 30),
    each=st.integers(1, 500),
    counted=st.integers(1, 40),
    remains=st.none() | st.integers(-50, 20_000),
    charge=st.sampled_from([None, "0.0001", "0.5", "1", "1.25", "2.4999", "2.5", "9"]),
)
def test_no_part_that_began_comes_back_beyond_what_is_said_to_be_missing(
    ending: Ending,
    means: CancelMeans,
    subscription: bool,
    bought: int,
    each: int,
    counted: int,
    remains: int | None,
    charge: str | None,
) -> None:
    """By remains or, where they say nothing, by the share that the provider took back."""
    quantity = bought * each
    said = {"subscription": subscription, "means": means, "quantity": quantity, "bought": bought}
    units = settle(ending, counted, remains, charge, **said).units  # type: ignore[arg-type]
    untouched = quantity - each * min(counted, bought)
    taken_back = 0 if charge is None else int(quantity * (1 - min(Decimal(charge) / Decimal("2.5"), Decimal(1))))
    missing = min(max(remains or 0, 0), quantity) or taken_back
    assert units is None or units <= max(untouched, missing)
    if 0 < counted < bought:
        assert units is not None
        assert units == settle(PARTIAL, counted, remains, charge, **said).units  # type: ignore[arg-type]
        assert units > untouched - each


class TestBegun:
    """Ten parts of 100, as they are told while the order is under way."""

    @pytest.mark.parametrize(
        ("counted", "remains", "begun"),
        [
            (None, None, None),
            (None, 600, 4),
            (None, 1000, 0),
            (None, 650, 4),
            (None, 999, 1),
            (None, -5, 10),
            (None, 0, None),
            (None, 4000, 0),
            (4, None, 4),
            (4, 650, 4),
            (4, 700, 4),
            (4, 550, 5),
            (4, 100, 4),
            (0, 600, 4),
            (-1, None, 0),
            (12, None, 10),
            (10, 7, 10),
        ],
    )
    def test_runs_follow_from_what_is_stated(self, counted: int | None, remains: int | None, begun: int | None) -> None:
        assert Parts(quantity=1000, bought=10, counted=counted).begun(remains) == begun

    @pytest.mark.parametrize(("counted", "remains", "begun"), [(0, 1, 0), (0, 901, 1), (0, 600, 0), (0, None, 0)])
    def test_posts_that_are_counted_as_none_are_none_but_for_the_first(
        self, counted: int, remains: int | None, begun: int
    ) -> None:
        parts = Parts(quantity=1000, bought=10, counted=counted, subscription=True)
        assert parts.begun(remains) == begun

    def test_a_post_that_is_not_whole_has_begun(self) -> None:
        assert Parts(quantity=1000, bought=1, counted=0, subscription=True).begun(1) == 1

    @given(st.integers(1, 50), st.integers(1, 500), st.data())
    def test_what_has_begun_is_the_fewest_parts_that_hold_what_came(
        self, bought: int, each: int, data: st.DataObject
    ) -> None:
        left = data.draw(st.integers(0, bought * each))
        begun = begun_of(bought * each, bought, left)
        came = bought * each - left
        assert (begun - 1) * each < came <= begun * each
