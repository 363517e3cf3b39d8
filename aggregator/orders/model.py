"""Orders and attempts as values. Money in whole 1e-8 of the panel's currency, times in milliseconds since 1970."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct

from aggregator.errors import CannotBeDone
from aggregator.orders import stated
from aggregator.orders.overcharge import tell_amounts
from aggregator.orders.state import OrderState, Outcome
from providers.vocabulary import Fields, Phase, ServiceType

CANCEL_TAKEN = "taken"
"""The provider took the request to cancel; what becomes of the order its status says."""


KEPT_OF_A_REPLY = 2_000
"""Characters of a reply to an `add` that are kept; one as long as that was cut."""


class NewOrder(Struct, frozen=True, kw_only=True):
    """All that is needed to accept an order."""

    reseller: int
    service: int
    type: str
    link: str
    quantity: int
    """Billed units."""
    runs: int = 1
    """Runs of a drip-feed, posts of a subscription; each takes `quantity / runs` units."""
    fields: Fields
    link_key: str = ""
    """The link in the form that equal links share."""
    same_link: str = "allow"
    """Whether it waits for another open order with its link: "allow", "queue" or "refuse"."""
    rate: int
    rate_per: int
    """1,000, or 1 for package types."""
    charge: int
    request_id: str | None = None
    custom_id: str | None = None
    payload: str
    """A hash of what the client asked for, to tell a repeat from another order."""
    same_payloads: tuple[str, ...] = ()
    """The same had it named its service by another of its ids."""
    asked_service: int | None = None
    """The alias by which the client named its service; None = by its own id."""
    watched: bool = False
    """Its key looks for repeats: the same again, soon enough, is this order."""


class Order(Struct, frozen=True, kw_only=True):
    """A row of orders."""

    id: int
    reseller: int
    service: int
    type: str
    link: str
    quantity: int
    runs: int
    fields: str
    """JSON of the type-specific fields."""
    link_key: str
    same_link: str
    rate: int
    rate_per: int
    charge: int
    refunded: int
    undelivered: int
    state: OrderState
    phase: Phase
    """The furthest open phase announced to the reseller: pending, processing or in_progress."""
    held: str | None
    cancel_wish: bool
    start_count: int | None
    remains: int
    runs_done: int | None
    """Runs or posts that have begun, where the provider tells; it never falls while the order is under way."""
    delivery_seen: bool
    sight: str | None
    """The first sight of a terminal answer, until it is confirmed."""
    sight_at: int | None
    request_id: str | None
    custom_id: str | None
    payload: str
    due_at: int
    created_at: int
    ended_at: int | None
    asked_service: int | None = None
    """The alias of the service under which it was ordered; None = its own id."""

    @property
    def per_run(self) -> int:
        """Units of one run; all of them where there is only one."""
        return self.quantity // self.runs

    @property
    def parts(self) -> tuple[int, int]:
        """The smallest part and the largest whole, to which a provider's limits apply (units)."""
        if self.type == ServiceType.SUBSCRIPTIONS:
            return int(str(self.type_fields()["min"])), self.per_run
        return self.per_run, self.quantity

    @property
    def drip_feed(self) -> bool:
        return self.runs > 1 and self.type != ServiceType.SUBSCRIPTIONS

    @property
    def new_posts(self) -> int:
        """Coming posts of a subscription that were bought, whatever was asked for: those that are billed."""
        return max(self.runs - int(str(self.type_fields().get("old_posts", 0))), 0)

    @property
    def only_old_posts(self) -> bool:
        return self.type == ServiceType.SUBSCRIPTIONS and not self.new_posts

    def type_fields(self) -> Fields:
        return msgspec.json.decode(self.fields, type=Fields)


