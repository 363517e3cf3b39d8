"""How amounts and times are written on every page: the panel's currency, the same decimals, UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from pricing.money import print_units

DECIMALS = 2
"""Shown of every amount; what is finer follows in small."""


class Printer:
    """Writes for one panel."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def money(self, units: int, *, signed: bool = False) -> Markup:
        """Whole 1e-8 of the panel's currency, to the last digit."""
        text = print_units(abs(units), DECIMALS)
        whole, point, fraction = text.partition(".")
        sign = "\N{MINUS SIGN}" if units < 0 else "+" if signed and units else ""
        tail = fraction[DECIMALS:]
        small = Markup('<span class="tail">{}</span>').format(tail) if tail else ""
        return Markup('<span class="money">{}{}{}{}{} <span class="cur">{}</span></span>').format(
            sign, _grouped(whole), point, fraction[:DECIMALS], small, self._currency
        )


def _grouped(digits: str) -> str:
    return f"{int(digits):,}"


def count(number: int | None) -> str:
    """A number of things, in groups of three digits."""
    return "-" if number is None else f"{number:,}"


def moment(milliseconds: int | None) -> Markup:
    """To the minute, with the second in the hint."""
    if milliseconds is None:
        return Markup('<span class="none">-</span>')
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{at:%Y-%m-%d %H:%M:%S} UTC", f"{at.day} {at:%b %Y, %H:%M}"
    )


def day(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{at.day} {at:%b %Y}"
