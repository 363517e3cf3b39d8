"""Exact numbers, quoted or bare, and the bounds that a setting puts on them."""

from __future__ import annotations

import re
from decimal import Decimal

from msgspec import Struct

_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?", re.ASCII)
_DIGITS_BEFORE_POINT = 12
_DIGITS_AFTER_POINT = 18


def read_number(value: object) -> Decimal | None:
    """The number as it was written, without loss; None for anything else, "1,5", true, nan and inf among it."""
    if isinstance(value, str):
        return _sensible(Decimal(value)) if _PLAIN.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return _sensible(Decimal(value))


def _sensible(number: Decimal) -> Decimal | None:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -_DIGITS_AFTER_POINT:
        return None
    if number and number.adjusted() >= _DIGITS_BEFORE_POINT:
        return None
    return number.quantize(Decimal(1)) if exponent > 0 else number


class Bounds(Struct, frozen=True, kw_only=True):
    """Which numbers make sense for a setting."""

    least: int | None = None
    above: int | None = None
    most: int | None = None
    whole: bool = False

    def hold(self, number: Decimal) -> bool:
        """Whether the number lies inside."""
        return (
            (self.least is None or number >= self.least)
            and (self.above is None or number > self.above)
            and (self.most is None or number <= self.most)
            and (not self.whole or number == number.to_integral_value())
        )

    def __str__(self) -> str:
        limits = [("at least", self.least), ("above", self.above), ("at most", self.most)]
        said = " and ".join(f"{word} {limit}" for word, limit in limits if limit is not None)
        return f"a {'whole ' * self.whole}number {said or 'below a million millions, with at most 18 decimals'}"


POSITIVE = Bounds(above=0)
NOT_NEGATIVE = Bounds(least=0)
COUNT = Bounds(least=1, most=2_147_483_647, whole=True)
SECONDS = Bounds(above=0, most=31_536_000)
SECONDS_OR_NONE = Bounds(least=0, most=31_536_000)
PERCENT = Bounds(least=0, most=1_000)
