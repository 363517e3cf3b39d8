"""Which prices mean "not for sale": decided by what they are worth, for a real price in rials has eight digits, too."""

from __future__ import annotations

from decimal import Decimal

from pricing.fx import FxTable

FLAW = "placeholder price"
CURRENCY, MOST = "USD", Decimal(50_000)
"""No thousand of anything is worth more; a price above is what panels write to take something off sale."""
MOST_OF_OURS = Decimal(10**10)
"""Of our own currency, whatever it is worth: with a markup upon it, more would not fit the column of a rate."""
NINES = Decimal(99_999_999)
"""What they mostly write: worth more than `MOST` in every currency but the small ones, where nobody says what USD are
worth.
"""
SMALL = frozenset(
    (
        "AMD",
        "AOA",
        "ARS",
        "BIF",
        "CDF",
        "CLP",
        "COP",
        "GNF",
        "HUF",
        "IDR",
        "IQD",
        "IRR",
        "IRT",
        "KHR",
        "KMF",
        "KRW",
        "LAK",
        "LBP",
        "MGA",
        "MMK",
        "MNT",
        "MWK",
        "NGN",
        "PYG",
        "RWF",
        "SLL",
        "SOS",
        "STN",
        "SYP",
        "TMN",
        "TZS",
        "UGX",
        "UZS",
        "VES",
        "VND",
        "XAF",
        "XOF",
        "YER",
    )
)
"""Currencies of which so many are, or lately were, worth less than that."""


def ceiling(fx: FxTable) -> Decimal:
    """The highest price that is one, in our own currency."""
    worth = Decimal(1) if fx.currency == CURRENCY else fx.rates.get(CURRENCY)
    if worth is not None:
        return min(MOST * worth, MOST_OF_OURS)
    return MOST_OF_OURS if fx.currency in SMALL else NINES - Decimal("1e-8")


def is_placeholder(rate: Decimal, currency: str | None, fx: FxTable) -> bool:
    """Whether a provider's price in its own currency, where that is known, is none."""
    if currency == fx.currency:
        return rate > ceiling(fx)
    if currency in fx.rates:
        return rate * fx.rates[currency] > ceiling(fx)
    return rate > MOST if currency == CURRENCY else rate >= NINES and currency not in SMALL
