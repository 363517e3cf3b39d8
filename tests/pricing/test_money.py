"""Money is counted in whole units, read strictly and rounded in one place."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.money import (
    MOST_UNITS,
    SCALE,
    CurrencyMismatch,
    Money,
    Rate,
    add_percent,
    divide_down,
    divide_up,
    read_decimal,
    remove_percent,
    round_sale_rate,
)

UNITS = st.integers(-MOST_UNITS, MOST_UNITS)
PRICES = st.integers(1, 10**15)
QUANTITIES = st.integers(1, 10**7)
PERCENTS = st.decimals(0, 500, places=3)


@pytest.mark.parametrize("text", ["0", "7", "-12.50", "0.00000001", "007", "123456789012345678.5"])
def test_a_plain_decimal_is_read(text: str) -> None:
    assert read_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "text",
    ["", " 5", "5 ", "5\n", "+5", "1e3", "1E+999999", "NaN", "sNaN", "Infinity", "\uff11\uff12.5", "\u0665"],
)
def test_a_spelling_that_the_decimal_type_would_take_or_trim_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        read_decimal(text)


@pytest.mark.parametrize(
    "text",
    ["1_0", "1,000", "1.", ".5", "--1", "-", "1.2.3", "0x10", "9" * 19, "0." + "1" * 19],
)
def test_any_other_spelling_of_a_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="plain decimal"):
        read_decimal(text)


@given(UNITS)
def test_an_amount_survives_being_printed_and_read(units: int) -> None:
    money = Money(units, "USD")
    assert Money.parse(str(money), "USD") == money
    assert money.amount * SCALE == units


@given(UNITS, st.integers(0, 10))
def test_a_printed_amount_is_plain_and_has_the_decimals_asked_for(units: int, decimals: int) -> None:
    text = Money(units, "USD").text(decimals)
    assert len(text.partition(".")[2]) >= decimals
    assert read_decimal(text) == Decimal(units).scaleb(-8)


@pytest.mark.parametrize(
    ("text", "plain", "two"),
    [
        ("7.50", "7.5", "7.50"),
        ("150", "150", "150.00"),
        ("0.00012", "0.00012", "0.00012"),
        ("0", "0", "0.00"),
        ("-0.10", "-0.1", "-0.10"),
        ("100", "100", "100.00"),
    ],
)
def test_amounts_print_without_needless_zeros_unless_decimals_are_asked_for(text: str, plain: str, two: str) -> None:
    money = Money.parse(text, "USD")
    assert (str(money), money.text(2)) == (plain, two)


@pytest.mark.parametrize("text", ["0.000000001", "1.123456789", "99999999999999999"])
def test_an_amount_too_fine_or_too_large_to_keep_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"8 decimals|more money"):
        Money.parse(text, "USD")


def test_an_amount_from_a_decimal_is_rounded_the_way_that_was_asked_for() -> None:
    fine = Decimal("0.123456789")
    assert Money.from_decimal(fine, "USD", up=True).units == 12345679
    assert Money.from_decimal(fine, "USD", up=False).units == 12345678
    assert Money.from_decimal(-fine, "USD", up=False).units == -12345679
    assert Money.from_decimal(Decimal("1e-999999"), "USD", up=True).units == 1


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity", "1e19", "1E+999999", "92233720368.54775808"])
def test_what_is_no_amount_never_becomes_money(amount: str) -> None:
    with pytest.raises(ValueError, match=r"not an amount|more money"):
        Money.from_decimal(Decimal(amount), "USD", up=True)


def test_currencies_are_never_mixed() -> None:
    dollars, euros = Money(1, "USD"), Money(1, "EUR")
    for mix in (Money.__add__, Money.__sub__, Money.__lt__, Money.__le__, Money.__gt__, Money.__ge__):
        with pytest.raises(CurrencyMismatch, match=r"^USD and EUR do not add up$") as caught:
            mix(dollars, euros)
        assert (caught.value.ours, caught.value.other) == ("USD", "EUR")
    assert dollars != euros


@given(UNITS, UNITS)
def test_money_adds_and_compares_as_its_units_do(one: int, two: int) -> None:
    a, b = Money(one, "USD"), Money(two, "USD")
    assert a + b == Money(one + two, "USD")
    assert a - b == Money(one - two, "USD")
    assert -a == Money(-one, "USD")
    assert (a < b, a <= b, a > b, a >= b) == (one < two, one <= two, one > two, one >= two)
    assert bool(a) == (one != 0)


def test_a_charge_beyond_63_bits_says_that_it_cannot_be_kept() -> None:
    assert Money(MOST_UNITS, "USD").storable
    assert not Rate(MOST_UNITS, "USD").cost(2000).storable


@pytest.mark.parametrize(
    ("rate", "per", "quantity", "charge"),
    [
        ("2.50", 1000, 10_000, "25"),
        ("2.50", 1000, 5_000, "12.5"),
        ("0.0001", 1000, 1, "0.0000001"),
        ("0.000001", 1000, 1, "0.00000001"),
        ("0.3333", 1000, 7, "0.0023331"),
        ("0.00000001", 1000, 1001, "0.00000002"),
        ("4.99", 1, 1, "4.99"),
    ],
)
def test_a_quantity_costs_its_share_of_the_rate(rate: str, per: int, quantity: int, charge: str) -> None:
    assert str(Rate.parse(rate, "USD", per).cost(quantity)) == charge


@given(PRICES, QUANTITIES, QUANTITIES)
def test_more_units_never_cost_less_and_nothing_is_free(price: int, some: int, more: int) -> None:
    rate = Rate(price, "USD")
    assert rate.cost(some + more) >= rate.cost(some) > Money(0, "USD")


@given(PRICES, QUANTITIES)
def test_rounding_up_adds_less_than_one_unit(price: int, quantity: int) -> None:
    assert 0 <= Rate(price, "USD").cost(quantity).units * 1000 - price * quantity < 1000


@given(PRICES, QUANTITIES, PERCENTS)
def test_the_least_charge_is_the_smallest_that_leaves_the_margin(price: int, quantity: int, percent: Decimal) -> None:
    least = Rate(price, "USD").least_charge(quantity, percent).units
    needed = price * quantity * (100 + percent)
    assert (least - 1) * 100_000 < needed <= least * 100_000


@given(UNITS, PRICES)
def test_division_rounds_towards_the_named_side(dividend: int, divisor: int) -> None:
    assert divide_down(dividend, divisor) * divisor <= dividend <= divide_up(dividend, divisor) * divisor
    assert divide_up(dividend, divisor) - divide_down(dividend, divisor) in (0, 1)


@given(PRICES, PERCENTS)
def test_the_most_that_a_margin_allows_is_found_back_exactly(units: int, percent: Decimal) -> None:
    most = remove_percent(units, percent)
    assert add_percent(most, percent) <= units < add_percent(most + 1, percent)


@pytest.mark.parametrize(
    ("exact", "published"),
    [
        ("1.23450001", "1.2346"),
        ("1.2345", "1.2345"),
        ("0.01", "0.01"),
        ("0.01000001", "0.0101"),
        ("0.00999999", "0.01"),
        ("0.00123401", "0.001235"),
        ("0.00000001", "0.000001"),
        ("0", "0"),
    ],
)
def test_a_sale_rate_is_rounded_up_to_what_can_be_published(exact: str, published: str) -> None:
    units = Money.parse(exact, "USD").units
    assert str(Money(round_sale_rate(units), "USD")) == published


@given(st.integers(0, 10**12), st.integers(0, 10**9))
def test_a_dearer_price_is_never_published_cheaper(units: int, more: int) -> None:
    assert units <= round_sale_rate(units) <= round_sale_rate(units + more)
    assert round_sale_rate(round_sale_rate(units)) == round_sale_rate(units)
