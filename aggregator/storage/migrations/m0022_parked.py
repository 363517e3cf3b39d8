"""The twenty-second step: at which provider a queued order waits for room."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    waits = "state = 'queued' and parked_at is not null"
    return [
        "alter table orders add column parked_at text",
        f"create index orders_parked on orders (parked_at, reseller, id) where {waits}",
    ]
