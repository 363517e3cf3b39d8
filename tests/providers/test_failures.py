"""Which error follows from a reply that is no success, and what an owner reads in it."""

from __future__ import annotations

import pytest

from providers.errors import Code, Garbled, ProviderError, Refused, Unreachable, Unsure
from providers.masking import Mask
from providers.reading.complaints import Complaint
from providers.reading.reply import Kind, Reply, read_reply
from providers.reading.verdict import ADD_REFUSALS, REQUEST_REFUSALS, failed_read, failed_write, row_refusal
from tests.providers.panel_server import KEY, profile_of

MASK = Mask(profile_of("http://127.0.0.1/"))
FUNDS = Complaint(code=Code.FUNDS, text=f"Not enough funds of {KEY}", alone=True)
PAGE = f"<html><title>Just a moment of {KEY}</title></html>"


def reply(text: str = '{"error": 1}', status: int = 200, *, kind: Kind = Kind.JSON, value: str | None = "x") -> Reply:
    return Reply(status=status, kind=kind, text=text, value=value, retry_after=7.5)


def told(error: ProviderError) -> tuple[type[ProviderError], Code, str, str, str]:
    return type(error), error.code, error.text, error.raw, error.unknown


def test_a_refusal_tells_the_owner_everything_but_the_key() -> None:
    limits = Complaint(code=Code.QTY_MIN, text=f"Min 100 {KEY}", minimum=100, maximum=500, alone=True)
    for failed in (failed_write, failed_read):
        error = failed(reply(f"sent {KEY}"), limits, MASK)
        assert told(error) == (Refused, Code.QTY_MIN, "Min 100 ***", "sent ***", "")
        assert isinstance(error, Refused)
        assert (error.learned_minimum, error.learned_maximum, error.retry_after) == (100, 500, 7.5)


def test_a_refusal_without_words_is_told_by_its_status() -> None:
    error = failed_write(reply(status=402), Complaint(code=Code.FUNDS, from_status=True), MASK)
    assert (type(error), error.text) == (Refused, "HTTP 402")


@pytest.mark.parametrize("failed", [failed_write, failed_read])
@pytest.mark.parametrize("status", [403, 404, 405, 503])
def test_a_page_in_front_of_the_panel_means_that_it_never_heard_of_us(failed: type, status: int) -> None:
    error = failed(reply(PAGE, status, kind=Kind.PAGE, value=None), FUNDS, MASK)
    assert told(error) == (
        Unreachable,
        Code.TRANSPORT,
        f"HTTP {status}: page 'Just a moment of ***'",
        PAGE.replace(KEY, "***"),
        "",
    )


def test_words_on_any_other_page_prove_nothing() -> None:
    page = reply(PAGE, kind=Kind.PAGE, value=None)
    said = (Code.TRANSPORT, "HTTP 200: page 'Just a moment of ***'", PAGE.replace(KEY, "***"), "")
    assert told(failed_write(page, FUNDS, MASK)) == (Unsure, *said)
    assert told(failed_read(page, FUNDS, MASK)) == (Garbled, *said)


def test_only_the_allowed_refusals_end_an_add_and_others_end_a_cancel() -> None:
    complaint = Complaint(code=Code.CANCEL_DISABLED, text="No cancel", alone=True)
    assert told(failed_write(reply("{}"), complaint, MASK)) == (Unsure, Code.CANCEL_DISABLED, "No cancel", "{}", "")
    assert isinstance(failed_write(reply("{}"), complaint, MASK, REQUEST_REFUSALS), Refused)
    assert ADD_REFUSALS - {Code.TOO_LARGE} < REQUEST_REFUSALS


@pytest.mark.parametrize("code", [Code.UNKNOWN, Code.INTERNAL, Code.DUPLICATE_REQUEST, Code.TRANSPORT])
def test_what_is_no_answer_decides_nothing(code: Code) -> None:
    complaint = Complaint(code=code, text=f"Hm {KEY}", alone=True)
    unknown = "Hm ***" if code is Code.UNKNOWN else ""
    for failed, kind in ((failed_write, Unsure), (failed_read, Garbled)):
        assert told(failed(reply(f"[{KEY}]"), complaint, MASK)) == (kind, code, "Hm ***", "[***]", unknown)
    assert isinstance(failed_write(reply(), complaint, MASK, REQUEST_REFUSALS), Unsure)


