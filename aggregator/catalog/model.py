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
    """Beyond the owner's limit, or by a factor: no order goes there until the owner approves."""
    CHEAPER = "cheaper"
    """By a factor: the accepted price stays in force."""
    CURRENCY = "currency"
    """Off sale: nobody knows what the number is worth."""
    OVERSERVES = "overserves"
    """Off sale: it serves runs or posts that nobody bought, and its orders cannot be called off."""
    REUSED = "another service"
    """Off sale: the id came to mean another thing; approved, it is sold under a new id of ours."""
    OVERCHARGED = "overcharged"
    """It takes more than it lists: no order goes there until the owner approves what it takes as its cost."""


class Hold(Struct, frozen=True, kw_only=True):
    """What the owner must look at before one service is believed as its provider publishes it now."""

    kind: HoldKind
    reason: str
    accepted: ListingRow
    """The row as it stood when it was last believed."""
    rejected: bool = False
    stated: str | None = None
    """What it takes instead of its list, as a plain rate in its currency; of an overcharge."""
    noise: str | None = None
    """How far that may be off, as charges are printed."""

    @property
    def keeps_orders_away(self) -> bool:
        """It has a price, and no order goes there."""
        return self.kind in (HoldKind.DEARER, HoldKind.OVERCHARGED)

    @property
    def is_of_deeds(self) -> bool:
        """It is for what the service did, whatever its provider publishes."""
        return self.kind in (HoldKind.OVERSERVES, HoldKind.OVERCHARGED)

    @property
    def stops_orders(self) -> bool:
        """No order goes there, whether it has a price or not."""
        return self.keeps_orders_away or self.takes_off_sale

    @property
    def waits(self) -> bool:
        """It stops orders for what is published, and the owner has not decided."""
        return self.stops_orders and not self.rejected and self.kind is not HoldKind.OVERCHARGED

    @property
    def gives_way_to_overcharge(self) -> bool:
        """Orders go there in spite of it."""
        return not self.keeps_orders_away and not self.takes_off_sale

    def is_explained(self, now: ListingRow) -> bool:
        """Whether the price that is listed now asks for what was taken."""
        if self.stated is None or now.rate is None:
            return False
        stated, listed = Decimal(self.stated), Decimal(now.rate)
        return listed * 102 >= stated * 100 or listed + Decimal(self.noise or 0) >= stated

    @property
    def text(self) -> str:
        return f"rejected: {self.reason}" if self.rejected else self.reason

    @property
    def takes_off_sale(self) -> bool:
        """A rise has a price that may be approved, and a fall does not count; all else must not be sold."""
        lasting = (HoldKind.REUSED, HoldKind.CURRENCY, HoldKind.OVERSERVES)
        return self.kind in lasting or (self.rejected and self.keeps_orders_away)


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
    agreed_rate: str | None = None
    """What it takes, as the owner agreed; in force while it lists `agreed_over`."""
    agreed_over: str | None = None
    step: int = 1
    """Of how many units a quantity must be a multiple, as the provider said when it refused one."""

    def agreed_rate_of(self, listed: ListingRow) -> str | None:
        """What the owner agreed that it takes; None = what it lists."""
        return self.agreed_rate if listed.rate == self.agreed_over else None

    def rate_taken(self, listed: ListingRow) -> str | None:
        """What it takes instead of what it lists; None = what it lists."""
        if self.hold is not None and self.hold.kind is HoldKind.OVERCHARGED:
            return self.hold.stated
        return self.agreed_rate_of(listed)


class Doubt(StrEnum):
    """Why a whole catalogue, as read last, is not believed: the earlier one stays in force until its owner looks."""

    SHRUNK = "shrunk"
    FELL = "fell"
    ROSE = "rose"
    """Many prices jumped at once, some of them up."""
    RENUMBERED = "renumbered"
    """Ids mean other services than they did."""

    @property
    def stops_orders(self) -> bool:
        """An order there would cost nobody knows what, or buy something else."""
        return self in (Doubt.ROSE, Doubt.RENUMBERED)


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
    """Why its newest catalogue is not believed, in words; the last believed one is in force."""
    catalogue_doubt: Doubt | None = None
    """The same in one word."""
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
    too_large: int | None = None
    """Bytes of the smallest `add` that it refused for its size."""
    too_large_at: int | None = None
    charge_digits: int = 0
    """The most decimals that a charge of it has shown."""
    call_offs_doubted_at: int | None = None
    """Since when what it calls off is no longer believed at once: too much of it was delivered or charged after all."""
    call_offs_looked_at: int | None = None
    """When the owner last looked at that: only what came alive since counts."""

    @property
    def put_last(self) -> str | None:
        """Why its offers come after all others until somebody has looked; None = they do not."""
        return None if self.call_offs_doubted_at is None else "it delivers what it called off"

    @property
    def takes_orders(self) -> bool:
        """Not while what its ids mean, or a general rise, is in doubt."""
        return self.catalogue_doubt is None or not self.catalogue_doubt.stops_orders

    @property
    def funds(self) -> Decimal | None:
        return Decimal(self.balance) if self.balance is not None else None


class CircuitState(Struct, frozen=True):
    """What is kept of it: failures in a row, and until when (milliseconds) the provider rests and why."""

    failures: int
    rest_until: int
    rest_reason: str | None


class Cancels(Struct, frozen=True):
    """What became of a provider's service lately."""

    orders: int
    """That it took, or that ended there."""
    cancelled: int
    """By the provider, not by wish of the reseller."""
    resellers: int
    """Whose orders were cancelled."""


class ChangeKind(StrEnum):
    NEW = "new"
    GONE = "gone"
    BACK = "back"
    DEARER = "dearer"
    CHEAPER = "cheaper"
    LIMITS = "limits"
    RENAMED = "renamed"
    FLAGS = "flags"
    TYPE = "type"
    HELD = "held"


class Change(Struct, frozen=True):
    """One line of what a sync changed, for people; prices in the provider's currency."""

    service: str
    """Their id; empty where the whole catalogue is meant."""
    kind: str
    before: str
    now: str
    name: str = ""
