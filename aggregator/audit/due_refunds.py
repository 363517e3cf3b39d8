"""The promises about what a provider should have given back, by its own words."""

from __future__ import annotations

from aggregator.audit.facts import Facts
from aggregator.audit.promise import Promise, Stops
from aggregator.audit.scope import Scope

_FACTS = """
select d.attempt, d.order_id, o.reseller, o.quantity, sum(d.units) as units, a.outcome, a.order_id as placed_for,
       min(case when d.provider = a.provider then 1 else 0 end) as of_provider
from due_refunds d left join orders o on o.id = d.order_id left join attempts a on a.id = d.attempt
where {d.order_id} group by d.attempt, d.order_id, o.reseller, o.quantity, a.outcome, a.order_id
"""

DUE_REFUNDS = Facts(
    _FACTS,
    Scope.orders,
    (
        Promise(
            id="M28",
            name="due-back-within-order",
            sentence="no provider owes us more units back than were ordered there",
            stops=Stops.NOTHING,
            breach="units > quantity",
            shows=("attempt", "order_id", "units", "quantity"),
        ),
        Promise(
            id="M29",
            name="due-back-from-its-provider",
            sentence="what should come back is of an order that its provider took",
            stops=Stops.NOTHING,
            breach="coalesce(placed_for, 0) <> order_id or of_provider = 0",
            shows=("attempt", "order_id", "placed_for"),
        ),
        Promise(
            id="P11",
            name="called-off-is-due",
            sentence="what a provider called off should come back from it whole",
            stops=Stops.NOTHING,
            breach="outcome = 'called_off' and units < quantity",
            shows=("attempt", "order_id", "units", "quantity"),
        ),
    ),
)
