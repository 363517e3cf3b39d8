"""A provider's price in another currency is converted upwards, or not sold."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.fx import FxTable, NoRate
from pricing.money import Money, Rate

TABLE = FxTable("USD", {"EUR": Decimal("1.08"), "VND": Decimal("0.00003937")})


def test_our_own_currency_takes_no_margin() -> None:
    assert TABLE.convert(Decimal("0.9"), "USD", per=1000) == Rate.parse("0.9", "USD")


def test_a_foreign_price_takes_two_percent_unless_set_otherwise() -> None:
    assert str(TABLE.convert(Decimal(1), "EUR", per=1000)) == "1.1016"
    assert str(TABLE.convert(Decimal(1), "EUR", per=1000, margin_percent=Decimal("0.5"))) == "1.0854"
    assert str(TABLE.convert(Decimal(1), "EUR", per=1000, margin_percent=Decimal(0))) == "1.08"


def test_a_package_stays_a_price_for_one() -> None:
    assert TABLE.convert(Decimal(5), "EUR", per=1).per == 1


def test_what_does_not_fit_eight_decimals_is_rounded_up() -> None:
    assert TABLE.convert(Decimal("0.123456781"), "USD", per=1000).units == 12345679
    assert TABLE.convert(Decimal("0.0001"), "VND", per=1000).units == 1


def test_a_currency_without_a_rate_is_named() -> None:
    with pytest.raises(NoRate, match="INR") as caught:
        TABLE.convert(Decimal(1), "INR", per=1000)
    assert caught.value.currency == "INR"


@pytest.mark.parametrize("rate", ["NaN", "sNaN", "Infinity", "1E+999999", "92233720369"])
def test_a_price_that_cannot_be_kept_is_refused(rate: str) -> None:
    for currency in ("USD", "EUR"):
        with pytest.raises(ValueError, match=r"not an amount|more money"):
            TABLE.convert(Decimal(rate), currency, per=1000)


@given(st.decimals("0.0000000001", "9999999", places=10), st.decimals(0, 50, places=2))
def test_a_converted_price_never_lies_below_the_exact_one(rate: Decimal, margin: Decimal) -> None:
    converted = TABLE.convert(rate, "EUR", per=1000, margin_percent=margin)
    exact = rate * Decimal("1.08") * (100 + margin) / 100
    assert Decimal(0) <= converted.amount - exact < Decimal("1e-8")


def test_a_balance_is_weighed_like_the_costs_it_is_to_pay() -> None:
    assert TABLE.worth(Decimal(1), "EUR") == TABLE.convert(Decimal(1), "EUR", per=1000).cost(1000)
    assert TABLE.worth(Decimal("0.999999999"), "USD") == Money.parse("0.99999999", "USD")
    assert TABLE.worth(Decimal("-2.5"), "USD") == Money.parse("-2.5", "USD")
    with pytest.raises(NoRate):
        TABLE.worth(Decimal(1), "INR")


def test_one_of_theirs_costs_its_rate_and_the_margin() -> None:
    assert TABLE.one("EUR", margin_percent=Decimal(5)) == Decimal("1.134")
    assert TABLE.one("USD", margin_percent=Decimal(5)) == 1
    fine = Decimal("0." + "3" * 60)
    assert Fraction(FxTable("USD", {"EUR": fine}).one("EUR")) > Fraction(fine) * Fraction("1.02")
