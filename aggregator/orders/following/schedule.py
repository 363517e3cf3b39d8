"""Decides when a provider is asked about an order next: often while it is young, rarely when it is old.

Factors of `poll_seconds` by age follow providers/PROTOCOL.md, "Polling"; ended orders are watched for some days, as
providers correct them later.
"""

from __future__ import annotations

from aggregator.orders.model import Attempt, Order
from aggregator.orders.state import Outcome
from aggregator.settings import PaceSettings
from aggregator.storage.clock import DAY_MS, HOUR_MS

MINUTE, HOUR, DAY = 60_000, HOUR_MS, DAY_MS
OPEN_FACTORS = ((10 * MINUTE, 1), (2 * HOUR, 4), (DAY, 10), (7 * DAY, 30))
"""Up to this age the interval is so many times `poll_seconds`; beyond the last it is hourly (at 30 s)."""
OLDEST_OPEN_FACTOR = 120
ENDED_FACTORS = ((10 * MINUTE, 4), (2 * HOUR, 20), (DAY, 120))
OLDEST_ENDED_FACTOR = 2880
CANCEL_PAUSES = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR)
"""After each time that a cancel was not answered; from then on the last one again, until the order ends."""


def next_poll(
    order: Order, attempt: Attempt, *, now: int, pace: PaceSettings, watch_days: int, sights: int = 1
) -> int | None:
    """The moment in milliseconds since 1970, or None when nothing more is expected.

    `sights` = how many times `confirm_seconds` an ending may have to stand: it is looked at after each.
    """
    poll_ms = pace.poll_ms
    if attempt.outcome is not Outcome.ACCEPTED or order.ended_at is not None:
        return _next_watch(order, attempt, now, poll_ms, watch_days)
    if order.sight_at is not None:
        confirm_ms = pace.confirm_ms
        return max(_next_sight(order.sight_at, now, confirm_ms, sights), now + min(poll_ms, 1000))
    return now + poll_ms * _factor(now - attempt.created_at, OPEN_FACTORS, OLDEST_OPEN_FACTOR)


def cancel_pause(asks: int, *, refused: bool) -> int:
    """Milliseconds until a provider may be asked again to call an order off that it was asked `asks` times before.

    One that has refused already is asked once an hour at the most.
    """
    return HOUR if refused else CANCEL_PAUSES[min(asks, len(CANCEL_PAUSES) - 1)]


def _next_watch(order: Order, attempt: Attempt, now: int, poll_ms: int, watch_days: int) -> int | None:
    ended_at = order.ended_at if order.ended_at is not None else attempt.created_at
    if now - ended_at > watch_days * DAY:
        # Beyond what was bought a provider may serve for ever.
        return now + poll_ms * OLDEST_ENDED_FACTOR if attempt.call_off else None
    if order.sight_at is not None:
        return now + poll_ms
    return now + poll_ms * _factor(now - ended_at, ENDED_FACTORS, OLDEST_ENDED_FACTOR)


def _next_sight(sight_at: int, now: int, confirm_ms: int, sights: int) -> int:
    over = (now - sight_at) // confirm_ms if confirm_ms else sights
    return sight_at + confirm_ms * min(over + 1, sights)


def _factor(age: int, factors: tuple[tuple[int, int], ...], oldest: int) -> int:
    return next((factor for limit, factor in factors if age < limit), oldest)
