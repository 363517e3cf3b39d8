"""How much something is, exactly: amounts and prices as whole units of 1e-8, and the one rule of rounding."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final

from msgspec import Struct

SCALE: Final = 10**8
"""Units in one of any currency."""

MOST_UNITS: Final = 2**63 - 1
"""What a database's big integer holds."""

_DECIMALS: Final = 8
_MOST_DIGITS: Final = 18
_PLAIN: Final = re.compile(rf"-?[0-9]{{1,{_MOST_DIGITS}}}(?:\.[0-9]{{1,{_MOST_DIGITS}}})?")
_UNIT: Final = Decimal("1e-8")
_DOOR: Final = Context(prec=60)
_CENT_UNITS: Final = SCALE // 100
_FOUR_DECIMALS: Final = SCALE // 10**4
_SIX_DECIMALS: Final = SCALE // 10**6


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum."""

    def __init__(self, ours: str, other: str) -> None:
        super().__init__(f"{ours} and {other} do not add up")
        self.ours = ours
        self.other = other


def read_decimal(text: str) -> Decimal:
    """The number in a plain ASCII decimal such as "-12.50"; ValueError for every other way to write one.

    At most 18 digits on either side of the point. `Decimal` itself would take "NaN", "1E+999999", "1_0" and the
    digits of other scripts.
    """
    if _PLAIN.fullmatch(text) is None:
        raise ValueError(f"not a plain decimal number: {text[:40]!r}")
    return Decimal(text)


def divide_up(dividend: int, divisor: int) -> int:
    """Towards more: what is paid to us."""
    return -(-dividend // divisor)


def divide_down(dividend: int, divisor: int) -> int:
    """Towards less: what is paid by us."""
    return dividend // divisor


def add_percent(dividend: int, percent: Decimal, divisor: int = 1) -> int:
    """The quotient with `percent` added: dividend / divisor x (1 + percent / 100), rounded up once at the end."""
    numerator, denominator = percent.as_integer_ratio()
    return divide_up(dividend * (100 * denominator + numerator), 100 * denominator * divisor)


def remove_percent(units: int, percent: Decimal) -> int:
    """The most that still fits in `units` once `percent` is added to it."""
    numerator, denominator = percent.as_integer_ratio()
    return divide_down(units * 100 * denominator, 100 * denominator + numerator)


def round_sale_rate(units: int) -> int:
    """Up to 4 decimals, or to 6 below 0.01: a rate that can be published in full and billed as published."""
    step = _SIX_DECIMALS if units < _CENT_UNITS else _FOUR_DECIMALS
    return divide_up(units, step) * step


def count_units(amount: Decimal, *, up: bool) -> int:
    """The units of 1e-8 in `amount`, rounded up or down; ValueError beyond 63 bits or if it is no number."""
    if not amount.is_finite() or amount.adjusted() > _MOST_DIGITS:
        raise ValueError(f"not an amount of money: {str(amount)[:40]}")
    rounding = ROUND_CEILING if up else ROUND_FLOOR
    units = int(amount.quantize(_UNIT, rounding=rounding, context=_DOOR).scaleb(_DECIMALS, _DOOR))
    if abs(units) > MOST_UNITS:
        raise ValueError(f"more money than can be kept: {amount}")
    return units


def parse_units(text: str) -> int:
    """The units in a plain decimal of at most 8 decimals; ValueError otherwise, as nothing is rounded in silence."""
    if len(text.partition(".")[2]) > _DECIMALS:
        raise ValueError(f"more than 8 decimals: {text[:40]!r}")
    return count_units(read_decimal(text), up=False)


def print_units(units: int, decimals: int = 0) -> str:
    """Units as a plain decimal with at least `decimals` decimals and no other trailing zero."""
    whole, fraction = divmod(abs(units), SCALE)
    digits = f"{fraction:08d}".rstrip("0").ljust(decimals, "0")
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"


class Money(Struct, frozen=True):
    """An amount: a whole number of 1e-8 of one currency, which adds to and compares with its own currency only."""

    units: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """From a plain decimal of at most 8 decimals; ValueError otherwise."""
        return cls(parse_units(text), currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str, *, up: bool) -> Money:
        """Rounded at 1e-8; ValueError beyond 63 bits or if `amount` is not finite."""
        return cls(count_units(amount, up=up), currency)

    @property
    def amount(self) -> Decimal:
        return Decimal(f"{self.units}e-8")

    @property
    def storable(self) -> bool:
        """Whether a database can keep it; a charge that it cannot is refused as lack of funds."""
        return abs(self.units) <= MOST_UNITS

    def text(self, decimals: int) -> str:
        """A plain decimal with at least that many decimals: "150.00", "0.00012"."""
        return print_units(self.units, decimals)

    def __str__(self) -> str:
        return print_units(self.units)

    def __bool__(self) -> bool:
        return self.units != 0

    def __neg__(self) -> Money:
        return Money(-self.units, self.currency)

    def __add__(self, other: Money) -> Money:
        return Money(self.units + self._units_of(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.units - self._units_of(other), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.units < self._units_of(other)

    def __le__(self, other: Money) -> bool:
        return self.units <= self._units_of(other)

    def __gt__(self, other: Money) -> bool:
        return self.units > self._units_of(other)

    def __ge__(self, other: Money) -> bool:
        return self.units >= self._units_of(other)

    def _units_of(self, other: Money) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(self.currency, other.currency)
        return other.units


class Rate(Struct, frozen=True):
    """A price: units of 1e-8 for `per` pieces: 1,000, or one package."""

    units: int
    currency: str
    per: int = 1000

    @classmethod
    def parse(cls, text: str, currency: str, per: int = 1000) -> Rate:
        """From a plain decimal of at most 8 decimals; ValueError otherwise."""
        return cls(parse_units(text), currency, per)

    @property
    def amount(self) -> Decimal:
        return Decimal(f"{self.units}e-8")

    def cost(self, quantity: int) -> Money:
        """What `quantity` pieces cost, rounded up at 1e-8 (PROTOCOL.md, "Rates and rounding")."""
        return Money(divide_up(self.units * quantity, self.per), self.currency)

    def least_charge(self, quantity: int, margin_percent: Decimal) -> Money:
        """The smallest charge that leaves `margin_percent` over this cost.

        Counted from the unrounded cost: otherwise the rounding up of a tiny order's cost would forbid the very
        offer that its charge was made from.
        """
        return Money(add_percent(self.units * quantity, margin_percent, self.per), self.currency)

    def text(self, decimals: int) -> str:
        """A plain decimal with at least that many decimals."""
        return print_units(self.units, decimals)

    def __str__(self) -> str:
        return print_units(self.units)
