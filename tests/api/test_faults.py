"""What a refused reseller reads, and under which code: the words decide what a chained panel does next."""

from __future__ import annotations

import json

import pytest

from aggregator import errors
from aggregator.api.faults import refuse
from aggregator.api.http import KEPT_BY_NOBODY, Answer
from aggregator.api.texts import text_of
from aggregator.api.views import Spelling
from aggregator.errors import (
    AccountInactive,
    BadLink,
    CancelRefused,
    IncorrectRequest,
    InvalidKey,
    MissingField,
    NotEnoughFunds,
    OrderNotFound,
    QuantityNoMultiple,
    QuantityOutOfRange,
    RefillNotFound,
    RefillRefusal,
    RefillRefused,
    RequestIdTaken,
    ResellerError,
    SameLink,
    ServiceNotFound,
    TemporarilyUnavailable,
    TooManyOrders,
    TooManyRequests,
)

SAME_LINK = "You have active order with this link. Please wait until order being completed."
REFUSALS: list[tuple[ResellerError, int, str, str]] = [
    (InvalidKey(), 401, "Invalid API key", "Invalid API key"),
    (AccountInactive(), 401, "Your account is inactive", "Your account is inactive"),
    (IncorrectRequest(), 400, "Incorrect request", "Incorrect request"),
    (IncorrectRequest("quantity", "must be whole"), 400, "quantity must be whole", "Incorrect request"),
    (IncorrectRequest("service", "must be whole"), 400, "service must be whole", "Incorrect service ID"),
    (MissingField("service"), 400, "service is required", "Incorrect request"),
    (BadLink("link is required"), 400, "link is required", "Bad link"),
    (BadLink(), 400, "Bad link", "Bad link"),
    (NotEnoughFunds(), 400, "Insufficient balance in wallet.", "Not enough funds on balance"),
    (QuantityNoMultiple(50), 400, "Quantity must be a multiple of 50", "Quantity must be a multiple of 50"),
    (
        QuantityOutOfRange(99, 100, 100000),
        400,
        "Quantity must be between 100 and 100000",
        "Quantity less than minimal 100",
    ),
    (
        QuantityOutOfRange(100001, 100, 100000),
        400,
        "Quantity must be between 100 and 100000",
        "Quantity more than maximum 100000",
    ),
    (OrderNotFound(), 400, "Incorrect order ID", "Incorrect order ID"),
    (SameLink(), 400, SAME_LINK, SAME_LINK),
    (TooManyOrders(100), 400, "Maximum 100 orders", "Maximum 100 orders"),
    (RequestIdTaken(), 400, "This request id belongs to another order", "This request id belongs to another order"),
    (CancelRefused(), 400, "Cancel is disabled for this service", "Cancel is disabled for this service"),
    (CancelRefused(of_order=True), 400, "This order cannot be cancelled", "This order cannot be cancelled"),
    (RefillNotFound(), 400, "Refill not found", "Refill not found"),
    (
        RefillRefused(RefillRefusal.DISABLED),
        400,
        "Refill is disabled for this service",
        "Refill is disabled for this service",
    ),
]


@pytest.mark.parametrize(("error", "code", "in_json", "in_classic"), REFUSALS)
def test_a_refusal_has_a_code_in_json_and_is_a_plain_reply_in_classic(
    error: ResellerError, code: int, in_json: str, in_classic: str
) -> None:
    assert refuse(error, Spelling.JSON) == Answer(code, json.dumps({"error": in_json}, separators=(",", ":")).encode())
    assert refuse(error, Spelling.CLASSIC) == Answer(200, f'{{"error":"{in_classic}"}}'.encode())


def test_a_service_that_we_do_not_sell_is_answered_by_the_specifications_body() -> None:
    assert refuse(ServiceNotFound(), Spelling.JSON) == Answer(
        500, b'{"success": false, "name": "SERVICE_NOT_FOUND", "message": "Service not found or unauthorized"}'
    )
    assert refuse(ServiceNotFound(), Spelling.CLASSIC) == Answer(200, b'{"error":"Incorrect service ID"}')


def test_a_throttled_client_is_told_when_to_come_back() -> None:
    assert refuse(TooManyRequests(3), Spelling.JSON) == Answer(
        429, b'{"error":"Too many requests"}', (*KEPT_BY_NOBODY, (b"retry-after", b"3"))
    )
    assert refuse(TooManyRequests(3), Spelling.CLASSIC) == Answer(200, b'{"error":"Too many requests"}')


@pytest.mark.parametrize("spelling", Spelling)
def test_when_we_are_unable_the_client_may_try_again(spelling: Spelling) -> None:
    refusal = refuse(TemporarilyUnavailable(), spelling)
    assert refusal.code == 503
    assert int(dict(refusal.headers)[b"retry-after"]) > 0
    assert "temporarily unavailable" in json.loads(refusal.body)["error"]


@pytest.mark.parametrize("spelling", Spelling)
@pytest.mark.parametrize("error", [TemporarilyUnavailable(), TooManyRequests(1), RuntimeError("database is gone")])
def test_a_status_that_we_cannot_tell_now_has_no_text_that_would_end_the_order(
    error: Exception, spelling: Spelling
) -> None:
    refusal = refuse(error, spelling, of_status=True)
    assert (refusal.code, refusal.body) == (503, b"")
    assert b"retry-after" in dict(refusal.headers)


@pytest.mark.parametrize("error", [InvalidKey(), OrderNotFound(), IncorrectRequest()])
def test_a_status_asked_for_wrongly_is_refused_in_words(error: ResellerError) -> None:
    assert refuse(error, Spelling.JSON, of_status=True) == refuse(error, Spelling.JSON)


@pytest.mark.parametrize("spelling", Spelling)
def test_an_error_that_is_not_ours_tells_nothing_of_providers_or_of_the_machine(spelling: Spelling) -> None:
    refusal = refuse(ValueError("https://alpha.example refused our key"), spelling)
    assert refusal == Answer(500, b'{"error":"Internal error"}')


def test_every_reason_not_to_refill_has_its_own_words() -> None:
    texts = {text_of(RefillRefused(reason), Spelling.CLASSIC) for reason in RefillRefusal}
    assert len(texts) == len(RefillRefusal)


def test_every_error_of_the_panel_is_on_this_page() -> None:
    known = {type(error) for error, *_ in REFUSALS} | {ServiceNotFound, TooManyRequests, TemporarilyUnavailable}
    ours = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ResellerError)}
    assert ours - {ResellerError} == known
