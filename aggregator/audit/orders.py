"""The promises about each order: charged once, paid back exactly and for a reason, ended as delivered."""

from __future__ import annotations

from aggregator.audit.facts import Facts
from aggregator.audit.promise import Promise, Stops
from aggregator.audit.scope import Scope
from aggregator.storage.totals import comparable_total

_FACTS = f"""
select o.id as order_id, o.reseller, o.state, o.charge, o.refunded, o.undelivered, o.quantity, o.ended_at,
       o.request_id,
       count(case when e.target = 'escrow' then 1 end) as charges,
       {comparable_total("case when e.target = 'escrow' then e.amount end")} as taken,
       {comparable_total("case when e.target not in ('escrow', 'revenue') then e.amount end")} as paid,
       {comparable_total("case when e.target = 'escrow' then e.amount when e.source = 'escrow' then -e.amount end")}
           as held,
       min(e.id) as first_entry,
       min(case when e.target = 'escrow' then e.id end) as charge_entry,
       count(case when e.source = 'escrow' and e.target = 'revenue' then 1 end) as earnings,
       count(case when e.source = 'escrow' and e.target <> 'revenue' then 1 end) as refunds,
       max(case when e.source = 'escrow' then e.id end) as ending_entry,
       min(case when e.source = 'revenue' then e.id end) as late_entry
from orders o left join entries e on e.order_id = o.id and {{e.order_id}}
where {{o.id}} group by o.id
"""

ORDERS = Facts(
    _FACTS,
    Scope.orders,
    (
        Promise(
            id="M5",
            name="charged-once",
            sentence="every order was charged exactly once, its charge",
            breach="charges <> 1 or taken is null or taken <> charge",
            shows=("order_id", "charge", "charges", "taken"),
        ),
        Promise(
            id="M6",
            name="refunds-within-charge",
            sentence="no order was paid back more than it was charged",
            breach="paid is null or paid > charge or refunded > charge",
            shows=("order_id", "charge", "refunded", "paid"),
        ),
        Promise(
            id="M16",
            name="refund-has-reason",
            sentence="every refund has its reason in the history of its order",
            breach="refunded > 0 and not exists (select 1 from events v where v.order_id = facts.order_id"
            " and v.state in ('partial', 'cancelled'))",
            shows=("order_id", "refunded"),
        ),
        Promise(
            id="M17",
            name="refund-entries",
            sentence="what an order counts as refunded is what its entries paid back",
            breach="paid is null or paid <> refunded",
            shows=("order_id", "refunded", "paid"),
        ),
        Promise(
            id="M18",
            name="escrow-is-open-charges",
            sentence="escrow holds the whole charge of each open order and nothing of an ended one",
            breach="held is null or held <> case when ended_at is null then taken else 0 end",
            shows=("order_id", "state", "charge", "held"),
        ),
        Promise(
            id="O3",
            name="request-once",
            sentence="no two orders of a reseller came from one request",
            stops=Stops.ORDER,
            breach="request_id is not null and exists (select 1 from orders x where x.reseller = facts.reseller"
            " and x.request_id = facts.request_id and x.id <> facts.order_id)",
            shows=("order_id", "request_id"),
        ),
        Promise(
            id="O5",
            name="book-in-order",
            sentence="each order's entries tell one life: charged first, ended once, then only late refunds",
            stops=Stops.ORDER,
            breach="charge_entry > first_entry or earnings > 1 or refunds > 1 or late_entry < ending_entry",
            shows=("order_id", "first_entry", "charge_entry", "ending_entry", "late_entry"),
        ),
        Promise(
            id="O6",
            name="ended-as-delivered",
            sentence="the state of an ended order goes by its undelivered units; an open order has none",
            stops=Stops.ORDER,
            breach="undelivered not between 0 and quantity or state <> case"
            " when ended_at is null then (case when undelivered = 0 then state else 'open without refund' end)"
            " when undelivered = 0 then 'completed' when undelivered >= quantity then 'cancelled' else 'partial' end",
            shows=("order_id", "state", "undelivered", "quantity"),
        ),
    ),
)
