"""The small catalogue of a sandbox that was given none, in the spelling of its dialect."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from msgspec import Struct


class Ware(Struct, frozen=True):
    """One service on offer; the rate buys 1,000 units, or one package."""

    id: int
    name: str
    category: str
    rate: str
    minimum: int
    maximum: int
    refill: bool = False
    cancel: bool = False
    dripfeed: bool = False
    type: str = "Default"


WARES = (
    Ware(1, "Instagram Followers - Premium", "Instagram", "2.50", 100, 100_000, refill=True),
    Ware(2, "Instagram Likes - Fast", "Instagram", "0.45", 10, 50_000, cancel=True, dripfeed=True),
    Ware(3, "YouTube Views - Retained", "YouTube", "1.80", 500, 1_000_000, refill=True, cancel=True),
    Ware(4, "TikTok Followers", "TikTok", "3.10", 50, 200_000, refill=True, cancel=True, dripfeed=True),
    Ware(5, "Telegram Channel Members", "Telegram", "0.9375", 100, 30_000, cancel=True),
    Ware(6, "Instagram Comments - Your Words", "Instagram", "12.00", 5, 1_000, type="Custom Comments"),
    Ware(7, "Starter Bundle", "Bundles", "4.99", 1, 1, type="Package"),
)


def classic_rows() -> list[dict[str, Any]]:
    """Numbers as text and a type in each row, as the classic documentation prints them."""
    return [
        {
            "service": ware.id,
            "name": ware.name,
            "type": ware.type,
            "category": ware.category,
            "rate": ware.rate,
            "min": str(ware.minimum),
            "max": str(ware.maximum),
            "refill": ware.refill,
            "cancel": ware.cancel,
            "dripfeed": ware.dripfeed,
        }
        for ware in WARES
    ]


def json_rows(currency: str) -> list[dict[str, Any]]:
    """Numbers as numbers, a currency and no type: what has another type than Default cannot be said, so is left out."""
    return [
        {
            "service": ware.id,
            "name": ware.name,
            "category": ware.category,
            "rate": Decimal(ware.rate),
            "min": ware.minimum,
            "max": ware.maximum,
            "refill": ware.refill,
            "cancel": ware.cancel,
            "dripfeed": ware.dripfeed,
            "currency": currency,
        }
        for ware in WARES
        if ware.type == "Default"
    ]
