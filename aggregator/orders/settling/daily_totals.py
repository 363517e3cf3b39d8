"""A day of business in figures: what was charged counts when it was ordered, all else when the order ended."""

from __future__ import annotations

from msgspec import Struct

from aggregator.orders.state import Outcome
from aggregator.storage.clock import DAY_MS

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
    """What an attempt cost us, by what was delivered of it."""
    return cost * (quantity - undelivered) // quantity


def overserved_cost(cost: int, spent: int | None, quantity: int, overserved: int) -> int:
    """What the units beyond an order's cost us, at the price of those that were bought: who serves them bills them.

    Less what the provider is known to have taken above what we expected (`spent`), which may be for these very units.
    """
    beyond = cost * overserved // quantity
    return max(0, beyond - max(0, (cost if spent is None else spent) - cost))


class BookedAttempt(Struct, frozen=True, kw_only=True):
    """An attempt with what its order says, as far as money goes."""

    day: int | None
    """Of its order's end; None = the order is open."""
    outcome: Outcome
    expected: int
    """What we expected to pay for all of it."""
    gross: int
    """What its provider took at first."""
    returned: int | None
    """As `Attempt.returned`."""
    quantity: int
    undelivered: int
    named: bool
    """Its provider gave it an id."""
    overserved: int = 0
    """Units beyond what was bought."""

    @property
    def cost(self) -> int:
        """What it cost us, less what came back, and what was served beyond it."""
        back = self._back if self.returned is None else self.returned
        beyond = overserved_cost(self.expected, self.gross, self.quantity, self.overserved)
        return cost_of(self.gross, self.quantity, back) + (beyond if self.named else 0)

    @property
    def _back(self) -> int:
        """Units; of what was given up before we knew, none is believed to have come back."""
        if self.outcome is Outcome.ACCEPTED:
            return self.undelivered
        given_up = self.outcome in (Outcome.ABSENT, Outcome.WRITTEN_OFF)
        return 0 if given_up and self.named else self.quantity


def round_percent(part: int, whole: int) -> int | None:
    """In whole percent, halves away from zero; None of nothing."""
    if whole <= 0:
        return None
    doubled = (abs(part) * 200 + whole) // (2 * whole)
    return doubled if part >= 0 else -doubled
