"""What may follow what: money that was settled is never taken back by a state."""

from __future__ import annotations

import pytest

from aggregator.orders.state import ENDED, LIVE, MAY_FOLLOW, OPEN, OrderState, Outcome, ended_as


@pytest.mark.parametrize(
    ("undelivered", "state"),
    [(0, OrderState.COMPLETED), (1, OrderState.PARTIAL), (999, OrderState.PARTIAL), (1000, OrderState.CANCELLED)],
)
def test_an_order_ends_as_its_undelivered_units_say(undelivered: int, state: OrderState) -> None:
    assert ended_as(undelivered=undelivered, quantity=1000) is state


def test_a_single_unit_is_either_delivered_or_not() -> None:
    assert ended_as(undelivered=0, quantity=1) is OrderState.COMPLETED
    assert ended_as(undelivered=1, quantity=1) is OrderState.CANCELLED


def test_every_state_says_what_may_follow_it() -> None:
    assert MAY_FOLLOW.keys() == set(OrderState)
    assert set(OrderState) == OPEN | ENDED
    assert not OPEN & ENDED


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_order_never_opens_again_and_never_loses_less(state: OrderState) -> None:
    by_loss = [OrderState.COMPLETED, OrderState.PARTIAL, OrderState.CANCELLED]
    assert MAY_FOLLOW[state] <= set(by_loss[by_loss.index(state) :]) - {OrderState.COMPLETED}


def test_an_unsure_order_ends_only_as_cancelled_since_nobody_knows_of_deliveries() -> None:
    assert MAY_FOLLOW[OrderState.UNSURE] & ENDED == {OrderState.CANCELLED}


def test_every_open_order_can_end() -> None:
    assert all(MAY_FOLLOW[state] & ENDED for state in OPEN)


def test_a_live_attempt_is_one_that_may_still_cost_money() -> None:
    assert {Outcome.PLACING, Outcome.UNSURE, Outcome.ACCEPTED} == set(LIVE)
