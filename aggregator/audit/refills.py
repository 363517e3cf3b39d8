"""The promises about refills: one at a time, of the order's own provider, never left half sent."""

from __future__ import annotations

from aggregator.audit.facts import Facts
from aggregator.audit.promise import Promise, Stops
from aggregator.audit.scope import Scope
from aggregator.storage.clock import DAY_MS, HOUR_MS

OVERDUE_MS = HOUR_MS
LONGEST_PAUSE_MS = 2 * DAY_MS
"""Of refills that hang, which are asked about once a day."""

_FACTS = """
select r.id as refill, r.order_id, r.reseller, r.state, r.provider, r.deadline_at, r.due_at,
       r.ended_at,
       o.reseller as owner, a.order_id as placed_for, a.provider as placed_at, a.upstream_order, a.superseded_at
from refills r left join orders o on o.id = r.order_id left join attempts a on a.id = r.attempt where {r.id}
"""
_OPEN = "('requested', 'sending', 'unsure', 'pending', 'running')"


def refills(now: int) -> Facts:
    """At a moment (milliseconds since 1970)."""
    return Facts(
        _FACTS,
        Scope.refills,
        (
            Promise(
                id="R1",
                name="one-refill-at-a-time",
                sentence="an order has at most one refill that has not ended",
                stops=Stops.NOTHING,
                breach=f"state in {_OPEN} and exists (select 1 from refills x where x.order_id = facts.order_id"
                f" and x.id <> facts.refill and x.state in {_OPEN})",
                shows=("refill", "order_id", "state"),
            ),
            Promise(
                id="R2",
                name="refill-fits-order",
                sentence="a refill is of its reseller's own order, at the provider that took it",
                stops=Stops.NOTHING,
                breach="owner is null or owner <> reseller or placed_for is null or placed_for <> order_id"
                " or placed_at <> provider or upstream_order is null",
                shows=("refill", "order_id", "provider", "placed_at"),
            ),
            Promise(
                id="R10",
                name="no-refill-of-lost-id",
                sentence="no refill is open whose order has lost its id at the provider to a later one",
                stops=Stops.NOTHING,
                breach=f"superseded_at is not null and state in {_OPEN}",
                shows=("refill", "order_id", "provider"),
            ),
            Promise(
                id="R3",
                name="no-refill-overdue",
                sentence="no refill is still being sent long after its deadline",
                stops=Stops.NOTHING,
                breach=f"state = 'sending' and coalesce(deadline_at, 0) < {now - OVERDUE_MS}",
                shows=("refill", "order_id", "deadline_at"),
            ),
            Promise(
                id="R12",
                name="open-refill-is-followed",
                sentence="a refill that has not ended has a time, within two days, at which it is seen to",
                stops=Stops.NOTHING,
                breach=f"state in {_OPEN} and (due_at is null or due_at > {now + LONGEST_PAUSE_MS})",
                shows=("refill", "order_id", "state", "due_at"),
            ),
            Promise(
                id="R4",
                name="refill-ends-once",
                sentence="a refill has a time of its end exactly when it has ended",
                stops=Stops.NOTHING,
                breach="(state in ('completed', 'rejected')) <> (ended_at is not null)",
                shows=("refill", "order_id", "state", "ended_at"),
            ),
        ),
    )
