"""What we know of our orders at a provider that money may still move for, and whether a reading of it fits our books.

Nothing is read or written here. See providers/PROTOCOL.md, "Evidence". Times in milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.model import ListingRow, ProviderRow
from aggregator.orders.attempt_store import Followed
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.orders.unsure import evidence
from aggregator.orders.unsure.evidence import AccountReading, Glance, OrderCost
from aggregator.orders.upstream_ids.account_doors import Doors
from providers.vocabulary import Funds, Progress, ServiceType

PRICE_NOISE = Decimal("0.0001")
"""How far a price may be off, of itself, and still be the one at which an order was sent."""


class Books(Struct, frozen=True):
    """Our orders at one provider that can still cost, or give back, money."""

    known: Sequence[Followed]
    """Those whose id there we know."""
    nameless: Sequence[Attempt]
    """Attempts whose outcome nobody told: unsure, or given up by decision."""
    placing: bool
    """Something is on its way to a provider just now."""

    @property
    def orders(self) -> list[str]:
        """The provider's ids of those that we know."""
        return [one.attempt.upstream_order for one in self.known if one.attempt.upstream_order is not None]

    @property
    def bases(self) -> dict[str, Decimal]:
        """What each order cost at first, by the provider's id."""
        return {one.attempt.upstream_order or "": one.attempt.base_charge for one in self.known}

    @property
    def quiet(self) -> bool:
        """Nothing is on its way or in doubt, and the poller has seen each order: the moment for a baseline.

        An order is first looked at by the poller, whose business it is; where no charge is stated there is no law.
        """
        return not (self.placing or self.nameless) and all(
            one.attempt.last_charge is not None or one.attempt.outcome is not Outcome.ACCEPTED for one in self.known
        )

    def are_all_behind(self, doors: Doors) -> bool:
        """Whether all are at one account: the sums of two are none."""
        return all(doors.lead_to(one.door) for one in (*(one.attempt for one in self.known), *self.nameless))

    def same_as(self, other: Books) -> bool:
        """Whether the same attempts are in both, as they must be before and after an account is read."""
        return _ids(self) == _ids(other)

    def agree_on_currency(self, funds: Funds) -> bool:
        """Costs are worked out in the currency that an attempt was sent in: there must be one, the balance's own."""
        attempts = [*(one.attempt for one in self.known), *self.nameless]
        currencies = {attempt.currency for attempt in attempts} | ({funds.currency} if funds.currency else set())
        return len(currencies) <= 1

    def standings(self, progress: Mapping[str, Progress], *, by_remains: bool) -> dict[str, OrderCost]:
        """What a reading says of each order's cost, by the provider's id."""
        return {
            upstream: evidence.stand(one.order, one.attempt, progress[upstream], by_remains=by_remains)
            for one in self.known
            if (upstream := one.attempt.upstream_order) is not None
        }

    def sent_since(self, moment: int) -> list[tuple[int, int, Decimal]]:
        """From when to when each order sent since may have been charged, and how much."""
        known = [(one.attempt, one.attempt.base_charge) for one in self.known]
        lost = [(attempt, Decimal(attempt.cost_theirs)) for attempt in self.nameless]
        return [(one.created_at, one.deadline_at, cost) for one, cost in [*known, *lost] if one.created_at >= moment]

    def with_bought(self, glance: Glance, baseline: AccountReading) -> Glance:
        """With what the provider had answered to have taken, since the baseline and before the glance."""
        bought = [
            one.attempt.base_charge
            for one in self.known
            if one.attempt.upstream_order not in baseline.orders
            and one.attempt.answered_at is not None
            and one.attempt.answered_at <= glance.at
        ]
        return replace(glance, bought=sum(bought, Decimal(0)))

    def contradict(self, baseline: AccountReading) -> str | None:
        """Why a baseline does not fit: it did not know an order, or an unsure one, that was there already."""
        unknown = [one.attempt for one in self.known if one.attempt.upstream_order not in baseline.orders]
        if any(attempt.created_at < baseline.at for attempt in unknown):
            return "an order from before the baseline came to light"
        if any(attempt.created_at < baseline.at and attempt.outcome is Outcome.UNSURE for attempt in self.nameless):
            return "the baseline is younger than an unsure add"
        return None


def _ids(books: Books) -> tuple[bool, set[int], set[int]]:
    return books.placing, {one.attempt.id for one in books.known}, {attempt.id for attempt in books.nameless}


def synced_since(row: ProviderRow, attempts: Sequence[Attempt]) -> bool:
    """Whether the provider's catalogue was read after all of these were sent."""
    return row.synced_at is not None and all(row.synced_at >= attempt.created_at for attempt in attempts)


def price_stands(attempt: Attempt, quantity: int, listing: ListingRow | None, *, package: bool | None = None) -> bool:
    """Whether the provider still asks what we expected to pay.

    `package`: whether it was sold as one, where that is not as it is listed.
    """
    if listing is None or listing.rate is None or listing.currency not in (None, attempt.currency):
        return False
    package = ServiceType(listing.type).is_package if package is None else package
    units = quantity if package else Decimal(quantity).scaleb(-3)
    expected = Decimal(attempt.cost_theirs)
    return abs(Decimal(listing.rate) * units - expected) <= expected * PRICE_NOISE + evidence.GRAIN