class Attempt(Struct, frozen=True, kw_only=True):
    """A row of attempts."""

    id: int
    order_id: int
    provider: str
    service: str
    """Their id of the service."""
    outcome: Outcome
    upstream_order: str | None
    cost: int
    """What we expect to pay, in our currency."""
    cost_theirs: str
    """The same in the provider's currency, a plain decimal."""
    currency: str
    fx: str
    deadline_at: int
    error: str | None
    error_text: str | None
    reply: str | None
    highest_charge: str | None
    last_charge: str | None
    cancel_at: int | None
    """When the provider was last asked to call it off."""
    cancel_due_at: int | None = None
    """When to ask that again; None = not at all, but for the first time."""
    cancel_asks: int = 0
    cancel_answer: str | None = None
    """What the provider said to that: `CANCEL_TAKEN`, or the code of its refusal; None = nothing that counts."""
    lost_since: int | None
    """Since when the provider has not known the order."""
    poll_at: int | None
    """When to ask for its status next; None = not followed."""
    given_order: str | None = None
    """The id that its provider gave it though it was another order's; kept while it is nobody's by proof."""
    superseded_at: int | None = None
    """Since when its id at the provider is that of a later order."""
    created_at: int
    answered_at: int | None
    door: str | None = None
    """Through which door (address and key) it went, as a digest; None = before doors were kept: any."""
    overserved: int = 0
    """Units beyond what was bought, as two readings agreed."""
    overserved_seen: int = 0
    overserved_at: int | None = None
    """So many by one reading, since when."""
    call_off: bool = False
    """It is overserved and goes on: its provider is to end it, by rule."""
    unstopped_at: int | None = None
    """Since when it is known that its provider does not."""
    package_units: int | None = None
    """What its one package was ordered as; None = without a quantity."""
    stated_charges: str | None = None
    """What the provider has stated of its charge, and how often (`stated.decode`)."""
    spent: int | None = None
    """What the provider is known to have taken at first, in our currency; None = as expected."""
    returned: int | None = None
    """Units that came back of it, where its order does not tell; None = as the order tells, of a called-off one all."""
    overcharge: str | None = None
    """The first charge that was beyond what its provider lists, in its currency."""
    overcharged_at: int | None = None
    """Since when that is neither explained by a price that was listed since nor agreed to by the owner."""
    whole_at: int | None = None
    """When the provider last said that all of it is coming, or came."""
    revived_at: int | None = None
    """When it was first seen that the provider delivers or charges what it had called off."""
    reply_status: int | None = None
    """The HTTP status of `reply`; None = not kept, or there was none."""
    judged_word: int | None = None
    """The word by whose meaning its kept reply was called a refusal."""

    @property
    def cancel_refused(self) -> bool:
        """Whether the provider has said no to a cancel, in words that are known."""
        return self.cancel_answer not in (None, CANCEL_TAKEN)

    @property
    def expected(self) -> Decimal:
        """What the whole order should cost, in the provider's currency."""
        return Decimal(self.cost_theirs)

    @property
    def charges(self) -> stated.Charges:
        return stated.decode(self.stated_charges)

    @property
    def base_charge(self) -> Decimal:
        """What it cost at first, for evidence: the highest plausible charge of the open order, else as expected.

        Of an attempt from before charges were told apart, the highest.
        """
        opened = [one for one in self.charges if one.opened]
        if opened or not self.highest_charge:
            return stated.highest(opened, self.expected) or self.expected
        return Decimal(self.highest_charge)

    @property
    def refund_base(self) -> Decimal | None:
        """The charge that a refund may be told from; None = none was stated so that it can be believed."""
        return stated.refund_base(self.charges, self.expected)

    @property
    def told_overcharge(self) -> str | None:
        """Both amounts of a charge that was beyond what its provider lists."""
        return None if self.overcharge is None else tell_amounts(self.overcharge, self.expected, self.currency)

    @property
    def gross(self) -> int:
        """What the provider took at first, as far as we know, in our currency."""
        return self.cost if self.spent is None else self.spent


class Waiting(Struct, frozen=True):
    """So many rows wait, the oldest since a moment."""

    count: int
    since: int | None


class Undecidable(CannotBeDone):
    """The decision does not fit the order as it is now; the text says why."""
