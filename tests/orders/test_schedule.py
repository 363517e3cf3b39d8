"""Young orders are asked about often, old ones rarely, ended ones for as long as providers correct them."""

from __future__ import annotations

import pytest

from aggregator.orders.following.schedule import next_poll
from aggregator.orders.state import OrderState, Outcome
from aggregator.settings import PaceSettings
from tests.builders import DAY, HOUR, attempt_of, order_of

PACE = PaceSettings()
NOW = 100 * DAY
MINUTE = 60_000


def pause(age: int, **order: object) -> int | None:
    """Milliseconds until an order of this age is asked about next."""
    attempt = attempt_of(created_at=NOW - age)
    due = next_poll(order_of(**order), attempt, now=NOW, pace=PACE, watch_days=30)
    return None if due is None else due - NOW


@pytest.mark.parametrize(
    ("age", "seconds"),
    [(0, 30), (9 * MINUTE, 30), (10 * MINUTE, 120), (2 * HOUR, 300), (DAY, 900), (7 * DAY, 3600), (90 * DAY, 3600)],
)
def test_an_open_order_is_asked_about_more_rarely_as_it_ages(age: int, seconds: int) -> None:
    assert pause(age) == seconds * 1000


@pytest.mark.parametrize(
    ("ended", "seconds"), [(0, 120), (HOUR, 600), (3 * HOUR, 3600), (2 * DAY, 86_400), (30 * DAY, 86_400)]
)
def test_an_ended_order_is_watched_hourly_then_daily(ended: int, seconds: int) -> None:
    assert pause(40 * DAY, state=OrderState.COMPLETED, ended_at=NOW - ended) == seconds * 1000


def test_an_ended_order_is_left_alone_after_the_watch_days() -> None:
    assert pause(40 * DAY, state=OrderState.COMPLETED, ended_at=NOW - 30 * DAY - 1) is None


def test_what_is_served_beyond_what_was_bought_is_watched_until_it_ends() -> None:
    order = order_of(state=OrderState.COMPLETED, ended_at=NOW - 31 * DAY)
    due = next_poll(order, attempt_of(call_off=True), now=NOW, pace=PACE, watch_days=30)
    assert due == NOW + DAY


def test_an_order_whose_end_was_seen_once_is_asked_about_when_that_can_be_confirmed() -> None:
    assert pause(5 * DAY, sight="partial:300", sight_at=NOW - 20_000) == 40_000


def test_a_confirmation_that_is_late_comes_at_once_but_not_in_a_loop() -> None:
    assert pause(5 * DAY, sight="partial:300", sight_at=NOW - HOUR) == 1000


@pytest.mark.parametrize(("age", "seconds"), [(0, 60), (20, 40), (60, 60), (150, 30), (590, 10), (600, 1), (3600, 1)])
def test_an_end_that_must_stand_ten_times_as_long_is_looked_at_after_each(age: int, seconds: int) -> None:
    order = order_of(sight="cancelled:1000", sight_at=NOW - age * 1000)
    due = next_poll(order, attempt_of(created_at=NOW - DAY), now=NOW, pace=PACE, watch_days=30, sights=10)
    assert due == NOW + seconds * 1000


def test_a_late_loss_that_was_seen_once_is_confirmed_soon() -> None:
    ended = {"state": OrderState.COMPLETED, "ended_at": NOW - 10 * DAY}
    assert pause(20 * DAY, sight="partial:300", sight_at=NOW, **ended) == 30_000


def test_what_was_found_after_it_had_been_given_up_is_only_watched() -> None:
    attempt = attempt_of(outcome=Outcome.WRITTEN_OFF, created_at=NOW - 31 * DAY)
    assert next_poll(order_of(), attempt, now=NOW, pace=PACE, watch_days=30) is None
