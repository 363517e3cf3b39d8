"""How amounts and times are written on every page: the panel's currency, the same decimals, UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from markupsafe import Markup, escape

from aggregator.api.guide.examples import KEY
from pricing.money import Rate, print_units

MINUS = "\N{MINUS SIGN}"
DECIMALS = 2
"""Shown of every amount; what is finer follows in small."""
_CODE = re.compile("`([^`]+)`")
_STEPS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class Printer:
    """Writes for one panel."""

    def __init__(self, currency: str) -> None:
        self._currency = currency

    def money(self, units: int, *, signed: bool = False) -> Markup:
        """Whole 1e-8 of the panel's currency, to the last digit."""
        text = print_units(abs(units), DECIMALS)
        whole, point, fraction = text.partition(".")
        sign = MINUS if units < 0 else "+" if signed and units else ""
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


def stamp(milliseconds: int) -> str:
    """A moment as RFC 3339, for files."""
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def price(rate: Rate | str) -> str:
    """A rate, or a provider's balance, with two decimals at least, its whole part in groups."""
    number = Decimal(str(rate))
    whole, _, fraction = f"{abs(number):f}".partition(".")
    return f"{MINUS if number < 0 else ''}{_grouped(whole)}.{fraction.ljust(DECIMALS, '0')}"


def duration(seconds: int) -> str:
    """The two largest parts of a time: "2 d 5 h", "12 min", "40 s"."""
    parts = []
    for length, name in _STEPS:
        whole, seconds = divmod(seconds, length)
        parts += [f"{whole} {name}"] if whole else []
    return " ".join(parts[:2]) or "0 s"


def share(parts: int) -> str:
    """Parts of 10,000 as a percentage; 100 only of the whole."""
    return f"{parts // 100}.{parts % 100 // 10} %" if parts < 10_000 else "100 %"  # noqa: PLR2004  # the whole


def with_code(text: str) -> Markup:
    """Words in `backquotes` as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  # escaped just before


def with_key(code: str) -> Markup:
    """A program in which the place of the key can be found by the script."""
    return Markup('<mark class="key">{}</mark>').format(KEY).join(code.split(KEY))
