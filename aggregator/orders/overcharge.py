"""Decides whether a provider takes more for an order than it lists, and when that takes its service off the routes.

Amounts are in the provider's currency, times in milliseconds since 1970 (providers/PROTOCOL.md, "Money").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, Context, Decimal

from msgspec import Struct

from aggregator.storage.clock import DAY_MS

BELIEVED_PERCENT = 2
"""What a charge may be above the price, as rates of exchange and rounding have it."""
GROSS_SHARE = Decimal("1.5")
"""One charge of so many times the price is enough."""
MANY = 3
"""So many orders within `WINDOW_MS` are, whatever each was charged above the price."""
WINDOW_MS = DAY_MS
_EXACT = Context(prec=60, rounding=ROUND_CEILING)
_GRAIN = Decimal("1E-8")


class Fine(Struct, frozen=True):
    """As listed, or less."""


class Rounded(Struct, frozen=True):
    """More, by no more than the last digit that the provider prints."""


class Above(Struct, frozen=True):
    """More than it lists."""


ChargeVerdict = Fine | Rounded | Above


class ChargeSighting(Struct, frozen=True, kw_only=True):
    """A charge that was above what its order should have cost."""

    attempt: int
    order: int
    service: str
    """Their id."""
    expected: Decimal
    charge: Decimal
    currency: str
    quantity: int
    """Billed units of the whole order; packages."""
    package: bool
    at: int

    @property
    def units(self) -> Decimal:
        """What a price is multiplied with: thousands, or packages."""
        return Decimal(self.quantity) if self.package else Decimal(self.quantity).scaleb(-3)

    @property
    def share(self) -> Decimal:
        """How many times what was expected it is."""
        return _EXACT.divide(self.charge, max(self.expected, _GRAIN))

    @property
    def price(self) -> Decimal:
        """What the charge is per 1,000 or per package, rounded up at 1e-8."""
        return _EXACT.quantize(_EXACT.divide(self.charge, self.units), _GRAIN)

    def noise(self, digits: int) -> Decimal:
        """How far that price may be off, by the last digit that is printed of the charge."""
        return _EXACT.quantize(_EXACT.divide(Decimal(1).scaleb(-digits), self.units), _GRAIN)


def compare(expected: Decimal, charge: Decimal, *, digits: int) -> ChargeVerdict:
    """A charge beside the cost of the whole order; `digits` = the most decimals that this provider prints."""
    over = _EXACT.subtract(charge, expected)
    if over * 100 <= expected * BELIEVED_PERCENT:
        return Fine()
    return Rounded() if over <= Decimal(1).scaleb(-digits) else Above()


def is_explained(seen: ChargeSighting, price: Decimal | None, *, digits: int) -> bool:
    """Whether a price per 1,000 or per package that counts now asks for this charge."""
    return price is not None and not isinstance(compare(price * seen.units, seen.charge, digits=digits), Above)


def judge(seen: Iterable[ChargeSighting]) -> ChargeSighting | None:
    """The dearest of one service's sightings within a day where they take it off the routes; None = not yet."""
    found = list(seen)
    gross = any(one.charge >= one.expected * GROSS_SHARE for one in found)
    if not gross and len({one.order for one in found}) < MANY:
        return None
    return max(found, key=lambda one: one.price)


def digits_of(amounts: Sequence[Decimal]) -> int:
    """The most decimals that these show."""
    exponents = [amount.as_tuple().exponent for amount in amounts]
    return max((-exponent for exponent in exponents if isinstance(exponent, int) and exponent < 0), default=0)


def tell(provider: str, charge: Decimal | str, expected: Decimal | str, currency: str) -> str:
    """The line of an order's history."""
    return f"{provider} charges {tell_amounts(charge, expected, currency)}"


def tell_amounts(charge: Decimal | str, expected: Decimal | str, currency: str) -> str:
    return f"{plain(charge)} {currency} where {plain(expected)} was expected"


def plain(amount: Decimal | str) -> str:
    """Without exponents and trailing zeros."""
    text = f"{Decimal(amount):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
