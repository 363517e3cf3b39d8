"""What the API has to say, before it is spelled for anyone."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from pricing.money import Rate


class Spelling(StrEnum):
    """The two ways of writing replies: the specification's, and the one of all other panels."""

    JSON = "json"
    CLASSIC = "classic"


class Status(StrEnum):
    """Where an order stands, as far as its reseller is told."""

    PENDING = "pending"
    PROCESSING = "processing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELLED = "cancelled"


class RefillStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REJECTED = "rejected"


class OrderRow(Struct, frozen=True, kw_only=True):
    """An order as its reseller placed it; how it stands is told beside it."""

    order: int
    service: int
    link: str
    quantity: int
    """Of one run, as ordered."""
    request_id: str | None


class ServiceRow(Struct, frozen=True, kw_only=True):
    """A service as it is published."""

    service: int
    name: str
    type: str
    category: str
    rate: Rate
    """The billed rate: per 1,000 units, for package types per package."""
    minimum: int
    maximum: int
    refill: bool
    cancel: bool
    dripfeed: bool
    currency: str
    description: str = ""
    step: int = 1
    """Only multiples of so many units can be ordered; told where it is more than 1."""


class Parent(Struct, frozen=True):
    """What an order of many runs tells besides (PROTOCOL.md, "Drip-feed and subscriptions")."""

    done: int
    """Runs, or posts of a subscription, that have begun; never more than were bought."""
    subscription: bool


class StatusView(Struct, frozen=True, kw_only=True):
    """One order as its reseller sees it; money in whole 1e-8 of `currency`."""

    status: Status
    charge: int
    """Gross: what was taken when the order was placed."""
    refunded: int
    """Paid back so far."""
    remains: int
    """Units not delivered yet; of a cancelled order all of them."""
    currency: str
    start_count: int | None = None
    parent: Parent | None = None
    """Of drip-feed and subscription orders only."""
