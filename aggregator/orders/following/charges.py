"""What a reading changes of what we know an attempt costs: the charges it states, what was taken, what came back."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct

from aggregator.orders import overcharge, stated
from aggregator.orders.model import Attempt, Order
from aggregator.orders.overcharge import Above
from aggregator.orders.settling import settlement
from aggregator.orders.settling.settlement import Finish, Rules, Settlement
from aggregator.orders.state import OrderState, Outcome
from pricing.fx import in_ours
from providers.vocabulary import Phase, Progress

STATES_CHARGE = (*settlement.OPEN_PHASES, Phase.COMPLETED)
"""What a charge beside these words is, is that of the whole order."""


class Charge(Struct, frozen=True, kw_only=True):
    """What is known of an attempt's charge, as the columns of its row are called; text in the provider's currency."""

    id: int
    highest_charge: str | None
    last_charge: str | None
    stated_charges: str | None
    spent: int | None
    returned: int | None
    overcharge: str | None
    overcharged_at: int | None


class Costs(Struct, frozen=True):
    """What is news of one attempt's charge."""

    attempt: Attempt
    state: OrderState
    charge: Charge

    @property
    def moved(self) -> bool:
        """Whether its cost is another now."""
        return (self.charge.spent, self.charge.returned) != (self.attempt.spent, self.attempt.returned)

    @property
    def overcharge(self) -> str | None:
        """The line that tells of a charge beyond the list; None = it is no news."""
        asked = self.charge.overcharge
        if asked is None or self.attempt.overcharge is not None:
            return None
        return overcharge.tell(self.attempt.provider, asked, self.attempt.expected, self.attempt.currency)


def read(
    order: Order, attempt: Attempt, progress: Progress, decision: Settlement, *, rules: Rules, digits: int, now: int
) -> Costs | None:
    """What a reading and the decision about it change; None = nothing new. `digits` = as `overcharge.compare`."""
    charge = settlement.charge_of(attempt, progress)
    opened = is_open(order, attempt, progress)
    charges = attempt.charges
    if progress.phase not in (Phase.ERROR, Phase.UNKNOWN):
        charges = stated.hear(charges, charge, opened=opened, surely=isinstance(decision, Finish))
    is_above = _is_above(order, attempt, progress, charge, digits)
    told = Charge(
        id=attempt.id,
        highest_charge=settlement.highest(attempt, charge) if opened else attempt.highest_charge,
        last_charge=f"{charge:f}" if charge is not None else attempt.last_charge,
        stated_charges=stated.encode(charges) if charges != attempt.charges else attempt.stated_charges,
        spent=_spent(attempt, charges),
        returned=settlement.returned(order, attempt, progress, rules),
        overcharge=f"{charge:f}" if is_above else attempt.overcharge,
        overcharged_at=now if is_above else attempt.overcharged_at,
    )
    known = attempt.lost_since is None and told == Charge(**{name: getattr(attempt, name) for name in _COLUMNS})
    return None if known else Costs(attempt, order.state, told)


_COLUMNS = Charge.__struct_fields__


def is_open(order: Order, attempt: Attempt, progress: Progress) -> bool:
    """Whether this is said of an order that still runs there, as far as we know."""
    ended = order.state.ended and attempt.outcome is Outcome.ACCEPTED
    return progress.phase in settlement.OPEN_PHASES and not ended


def _spent(attempt: Attempt, charges: stated.Charges) -> int | None:
    """The highest plausible charge in our currency, where it is above what we expected; nothing lowers it again."""
    highest = stated.highest(charges, attempt.expected)
    if highest is None or highest <= attempt.expected:
        return attempt.spent
    try:
        spent = in_ours(highest, Decimal(attempt.fx))
    except ValueError:
        return attempt.spent
    return spent if spent > attempt.gross else attempt.spent


def _is_above(order: Order, attempt: Attempt, progress: Progress, charge: Decimal | None, digits: int) -> bool:
    """Whether this is the first charge that is beyond the list.

    The first that is stated is compared, and that of the ending; of an order of several parts, which some providers
    charge run by run, each.
    """
    if charge is None or charge <= 0 or attempt.overcharge is not None or progress.phase not in STATES_CHARGE:
        return False
    compared = not attempt.charges or progress.phase is Phase.COMPLETED or order.runs > 1
    return compared and isinstance(overcharge.compare(attempt.expected, charge, digits=digits), Above)


def values(one: Charge) -> tuple[int | str | None, ...]:
    """In the order of the columns."""
    return msgspec.structs.astuple(one)
