"""What can be said between us and any provider, whatever words the provider uses for it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from providers.errors import Refused

Fields: TypeAlias = dict[str, str | list[str]]
"""Type-specific parameters of an order by their standard names; a list is sent as lines."""


class ServiceType(StrEnum):
    """The order types of the protocol, by their most common spelling (PROTOCOL.md, "Order types")."""

    DEFAULT = "Default"
    PACKAGE = "Package"
    CUSTOM_COMMENTS = "Custom Comments"
    CUSTOM_COMMENTS_PACKAGE = "Custom Comments Package"
    SEO = "SEO"
    MENTIONS = "Mentions"
    MENTIONS_WITH_HASHTAGS = "Mentions with Hashtags"
    MENTIONS_CUSTOM_LIST = "Mentions Custom List"
    MENTIONS_HASHTAG = "Mentions Hashtag"
    MENTIONS_USER_FOLLOWERS = "Mentions User Followers"
    MENTIONS_MEDIA_LIKERS = "Mentions Media Likers"
    COMMENT_LIKES = "Comment Likes"
    COMMENT_REPLIES = "Comment Replies"
    POLL = "Poll"
    INVITES_FROM_GROUPS = "Invites from Groups"
    SUBSCRIPTIONS = "Subscriptions"
    WEB_TRAFFIC = "Web Traffic"
    SPECIAL = "Special"
    UNSUPPORTED = "Unsupported"

    @property
    def is_package(self) -> bool:
        """Whether the rate is the price of one package instead of 1,000 units."""
        return self in (ServiceType.PACKAGE, ServiceType.CUSTOM_COMMENTS_PACKAGE)


class Listing(Struct, frozen=True, kw_only=True):
    """A service as a provider publishes it: their id, their words cleaned, their currency."""

    service: str
    name: str
    category: str
    type: ServiceType
    type_word: str = ""
    """Their word where the type is guessed from it, or unknown."""
    rate: Decimal | None
    """Per 1,000 units (per package for package types), in the provider's currency; None = unreadable."""
    minimum: int = 1
    maximum: int | None = None
    """None = the provider states no limit."""
    refill: bool | None = None
    cancel: bool | None = None
    dripfeed: bool | None = None
    """Flags: None = the provider does not say."""
    description: str = ""
    currency: str | None = None
    """Only where the row itself names one."""
    flaw: str | None = None
    """Why this row cannot be sold ("no price", "separator", "min above max", ...); None = it can."""

    @property
    def is_ranged_package(self) -> bool:
        return is_ranged_package(self.type, self.minimum, self.maximum)


def is_ranged_package(kind: ServiceType, minimum: int, maximum: int | None) -> bool:
    """Whether a service is called a package and yet takes any of several quantities, not from 1."""
    return kind.is_package and minimum > 1 and minimum != maximum


class Phase(StrEnum):
    """Where an order stands at the provider (PROTOCOL.md, "Statuses")."""

    PENDING = "pending"
    PROCESSING = "processing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELLED = "cancelled"
    ERROR = "error"
    PAUSED = "paused"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class Submission(Struct, frozen=True, kw_only=True):
    """What we ask a provider to place."""

    service: str
    """Their id, in their spelling."""
    type: ServiceType
    link: str
    quantity: int
    """Units as billed; for line types the number of lines, for packages 1."""
    fields: Fields = {}
    reference: str = ""
    """Our own id of this attempt; sent only to providers that honour one."""
    package_units: int | None = None
    """What one package is ordered as; None = without a quantity."""

    @property
    def asked_for(self) -> int:
        """Units, to which the provider's limits apply."""
        return self.package_units or self.quantity


class Progress(Struct, frozen=True, kw_only=True):
    """What a provider says of one order now."""

    phase: Phase
    word: str = ""
    """The provider's own word for the phase, cut to 100 characters."""
    remains: int | None = None
    """Units; negative = over-delivered; None = not stated or unreadable."""
    charge: Decimal | None = None
    currency: str | None = None
    start_count: int | None = None
    runs: int | None = None
    posts: int | None = None
    """These three are never negative; None = not stated, unreadable or below nothing."""
    full_refund: bool = False
    """The provider's word says that it refunded everything ("refunded")."""
    raw: str = ""
    """What stood around a word that nobody knows, secrets masked; empty for a known one."""


class Placement(Struct, frozen=True, kw_only=True):
    """An order that a provider accepted."""

    order: str
    """Their id: text, not always a number."""
    progress: Progress | None = None
    raw: str = ""
    """The reply as received, secrets masked, cut to 2,000 characters."""


class ListedOrder(Struct, frozen=True, kw_only=True):
    """An order of ours as a provider's list of them shows it."""

    order: str
    service: str | None = None
    link: str | None = None
    quantity: int | None = None
    """As the list puts it: of a drip-feed this may be one run, of comments nothing."""
    reference: str = ""
    """Our own id, where the list tells it."""
    placed: tuple[int, int] | None = None
    """From when to when it was placed (milliseconds since 1970), where the list tells: a day more or less where it
    names no time zone."""


class Funds(Struct, frozen=True):
    """Our balance at a provider."""

    balance: Decimal
    currency: str | None


class CancelRequested(Struct, frozen=True):
    """The provider took a cancel request; whether the order ends is told by its later status."""

    reference: str | None = None


class RefillPhase(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class Refill(Struct, frozen=True):
    """A refill that a provider took; `reference` is None where it gave no id."""

    reference: str | None = None


class Capability(StrEnum):
    """What an adapter may be unable to do; a missing one is said, never guessed."""

    MULTI_STATUS = "multi_status"
    REFILL = "refill"
    CANCEL = "cancel"
    ORDER_LIST = "order_list"


ProgressByOrder: TypeAlias = dict[str, Progress | Refused]
"""By the provider's order id; an id that is missing was not answered, `Refused` answers that id alone."""
