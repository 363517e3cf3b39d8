"""How the sandbox reads and prints amounts and counts without losing a digit."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation

EXACT = Context(prec=160)
"""Wide enough that no sum or product of amounts that `read_amount` lets in is ever rounded."""

COUNT = re.compile(r"\+?(\d{1,18})(?:\.0+)?")
WIDEST = 30


def read_amount(value: object) -> Decimal | None:
    """A number or its text, thousands separators allowed; None for anything else and for absurd sizes."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        amount = Decimal(str(value).strip().replace(",", ""))
    except InvalidOperation:
        return None
    return amount if _is_sane(amount) else None


def _is_sane(amount: Decimal) -> bool:
    if not amount.is_finite():
        return False
    _, digits, exponent = amount.as_tuple()
    return isinstance(exponent, int) and exponent >= -WIDEST and len(digits) + exponent <= WIDEST


def read_count(value: object) -> int | None:
    """A whole number that is not negative, however it is written; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    found = COUNT.fullmatch(str(value).strip().replace(",", ""))
    return int(found.group(1)) if found else None


def plain(amount: Decimal, decimals: int = 0) -> str:
    """Digits without exponent or idle zeros, but with at least so many decimals."""
    whole, _, fraction = f"{amount:f}".partition(".")
    fraction = fraction.rstrip("0").ljust(decimals, "0")
    text = f"{whole}.{fraction}" if fraction else whole
    return text.removeprefix("-") if not amount else text
