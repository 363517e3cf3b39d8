"""What the texts of errors mean, and that nobody guesses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import Code
from providers.reading.complaints import read_complaint
from providers.reading.error_texts import read_code, read_limits, read_step
from providers.reading.verdict import ADD_REFUSALS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Service not found or unauthorized", Code.SERVICE_GONE),
        ("error.incorrect_service_id", Code.SERVICE_GONE),
        ("Unauthorized", Code.KEY_INVALID),
        ("Incorrect request or API key", Code.KEY_INVALID),
        ("API is Disable for this user or User Not Found! Contact the Support", Code.KEY_INVALID),
        ("API is disabled", Code.ACCOUNT_BLOCKED),
        ("Your account is not active", Code.ACCOUNT_BLOCKED),
        ("SALDO TIDAK CUKUP", Code.FUNDS),
        ("Недостаточно средств на балансе", Code.FUNDS),
        ("<b>Not enough</b>&nbsp;funds", Code.FUNDS),
        ("The Instagram user was not found", Code.UNKNOWN),
        ("Maximum 100 orders", Code.BATCH_TOO_BIG),
        ("Minimum quantity is 50", Code.QTY_MIN),
        ("You did not meet the minimum number.", Code.QTY_MIN),
        ("Quantity must to be less than or equal to maximum amount 9", Code.QTY_MAX),
        ("Quantity must be a multiple of 10 (try 110)", Code.PARAMS),
        ("neworder.error.link", Code.LINK_INVALID),
        ("Missing key or action", Code.PARAMS),
        ("This services does not support Dripfeed feature!", Code.PARAMS),
        ("error.incorrect_order_id", Code.ORDER_NOT_FOUND),
        ("The refill task is not completed for this order", Code.REFILL_RUNNING),
        ("Refill days are over", Code.REFILL_EXPIRED),
        ("Order not eligible for refill.", Code.REFILL_DISABLED),
        ("Too many requests. Limit 50/minute.", Code.RATE_LIMIT),
        ("This panel is temporarily unavailable", Code.MAINTENANCE),
        ("An error occurred while placing your order.", Code.INTERNAL),
        ("Your order was placed, but the link is invalid", Code.INTERNAL),
        ("Request id already used", Code.DUPLICATE_REQUEST),
        ("timeout", Code.UNKNOWN),
    ],
)
def test_text(text: str, code: Code) -> None:
    """One text of each kind, and those that nearly mean something else."""
    assert read_code(text, {}) is code


@given(st.text(alphabet="abcdefgh ", max_size=60))
def test_a_text_that_nobody_knows_is_no_refusal(text: str) -> None:
    """Only texts of the table let an order go elsewhere."""
    assert read_code(text, {}) not in ADD_REFUSALS


def test_a_long_text_is_not_searched_for_known_words() -> None:
    """Half a page of prose holds any word."""
    assert read_code("not enough funds " + "x" * 600, {}) is Code.UNKNOWN


def test_the_owners_words_come_first_and_the_longest_of_them_wins() -> None:
    """Whoever has read a panel's text knows best."""
    words = {"quota": "RATE_LIMIT", "quota for this link": "LINK_DUPLICATE"}
    assert read_code("Quota for this link is used up; not enough funds", words) is Code.LINK_DUPLICATE


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("Quantity must be between 100 and 100,000", (100, 100_000)),
        ("Quantity 7 less than minimal 1.000", (1000, None)),
        ("Maximum quantity is 5 000", (None, 5000)),
        ("Quantity too small", (None, None)),
    ],
)
def test_a_refused_quantity_reveals_the_limits(text: str, limits: tuple[int | None, int | None]) -> None:
    """Our copy of the limits was old."""
    assert read_limits(text) == limits


def test_an_error_that_says_nothing_is_none() -> None:
    """Scripts write the key whether or not there is an error."""
    nothing: list[Any] = [None, "", False, [], "0", "null"]
    assert [read_complaint({"error": value, "order": "5"}, {}) for value in nothing] == [None] * len(nothing)


def test_the_text_is_found_wherever_it_stands() -> None:
    """Every place that a family uses."""
    replies: list[Any] = [
        {"error": ["Bad link"]},
        {"errors": {"link": ["Bad link"]}},
        {"error": True, "message": "Bad link"},
        {"success": False, "error_message": "Bad link"},
        {"result": False, "data": {"msg": "Bad link"}},
        {"detail": "Bad link"},
        {"msg": "fehlgeschlagen", "error": "neworder.error.invalid_link"},
        "Bad link",
    ]
    complaints = [read_complaint(reply, {}) for reply in replies]
    assert [complaint.code if complaint else None for complaint in complaints] == [Code.LINK_INVALID] * len(replies)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("Quantity must be a multiple of 10 (try 110)", 10),
        ("quantity should be in multiples of 1,000", 1000),
        ("Quantity must be divisible by 50.", 50),
        ("<b>Quantity</b> Must Be A Multiple Of 1 000", 1000),
        ("Quantity must be a multiple of 1", None),
        ("Quantity must be divisible by runs (5)", None),
        ("Interval must be a multiple of 5 minutes", None),
        ("Minimum quantity is 100", None),
    ],
)
def test_the_step_is_read_from_the_text(text: str, step: int | None) -> None:
    assert read_step(text) == step


@pytest.mark.parametrize("text", ["Quantity must be divisible by 50", "quantity should be in multiples of 1,000"])
def test_a_step_is_a_refusal_of_the_parameters(text: str) -> None:
    assert read_code(text, {}) is Code.PARAMS
