"""The ninth step: indexes for what is asked every second, whose cost must not grow with the orders there have been."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "drop index attempts_due",
        "create index attempts_due on attempts (provider, poll_at) where poll_at is not null",
        "create index orders_wished on orders (id) where cancel_wish and state = 'active'",
    ]
