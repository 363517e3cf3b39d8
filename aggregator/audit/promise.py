"""What a promise is (an invariant): an id, a sentence, what stands still while it is broken; and what breaks it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Stops(StrEnum):
    """What sends nothing out and pays nothing back by itself while a promise is broken. Reads never stop."""

    WALLET = "wallet"
    """All orders of the reseller whose row breaks it; everything where the row names nobody."""
    ORDER = "order"
    """That order."""
    NOTHING = "nothing"
    """It is only shown."""


class Promise(Struct, frozen=True, kw_only=True):
    """`id` is its family (M money, P placement, O orders, R refills) and a number that never changes its meaning."""

    id: str
    name: str
    sentence: str
    stops: Stops = Stops.WALLET
    breach: str = ""
    """A condition in SQL over the columns of its facts; empty where Python judges."""
    shows: tuple[str, ...] = ()
    """The columns that tell what is wrong."""


class Breach(Struct, frozen=True):
    """A row that breaks a promise, and whom it concerns as far as it says."""

    promise: str
    text: str
    reseller: int | None = None
    order: int | None = None
