"""What one provider asks for one of our services right now, in our money."""

from __future__ import annotations

from msgspec import Struct

from pricing.money import Rate


class Offer(Struct, frozen=True, kw_only=True):
    """A provider's listing seen as a purchase: their id and words, our currency."""

    provider: str
    service: str
    """Their id, in their spelling."""
    name: str
    category: str
    type: str
    rate: Rate
    """What it costs us: per 1,000, or per package (`per` = 1)."""
    minimum: int
    maximum: int | None
    """None = the provider states no limit."""
    refill: bool
    cancel: bool
    dripfeed: bool
    unlimited_at_zero: bool = False
    """Whether a subscription of no new posts may get every new one there."""
    step: int = 1
    """It takes only multiples of so many units."""
    package_units: int | None = None
    """What an order of one package asks for; None = it is ordered without a quantity."""

    @property
    def is_package(self) -> bool:
        """Whether the rate buys one package, whatever is inside."""
        return self.rate.per == 1

    def accepts(self, quantity: int) -> bool:
        """Whether the provider takes that many units; a package is bought whole and has neither range nor step."""
        if self.is_package:
            return quantity >= 1
        within = self.minimum <= quantity and (self.maximum is None or quantity <= self.maximum)
        return within and quantity % self.step == 0
