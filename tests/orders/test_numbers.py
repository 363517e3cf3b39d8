"""Whole numbers in requests: what PHP would guess at is refused, so that nobody pays for a guess."""

from __future__ import annotations

import pytest

from aggregator.orders.intake.numbers import LARGEST, read_id, read_integer


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("1000", 1000),
        ("1000.0", 1000),
        (" 1000 ", 1000),
        ("1000\r\n", 1000),
        ("-1", -1),
        ("-5.0", -5),
        (" -7\n", -7),
    ],
)
def test_a_count_is_plain_digits_trimmed_with_an_optional_point_zero(text: str, number: int) -> None:
    assert read_integer(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "--1",
        "- 1",
        "-0",
        "-01",
        "-1.5",
        "+5",
        "1.5",
        ".5",
        "5.",
        "1000.00",
        "1000.0000000000000001",
        "1e3",
        "1E3",
        "1e-400",
        "1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "007",
        "0x10",
        "0b1",
        "1_000",
        "1,000",
        "1 000",
        "1,00",
        "1000,000",
        "1.000,0",
        "1000abc",
        "1000;--",
        "1000\x00",
        "１２",
        "１０００",
        "١٢",
        "²",
        "\u00a05",
        "5\u2003",
        "true",
        "null",
        "[1000]",
        "{}",
    ],
)
def test_any_other_way_to_write_a_count_is_refused(text: str) -> None:
    assert read_integer(text) is None


@pytest.mark.parametrize("text", ["9223372036854775807", "9223372036854775808", "1" + "0" * 30, "1" + "0" * 5000])
def test_a_number_too_large_for_the_database_is_a_number_above_every_limit(text: str) -> None:
    assert read_integer(text) == LARGEST == 2**63 - 1
    assert read_integer(f"-{text}") == -LARGEST


def test_an_id_may_have_leading_zeros_as_panels_that_keep_it_as_text_send_it() -> None:
    assert read_id("0123") == read_id("123 ") == read_id("123.0") == 123
    assert read_id("000") == 0


@pytest.mark.parametrize("text", ["", "-1", "ord_1", "１２", "1-100", "*", "1,2", "1e3"])
def test_a_text_that_cannot_be_an_id_of_ours_is_none(text: str) -> None:
    assert read_id(text) is None
