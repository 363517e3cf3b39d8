"""The promises about what orders cost us: figures equal attempts, and no charge without a base told a refund."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aggregator.audit.facts import Checked, Told
from aggregator.audit.promise import Breach, Promise, Stops
from aggregator.audit.scope import Scope
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.daily_totals import Day
from aggregator.orders.state import EventKind
from aggregator.storage.tables import Signal

OF_ATTEMPTS = (
    Promise(
        id="M24",
        name="cost-fits-order",
        sentence="what an attempt is known to have cost is more than was expected, and what came back within its order",
        stops=Stops.NOTHING,
        breach="spent <= cost or returned not between 0 and quantity",
        shows=("attempt", "order_id", "cost", "spent", "returned"),
    ),
    Promise(
        id="M25",
        name="refund-has-base",
        sentence="no part was paid back by a provider's charge unless two readings of the open order stated the whole",
        stops=Stops.ORDER,
        # Orders that ended before such readings were kept have none.
        breach="state = 'partial' and outcome = 'accepted' and coalesce(stated_charges, '') not like '%,2,2]%'"
        " and ended_at >= (select at from migrations where id = 12) and exists (select 1 from events v"
        f" where v.order_id = facts.order_id and v.kind = '{EventKind.BY_CHARGE}')",
        shows=("attempt", "order_id", "stated_charges"),
    ),
)
_DAYS = Promise(
    id="M26",
    name="days-add-up",
    sentence="the figures of a day that were kept are those that its orders and attempts tell now",
    stops=Stops.NOTHING,
)
LATELY = 1
"""Days that are counted again in a look at what is new: an owner looks at those, and each costs a while."""


class Days:
    """Counts days again that were kept."""

    promises = (_DAYS,)

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        many = "" if scope.whole else f"limit {LATELY}"
        rows = await Signal.raw(f"select start from days where orders is not null order by start desc {many}")
        kept = await daily_totals_store.kept(min((row["start"] for row in rows), default=0))
        for start in (row["start"] for row in rows):
            yield Checked(1)
            now, then = await daily_totals_store.count(start), kept[start]
            if (now.revenue, now.refunded, now.cost) != (then.revenue, then.refunded, then.cost):
                yield Breach(_DAYS.name, f"day {start}, kept {_tell(then)}, counted {_tell(now)}")


def _tell(day: Day) -> str:
    return f"revenue {day.revenue} refunded {day.refunded} cost {day.cost}"
