"""Rows of the catalogue as values."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct


class ListingRow(Struct, frozen=True, kw_only=True):
    """A provider's service as it last stood in a good answer."""

    provider: str
    service: str
    """Their id."""
    name: str
    category: str
    type: str
    rate: str | None
    """A plain decimal in the provider's currency."""
    currency: str | None
    minimum: int
    maximum: int | None
    refill: bool | None
    cancel: bool | None
    dripfeed: bool | None
    description: str
    flaw: str | None
    """Why it cannot be sold; None = it can."""
    missing: int
    """How many good answers in a row did not have it."""

    @property
    def withdrawn(self) -> bool:
        return self.missing >= MISSING_BEFORE_WITHDRAWN


MISSING_BEFORE_WITHDRAWN = 2


class ProviderRow(Struct, frozen=True, kw_only=True):
    """What all processes know of a provider at run time. Times in milliseconds since 1970."""

    name: str
    balance: str | None = None
    currency: str | None = None
    currency_change: str | None = None
    """A currency it began to state that nobody has confirmed: nothing of it is priced."""
    balance_at: int | None = None
    balance_due_at: int = 0
    sync_due_at: int = 0
    synced_at: int | None = None
    sync_error: str | None = None
    failures: int = 0
    """Calls in a row that failed for want of a usable answer."""
    rest_until: int = 0
    rest_reason: str | None = None

    @property
    def funds(self) -> Decimal | None:
        return Decimal(self.balance) if self.balance is not None else None
