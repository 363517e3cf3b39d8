"""How quickly and how completely a service is delivered, from our own orders."""

from __future__ import annotations

from msgspec import Struct

FEWEST = 5
"""Orders below which nothing is told: fewer are chance, and might be somebody's own."""


class Figure(Struct, frozen=True, kw_only=True):
    """What the recent orders of one service came to."""

    orders: int
    """How many ended."""
    delivered: int
    """Of what was ordered, in parts of 10,000: the mean of their shares."""
    seconds: int | None
    """From the order to its completion, on average; drip-feeds and subscriptions take as long as they should and do
    not count. None = too few."""
