"""How much of the queue of orders a process has in hand for one provider (a bulkhead), and how long the rest waits.

Nothing is read or written here; the rest of the queue is parked in the database (`queue_store`).
"""

from __future__ import annotations

from collections.abc import Mapping

from providers.adapter import Profile

IN_HAND_SECONDS = 2
"""What a provider takes in so long is in hand; what waits longer is parked, where resellers take turns."""
MOST_IN_HAND = 16
"""For each call that a provider takes at once."""
SHARE_OF_ADDS = 0.8  # not money
"""Of a provider's pace, while reads want their fifth."""
_WEIGHT = 0.2  # not money
"""Of the newest call in the average of how long one takes."""


class ProviderQueue:
    """One provider's."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._seconds: float | None = None  # seconds that a call takes on average, not money
        self.in_hand = 0
        """Orders of this process that wait for their turn, or are on their way."""
        self.parked: Mapping[int, int] = {}
        """By reseller: orders that waited here when they were counted last, by all processes."""
        self.served_last = 0
        """The reseller whose turn was last."""

    @property
    def per_second(self) -> float:  # orders a second, not money
        """How many orders it takes, at the most; infinite where nothing is known yet."""
        pace = self.profile.requests_per_second * SHARE_OF_ADDS or float("inf")  # not money
        return min(pace, self.profile.parallel / self._seconds) if self._seconds else pace  # not money

    @property
    def capacity(self) -> int:
        most = self.profile.parallel * MOST_IN_HAND
        return max(self.profile.parallel, min(most, int(min(self.per_second, most) * IN_HAND_SECONDS)))

    @property
    def room(self) -> int:
        return max(0, self.capacity - self.in_hand)

    @property
    def wants_more(self) -> bool:
        """Whether it is worth claiming what is parked."""
        return self.room * 2 >= self.capacity

    def wait_ms(self, reseller: int) -> int:
        """How long one more order of a reseller would wait for its turn, where resellers take turns."""
        mine = self.parked.get(reseller, 0)
        before = self.in_hand + sum(min(many, mine + 1) for many in self.parked.values())
        return 0 if self.room and not self.parked else int(before * 1000 / self.per_second)  # not money

    def note_call(self, seconds: float) -> None:  # a time, not money
        """A call has ended after so long."""
        known = self._seconds if self._seconds is not None else seconds
        self._seconds = max(0.001, known + (seconds - known) * _WEIGHT)  # not money

    def note_parked(self, reseller: int) -> None:
        self.parked = {**self.parked, reseller: self.parked.get(reseller, 0) + 1}
