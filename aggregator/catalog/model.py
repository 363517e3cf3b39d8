"""Rows of the catalogue as values."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

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


class HoldKind(StrEnum):
    DEARER = "dearer"
    """The new price counts, and no order goes there until the owner approves."""
    CHEAPER = "cheaper"
    """Beyond belief: the accepted price stays in force."""
    CURRENCY = "currency"
    """Off sale: nobody knows what the number is worth."""
    OVERSERVES = "overserves"
    """Off sale: it serves runs or posts that nobody bought, and its orders cannot be called off."""
    REUSED = "another service"
    """Off sale: the id came to mean another thing; approved, it is sold under a new id of ours."""


class Hold(Struct, frozen=True, kw_only=True):
    """What the owner must look at before one service is believed as its provider publishes it now."""

    kind: HoldKind
    reason: str
    accepted: ListingRow
    """The row as it stood when it was last believed."""
    rejected: bool = False

    @property
    def text(self) -> str:
        return f"rejected: {self.reason}" if self.rejected else self.reason

    @property
    def takes_off_sale(self) -> bool:
        """A rise is paid for by the next quotes, and a fall does not count; all else must not be sold."""
        lasting = (HoldKind.REUSED, HoldKind.CURRENCY, HoldKind.OVERSERVES)
        return self.kind in lasting or (self.rejected and self.kind is HoldKind.DEARER)


class Learned(Struct, frozen=True, kw_only=True):
    """What we found out about a provider's service, besides what its provider publishes."""

    hold: Hold | None = None
    refill_refused: bool = False
    cancel_refused: bool = False
    """The provider said no to a refill or a cancel, whatever it publishes."""
    minimum: int | None = None
    maximum: int | None = None
    """Limits (units) that a refusal told, narrower than those it publishes."""
    rest_until: int = 0
    """Milliseconds since 1970; until then it takes no orders, since it cancelled too many."""
    rest_count: int = 0
    """How many rests there were, one soon after the other."""


class Doubt(StrEnum):
    """Why a whole catalogue is not believed; the reason kept for it begins with these words."""

    SHRUNK = "the catalogue shrank"
    FELL = "prices fell"
    ROSE = "prices rose"
    RENUMBERED = "ids mean other services"


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
    held_catalogue: str | None = None
    """Why its newest catalogue is not believed; the last believed one is in force."""
    approved_at: int | None = None
    """The owner lets the next catalogue through, whatever it changes."""
    failures: int = 0
    """Calls in a row that failed for want of a usable answer."""
    rest_until: int = 0
    rest_reason: str | None = None
    ids_restarted_at: int | None = None
    """When it was last seen to give an id a second time: ids from before say nothing of how high new ones are."""
    door: str | None = None
    """The door (address and key, as a digest) that is configured now."""

    @property
    def takes_orders(self) -> bool:
        """Not while what its ids mean, or a general rise, is in doubt: an order there would cost nobody knows what."""
        return not (self.held_catalogue or "").startswith((Doubt.ROSE, Doubt.RENUMBERED))

    @property
    def funds(self) -> Decimal | None:
        return Decimal(self.balance) if self.balance is not None else None
