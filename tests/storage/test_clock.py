"""The clock by which windows, leases and due times go never runs back, whatever is done to the machine's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from aggregator.storage import clock

HOUR = 3_600_000


@pytest.fixture(autouse=True)
def _set_right_again() -> Iterator[None]:
    clock.take(int(time.time() * 1000), first=True)
    yield
    clock.take(int(time.time() * 1000), first=True)


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is logged."""
    with capture_logs() as lines:
        yield lines


def test_a_clock_that_was_set_back_is_not_followed_and_told_of_once(told: list[Any]) -> None:
    before = clock.now()
    clock.take(before - HOUR)
    clock.take(before - HOUR + 5)
    assert 0 <= clock.now() - before < HOUR / 2
    assert [line["event"] for line in told] == ["clock.set_back"]


def test_it_runs_slower_until_the_two_agree_and_never_back(told: list[Any]) -> None:
    """As if ten hours passed: each reading is a minute after the last."""
    before = real = clock.now()
    real -= HOUR
    seen, minutes = before, 0
    while clock.now() - real > clock.STEP_MS:
        clock.take(real)
        _pass(60_000)
        real += 60_000
        assert clock.now() >= seen
        seen, minutes = clock.now(), minutes + 1
    assert 590 <= minutes <= 610
    clock.take(real)
    _pass(60_000)
    assert clock.now() - real - 60_000 < 100
    assert [line["event"] for line in told] == ["clock.set_back"]


def test_a_clock_that_was_set_forward_is_followed_and_told_of(told: list[Any]) -> None:
    before = clock.now()
    clock.take(before + HOUR)
    assert clock.now() >= before + HOUR
    assert [line["event"] for line in told] == ["clock.set_forward"]


def test_the_first_reading_is_taken_as_it_is() -> None:
    """The database's machine may be an hour behind this one: its clock is the one that counts."""
    theirs = clock.now() - HOUR
    clock.take(theirs, first=True)
    assert 0 <= clock.now() - theirs < HOUR / 2


def _pass(milliseconds: int) -> None:
    """So much time since the last reading."""
    clock._offset_ms += milliseconds
    clock._read_at -= milliseconds / 1000
