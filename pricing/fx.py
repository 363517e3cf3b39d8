"""What a provider's price is in our currency: no rate of exchange, no sale."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final

from msgspec import Struct

from pricing.money import Money, Rate, count_units

USUAL_MARGIN: Final = Decimal(2)
"""Percent added to a converted price, as rates of exchange move between a quote and the provider's bill."""

# Sixty digits hold every product of plain decimals exactly; an absurd operand ends as infinity, which is refused.
_UP: Final = Context(prec=60, rounding=ROUND_CEILING, traps=[])
_DOWN: Final = Context(prec=60, rounding=ROUND_FLOOR, traps=[])


class NoRate(LookupError):
    """Nothing says what that currency is worth: what is priced in it is not for sale."""

    def __init__(self, currency: str) -> None:
        super().__init__(f"no rate of exchange for {currency}")
        self.currency = currency


def in_ours(amount: Decimal, one: Decimal) -> int:
    """What an amount of theirs is in ours, in whole 1e-8, rounded up; `one` = one of theirs in ours, as at a purchase.

    Raises ValueError for what does not fit 63 bits.
    """
    return count_units(_UP.multiply(amount, one), up=True)


class FxTable(Struct, frozen=True):
    """What one of every foreign currency is worth in ours."""

    currency: str
    """Ours."""
    rates: dict[str, Decimal]
    """One of theirs in ours."""

    def convert(self, rate: Decimal, currency: str, *, per: int, margin_percent: Decimal = USUAL_MARGIN) -> Rate:
        """Their price for `per` pieces in our money, rounded up at 1e-8; our own currency takes no margin.

        Raises NoRate, and ValueError for a price that is not a number or does not fit 63 bits.
        """
        product = _UP.multiply(rate, self._factor(currency, margin_percent, _UP))
        return Rate(count_units(product, up=True), self.currency, per)

    def worth(self, amount: Decimal, currency: str, *, margin_percent: Decimal = USUAL_MARGIN) -> Money:
        """What a balance of theirs buys, rounded down; weighed like the costs, so that it compares with them.

        Raises as `convert` does.
        """
        product = _DOWN.multiply(amount, self._factor(currency, margin_percent, _DOWN))
        return Money.from_decimal(product, self.currency, up=False)

    def one(self, currency: str, *, margin_percent: Decimal = USUAL_MARGIN) -> Decimal:
        """What one of theirs costs us, margin included. Raises NoRate."""
        return self._factor(currency, margin_percent, _UP)

    def _factor(self, currency: str, margin_percent: Decimal, context: Context) -> Decimal:
        if currency == self.currency:
            return Decimal(1)
        if currency not in self.rates:
            raise NoRate(currency)
        growth = context.add(Decimal(1), context.scaleb(margin_percent, Decimal(-2)))
        return context.multiply(self.rates[currency], growth)