@pytest.mark.parametrize(
    ("status", "from_status", "unknown"),
    [(200, False, ""), (499, True, ""), (500, True, "Oops ***"), (503, True, "Oops ***"), (500, False, "")],
)
@pytest.mark.parametrize("failed", [failed_write, failed_read])
def test_words_that_a_broken_server_spoke_for_are_shown_to_the_owner(
    failed: type, status: int, from_status: bool, unknown: str
) -> None:
    complaint = Complaint(code=Code.INTERNAL, text=f"Oops {KEY}", from_status=from_status)
    assert failed(reply(status=status), complaint, MASK).unknown == unknown


@pytest.mark.parametrize(
    ("kind", "value", "complaint", "code", "text"),
    [
        (Kind.EMPTY, None, None, Code.TRANSPORT, "HTTP 200: empty reply without an answer"),
        (Kind.TRUNCATED, None, None, Code.TRANSPORT, "HTTP 200: truncated reply without an answer"),
        (Kind.JSON, None, None, Code.TRANSPORT, "HTTP 200: json reply without an answer"),
        (Kind.JSON, "x", None, Code.UNKNOWN, "HTTP 200: json reply without an answer"),
        (Kind.JSON, "x", Complaint(code=Code.UNKNOWN), Code.UNKNOWN, "HTTP 200: json reply without an answer"),
        (Kind.TEXT, "hm", Complaint(code=Code.UNKNOWN, text="hm"), Code.TRANSPORT, "hm"),
        (Kind.JSON, None, Complaint(code=Code.UNKNOWN, text="hm"), Code.TRANSPORT, "hm"),
        (Kind.TEXT, "no", Complaint(code=Code.REFILL_EXPIRED, text="no"), Code.REFILL_EXPIRED, "no"),
    ],
)
def test_a_reply_without_an_answer_says_what_came(
    kind: Kind, value: str | None, complaint: Complaint | None, code: Code, text: str
) -> None:
    error = failed_write(reply("t", kind=kind, value=value), complaint, MASK)
    assert (type(error), error.code, error.text) == (Unsure, code, text)


@pytest.mark.parametrize(
    ("complaint", "status", "kind", "sure"),
    [
        (Complaint(code=Code.FUNDS, loud=True, alone=False), 200, Kind.JSON, True),
        (Complaint(code=Code.FUNDS, loud=False, alone=True), 200, Kind.JSON, True),
        (Complaint(code=Code.FUNDS, loud=False, alone=False), 200, Kind.JSON, False),
        (Complaint(code=Code.FUNDS, from_status=True), 401, Kind.TEXT, True),
        (Complaint(code=Code.FUNDS, from_status=True), 402, Kind.EMPTY, True),
        (Complaint(code=Code.FUNDS, from_status=True), 429, Kind.EMPTY, True),
        (Complaint(code=Code.FUNDS, from_status=True), 403, Kind.JSON, True),
        (Complaint(code=Code.FUNDS, from_status=True), 403, Kind.TEXT, False),
        (Complaint(code=Code.FUNDS, from_status=True), 400, Kind.JSON, False),
        (Complaint(code=Code.FUNDS, from_status=True), 500, Kind.JSON, False),
    ],
)
def test_an_add_is_refused_only_where_nothing_else_was_said(
    complaint: Complaint, status: int, kind: Kind, sure: bool
) -> None:
    error = failed_write(reply("t", status, kind=kind), complaint, MASK)
    assert isinstance(error, Refused if sure else Unsure)


def test_what_one_row_says_is_about_that_row_alone() -> None:
    whole = "-" * 1000 + f"No such order {KEY}" + "+" * 1000
    complaint = Complaint(code=Code.UNKNOWN, text=f"No such order {KEY}", minimum=3, maximum=9)
    error = row_refusal(complaint, MASK, reply(whole))
    words = "No such order ***"
    assert told(error) == (Refused, Code.UNKNOWN, words, "-" * 300 + words + "+" * 700, words)
    assert (error.learned_minimum, error.learned_maximum, error.retry_after) == (3, 9, None)
    known = Complaint(code=Code.ORDER_NOT_FOUND, text="gone", from_status=True)
    assert told(row_refusal(known, MASK, reply("gone", 500))) == (Refused, Code.ORDER_NOT_FOUND, "gone", "gone", "")


def test_no_panel_talks_for_pages_without_an_answer() -> None:
    """Whatever such a text says somewhere is not looked for: an add that got it stays unsure."""
    words = "Not enough funds on balance"
    assert read_reply(200, words.encode()).value == words
    endless = read_reply(200, words.encode() + b" " * 64_000 + b".")
    assert (endless.kind, endless.value) == (Kind.TEXT, None)
