"""Where an order of many parts stands, runs of a drip-feed or posts of a subscription, by what its provider says.

Panels count a part when it begins, or only when it is whole; some state the units that remain as well, others print
there whatever they please. So remains are believed where they lie within one part of the count.
"""

from __future__ import annotations

from msgspec import Struct


class Parts(Struct, frozen=True, kw_only=True):
    """What was bought, and how many parts the provider counts."""

    quantity: int
    """Units of all parts, as billed."""
    bought: int
    """Runs or posts, at least 1; each takes `quantity / bought` units."""
    counted: int | None
    """As the provider states it: may be negative or too large; None = not stated."""
    subscription: bool = False
    """Whether the parts are posts; a subscription that served them all has delivered everything."""

    @property
    def each(self) -> int:
        """Units of one part."""
        return self.quantity // self.bought

    @property
    def known(self) -> int:
        """The stated count, 0 to all; 0 where there is none."""
        return min(max(self.counted or 0, 0), self.bought)

    @property
    def untouched(self) -> int:
        """Units of the parts that are not counted."""
        return self.quantity - self.each * self.known

    def holds(self, left: int) -> bool:
        """Whether so many units left agree with the count.

        The counted part may have just begun, or be followed by one that is not counted before it is whole.
        """
        return 0 < left <= self.quantity and self.untouched - self.each < left <= self.untouched + self.each

    def left(self, remains: int | None) -> int | None:
        """Units that are still to come, 0 to all; None where nothing tells."""
        if self.counted is None:
            return None if remains is None else min(max(remains, 0), self.quantity)
        clamped = min(remains or 0, self.quantity)
        return clamped if self.holds(clamped) else self.untouched

    def begun(self, remains: int | None) -> int | None:
        """Parts that have begun, 0 to all; None where nothing tells. No remains are often printed as 0."""
        if not remains or not (self._is_silent or self.holds(min(remains, self.quantity))):
            return None if self.counted is None else self.known
        return max(self.known, begun_of(self.quantity, self.bought, min(max(remains, 0), self.quantity)))

    @property
    def _is_silent(self) -> bool:
        """Nothing is counted; of a drip-feed a 0 is what panels print that do not count."""
        return self.counted is None or (self.known == 0 and not self.subscription)


def begun_of(quantity: int, bought: int, left: int) -> int:
    """Parts that have begun where so many of all units are left."""
    each = quantity // bought
    return min(-((left - quantity) // each), bought)
