"""Replies, to the letter of the specification and of the pages that classic clients were written from."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aggregator.api.spelling import (
    render_add,
    render_balance,
    render_cancels,
    render_refill,
    render_refill_status,
    render_refill_statuses,
    render_refills,
    render_services,
    render_status,
    render_statuses,
)
from aggregator.api.views import Parent, RefillStatus, ServiceRow, Spelling, Status, StatusView
from aggregator.errors import CancelRefused, OrderNotFound, RefillRefusal, RefillRefused, ResellerError
from pricing.money import MOST_UNITS, SCALE, Rate

JSON, CLASSIC = Spelling.JSON, Spelling.CLASSIC

FOLLOWERS = ServiceRow(
    service=1,
    name="Instagram Followers - Premium",
    type="Default",
    category="Instagram",
    rate=Rate.parse("2.50", "USD"),
    minimum=100,
    maximum=100000,
    refill=True,
    cancel=False,
    dripfeed=False,
    currency="USD",
)
COMPLETED = StatusView(
    status=Status.COMPLETED, charge=250_000_000, refunded=0, remains=0, currency="USD", start_count=1520
)
PARTIAL = StatusView(
    status=Status.PARTIAL, charge=100_000_000, refunded=72_181_000, remains=157, currency="USD", start_count=3572
)


def test_services_in_json_have_the_specifications_keys_in_its_order_and_then_the_type() -> None:
    assert render_services([FOLLOWERS], JSON) == (
        b'[{"service":1,"name":"Instagram Followers - Premium","category":"Instagram","rate":2.5,"min":100,'
        b'"max":100000,"refill":true,"cancel":false,"dripfeed":false,"currency":"USD","type":"Default"}]'
    )


def test_services_in_classic_have_the_classic_keys_with_prices_and_limits_as_text() -> None:
    row = replace(FOLLOWERS, rate=Rate.parse("0.90", "USD"), minimum=50, maximum=10000)
    assert render_services([row], CLASSIC) == (
        b'[{"service":1,"name":"Instagram Followers - Premium","type":"Default","category":"Instagram","rate":"0.90",'
        b'"min":"50","max":"10000","refill":true,"cancel":false,"dripfeed":false}]'
    )


def test_a_description_comes_last_and_only_where_there_is_one() -> None:
    (row,) = json.loads(render_services([replace(FOLLOWERS, description="Slow")], JSON))
    assert list(row)[-2:] == ["type", "description"]


@pytest.mark.parametrize("spelling", Spelling)
def test_an_empty_price_list_is_a_list(spelling: Spelling) -> None:
    assert render_services([], spelling) == b"[]"


def test_a_placed_order_is_answered_by_its_number() -> None:
    assert render_add(12345) == b'{"order":12345}'


def test_a_status_in_json_is_the_specifications_example() -> None:
    assert render_status(COMPLETED, JSON) == (
        b'{"charge":2.5,"status":"COMPLETED","currency":"USD","start_count":1520,"remains":0}'
    )


def test_a_status_in_classic_is_the_classic_example_with_the_charge_less_the_refund() -> None:
    assert render_status(PARTIAL, CLASSIC) == (
        b'{"charge":"0.27819","start_count":"3572","status":"Partial","remains":"157","currency":"USD"}'
    )


def test_the_specifications_refund_can_be_computed_from_the_json_reply() -> None:
    """10,000 at $2.50, 3,000 undelivered: $7.50 comes back, and the charge still says $25.00."""
    view = StatusView(
        status=Status.PARTIAL, charge=25 * SCALE, refunded=750_000_000, remains=3000, currency="USD", start_count=0
    )
    reply = json.loads(render_status(view, JSON), parse_float=Decimal, parse_int=Decimal)
    assert reply["remains"] / 10000 * reply["charge"] == Decimal("7.50")


def test_an_unknown_start_count_is_left_out_in_json_and_nought_in_classic() -> None:
    view = replace(COMPLETED, start_count=None)
    assert "start_count" not in json.loads(render_status(view, JSON))
    assert json.loads(render_status(view, CLASSIC))["start_count"] == "0"


@pytest.mark.parametrize("spelling", list(Spelling))
def test_no_number_below_nothing_is_told(spelling: Spelling) -> None:
    """Whatever a provider, or an earlier version of ours, has written into a row."""
    view = replace(
        COMPLETED, start_count=-1, remains=-20, refunded=COMPLETED.charge + 1, parent=Parent(done=-1, subscription=True)
    )
    assert b"-" not in render_status(view, spelling)
    (row,) = json.loads(render_services([replace(FOLLOWERS, minimum=-1, maximum=-5)], spelling))
    assert (int(row["min"]), int(row["max"])) == (0, 0)
    assert render_services([replace(FOLLOWERS, rate=Rate(-1, "USD"))], spelling) == b"[]"


def test_a_cancelled_order_costs_classic_clients_nothing() -> None:
    view = replace(COMPLETED, status=Status.CANCELLED, refunded=COMPLETED.charge, remains=1000)
    reply = json.loads(render_status(view, CLASSIC))
    assert (reply["status"], reply["charge"], reply["remains"]) == ("Canceled", "0", "1000")
    assert json.loads(render_status(view, JSON))["charge"] == 2.5


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (Status.PENDING, "Active"),
        (Status.IN_PROGRESS, "Active"),
        (Status.COMPLETED, "Completed"),
        (Status.PARTIAL, "Expired"),
        (Status.CANCELLED, "Canceled"),
    ],
)
def test_a_subscription_tells_its_posts_in_the_words_of_panels_that_resell_them(status: Status, told: str) -> None:
    view = replace(COMPLETED, status=status, parent=Parent(done=3, subscription=True))
    classic = json.loads(render_status(view, CLASSIC))
    assert (classic["status"], classic["posts"]) == (told, "3")
    assert json.loads(render_status(view, JSON))["status"] == status.upper()


def test_runs_are_shown_of_drip_feed_orders_only() -> None:
    dripping = replace(COMPLETED, parent=Parent(done=2, subscription=False))
    assert json.loads(render_status(dripping, CLASSIC))["runs"] == "2"
    assert json.loads(render_status(dripping, JSON))["runs"] == 2
    assert b"runs" not in render_status(COMPLETED, JSON) + render_status(COMPLETED, CLASSIC)


@pytest.mark.parametrize(
    ("status", "in_json", "in_classic"),
    [
        (Status.PENDING, "PENDING", "Pending"),
        (Status.PROCESSING, "PROCESSING", "Processing"),
        (Status.IN_PROGRESS, "IN_PROGRESS", "In progress"),
        (Status.COMPLETED, "COMPLETED", "Completed"),
        (Status.PARTIAL, "PARTIAL", "Partial"),
        (Status.CANCELLED, "CANCELLED", "Canceled"),
    ],
)
def test_every_status_has_the_word_that_its_readers_match(status: Status, in_json: str, in_classic: str) -> None:
    view = replace(COMPLETED, status=status)
    assert json.loads(render_status(view, JSON))["status"] == in_json
    assert json.loads(render_status(view, CLASSIC))["status"] == in_classic


def test_many_statuses_are_keyed_by_the_ids_as_asked() -> None:
    asked = {"1": render_status(PARTIAL, CLASSIC), "010": render_status(COMPLETED, CLASSIC), "x": None}
    reply = json.loads(render_statuses(asked, list(asked.values())))
    assert list(reply) == ["1", "010", "x"]
    assert reply["1"] == json.loads(render_status(PARTIAL, CLASSIC))
    assert reply["x"] == {"error": "Incorrect order ID"}
    assert render_statuses([], []) == b"{}"


@pytest.mark.parametrize(
    ("balance", "text"),
    [(15_000_000_000, "150.00"), (10_084_292_000, "100.84292"), (0, "0.00"), (1, "0.00000001"), (50_000_000, "0.50")],
)
def test_a_balance_is_a_text_with_two_decimals_at_least(balance: int, text: str) -> None:
    assert render_balance(balance, "USD") == f'{{"balance":"{text}","currency":"USD"}}'.encode()


def test_a_refill_is_a_text_alone_and_a_number_in_a_list() -> None:
    assert render_refill(1, CLASSIC) == b'{"refill":"1"}'
    assert render_refill(1, JSON) == b'{"refill":1}'
    rows: list[tuple[str, int | ResellerError]] = [
        ("1", 1),
        ("3", OrderNotFound()),
        ("ord_9", RefillRefused(RefillRefusal.RUNNING)),
    ]
    assert (
        render_refills(rows, CLASSIC)
        == render_refills(rows, JSON)
        == (
            b'[{"order":1,"refill":1},{"order":3,"refill":{"error":"Incorrect order ID"}},'
            b'{"order":"ord_9","refill":{"error":"The refill task is not completed for this order"}}]'
        )
    )


def test_the_status_of_refills_is_spelled_like_that_of_orders() -> None:
    assert render_refill_status(RefillStatus.COMPLETED, CLASSIC) == b'{"status":"Completed"}'
    rows = [("1", RefillStatus.IN_PROGRESS), ("2", RefillStatus.REJECTED), ("3", None)]
    assert render_refill_statuses(rows, CLASSIC) == (
        b'[{"refill":1,"status":"In progress"},{"refill":2,"status":"Rejected"},'
        b'{"refill":3,"status":{"error":"Refill not found"}}]'
    )
    assert b'"IN_PROGRESS"' in render_refill_statuses(rows, JSON)


def test_a_cancel_is_answered_order_by_order() -> None:
    rows: list[tuple[str, int | ResellerError]] = [("9", OrderNotFound()), ("2", 1), ("5", CancelRefused())]
    assert render_cancels(rows, CLASSIC) == (
        b'[{"order":9,"cancel":{"error":"Incorrect order ID"}},{"order":2,"cancel":1},'
        b'{"order":5,"cancel":{"error":"Cancel is disabled for this service"}}]'
    )


@given(st.integers(0, MOST_UNITS), st.integers(0, MOST_UNITS))
def test_money_is_printed_to_the_last_digit_and_never_with_an_exponent(charge: int, refunded: int) -> None:
    view = replace(COMPLETED, charge=max(charge, refunded), refunded=min(charge, refunded))
    as_json, classic = render_status(view, JSON), render_status(view, CLASSIC)
    number = json.loads(as_json, parse_float=str, parse_int=str)["charge"]
    assert Decimal(number) * SCALE == view.charge
    assert Decimal(json.loads(classic)["charge"]) * SCALE == view.charge - view.refunded
    assert "e" not in number.lower()
    assert b"null" not in as_json + classic
