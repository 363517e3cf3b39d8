"""A day of business in figures: what was charged counts when it was ordered, all else when the order ended."""

from __future__ import annotations

from msgspec import Struct

DAY_MS = 86_400_000
SHOWN_DAYS = 14
"""With today."""


class Day(Struct, frozen=True, kw_only=True):
    """A day in UTC; money in whole 1e-8 of the panel's currency."""

    start: int
    """Milliseconds since 1970."""
    orders: int
    charged: int
    """Of the orders that were taken."""
    revenue: int
    """Of the orders that ended: what they were charged less `refunded`."""
    refunded: int
    """What these orders got back until now, however late."""
    cost: int
    """What these orders cost us; of one delivered in part, that part, and what was served beyond."""

    @property
    def profit(self) -> int:
        return self.revenue - self.cost

    @property
    def margin_percent(self) -> int | None:
        """Of the revenue, in whole percent; None without any."""
        return round_percent(self.profit, self.revenue)


def day_of(moment: int) -> int:
    """The start of the day in which a moment lies."""
    return moment // DAY_MS * DAY_MS


def cost_of(cost: int, quantity: int, undelivered: int) -> int:
    """What an accepted attempt cost us, by what was delivered of it."""
    return cost * (quantity - undelivered) // quantity


def overserved_cost(cost: int, quantity: int, overserved: int) -> int:
    """What the units beyond an order's cost us, at the price of those that were bought: who serves them bills them."""
    return cost * overserved // quantity


def round_percent(part: int, whole: int) -> int | None:
    """In whole percent, halves away from zero; None of nothing."""
    if whole <= 0:
        return None
    doubled = (abs(part) * 200 + whole) // (2 * whole)
    return doubled if part >= 0 else -doubled
