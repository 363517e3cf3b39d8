"""How many orders a process has in hand for a provider, and how long one more would wait."""

from __future__ import annotations

from typing import Any

from aggregator.orders.dispatching.provider_queue import ProviderQueue
from tests.providers.panel_server import profile_of

URL = "http://127.0.0.1:1/api/v2"


def queue(**settings: Any) -> ProviderQueue:
    return ProviderQueue(profile_of(URL, **settings))


def test_what_a_provider_takes_soon_is_in_hand() -> None:
    slow = queue(requests_per_second=1.0, parallel=1)
    assert (slow.capacity, slow.room) == (1, 1)
    quick = queue(requests_per_second=1000.0, parallel=32)
    assert quick.capacity == 32 * 16
    for _ in range(50):
        quick.note_call(4.0)
    assert quick.capacity == 32


def test_a_turn_is_as_far_off_as_the_orders_before_it_take() -> None:
    one = queue(requests_per_second=10.0, parallel=4)
    assert one.wait_ms(7) == 0
    one.in_hand = one.capacity
    assert one.wait_ms(7) == one.capacity * 125
    one.parked = {7: 40}
    assert one.wait_ms(7) == (one.capacity + 40) * 125


def test_another_resellers_backlog_counts_only_for_the_turns_that_it_takes() -> None:
    one = queue(requests_per_second=10.0, parallel=4)
    one.in_hand, one.parked = one.capacity, {7: 2_000}
    assert one.wait_ms(8) == (one.capacity + 1) * 125
    one.note_parked(8)
    assert one.parked == {7: 2_000, 8: 1}
    assert one.wait_ms(8) == (one.capacity + 3) * 125
