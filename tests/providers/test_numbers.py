"""Other people's numbers: exact where they are plain, nothing where they are not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.reading.json_text import parse
from providers.reading.numbers import read_count, read_currency, read_decimal, read_flag, read_identifier


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("0.90", "0.90"),
        ("12", "12"),
        (" 1.5 ", "1.5"),
        ("-3.20", "-3.20"),
        ("1604.295", "1604.295"),
        ("1,250", "1250"),
        ("0,250", "0.250"),
        ("12,5", "12.5"),
        ("1,2345", "1.2345"),
        ("1,234.50000", "1234.50000"),
        ("1.234,5", "1234.5"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("$12.50", "12.50"),
        ("-$3", "-3"),
        ("₹ 7", "7"),
        ("12.5 USD", "12.5"),
        ("USD 12.5", "12.5"),
        ("0.24000000000000002", "0.24000000"),
        ("0.08011655652", "0.08011656"),
        ("0.0000000001", "0.0000000001"),
    ],
)
def test_a_plain_amount_is_read_to_the_digit(written: str, amount: str) -> None:
    """Marks of thousands and a currency beside it are forgiven; binary noise is undone."""
    assert f"{read_decimal(written):f}" == amount


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "abc",
        "NaN",
        "Infinity",
        "-Infinity",
        "sNaN",
        "1e3",
        "1E+999999",
        "１.5",
        "١٢",
        "²",
        "1_0.5",
        "10 000",
        "5.",
        ".5",
        "+5",
        "--5",
        "0x10",
        "12abc",
        "1,2,3",
        "1,23,456",
        "1.2,3.4",
        "1.,5",
        "/12",
        "9" * 16,
        "1" * 5000,
    ],
)
def test_what_is_not_plainly_an_amount_is_none(written: str) -> None:
    """An unreadable price is no price, never a price of nothing."""
    assert read_decimal(written) is None


@given(st.one_of(st.text(), st.booleans(), st.none(), st.lists(st.text())))
def test_nothing_a_panel_writes_breaks_a_reader(written: Any) -> None:
    """Readers answer or say None."""
    for read in (read_decimal, read_count, read_flag, read_identifier, read_currency):
        read(written)


@given(st.decimals(min_value=0, max_value=10**14, allow_nan=False, places=8))
def test_a_price_comes_back_as_it_was_written(price: Decimal) -> None:
    """Through JSON, as a number, without a float between."""
    assert read_decimal(parse(f"{price:f}")) == price


def test_units_are_whole_and_fit_a_database() -> None:
    """Fractions of a unit were not delivered; a number of 30 digits is not a number of units."""
    assert [read_count(text) for text in ("1000.0000000000", "12.9", "-37", "1,000", "9" * 30, "Unknown")] == [
        1000,
        12,
        -37,
        1000,
        None,
        None,
    ]


def test_ids_are_text_and_broken_numbers_are_no_ids() -> None:
    """A panel's id is sent back as it spelled it."""
    assert read_identifier(parse("7")) == "7"
    assert read_identifier("007 ") == "007"
    assert read_identifier(parse("23508.0")) == "23508"
    broken = ("7.5", "-7", "1e3", "true", "null", '""', '"a\\u0000b"')
    assert [read_identifier(parse(text)) for text in broken] == [None] * len(broken)
