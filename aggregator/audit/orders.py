"""The promises about orders: each ends as its undelivered units say, and none is forgotten."""

from __future__ import annotations

from aggregator.audit.promise import Promise, query

PROMISES: list[Promise] = [
    query(
        "ended-as-delivered",
        "the state of an ended order goes by its undelivered units; an open order has none",
        """select id as order_id, state, undelivered, quantity from orders where state <> case
           when ended_at is null then (case when undelivered = 0 then state else 'open without refund' end)
           when undelivered = 0 then 'completed' when undelivered >= quantity then 'cancelled' else 'partial' end""",
    ),
    query(
        "nothing-forgotten",
        "every active order is asked about at its provider",
        """select o.id as order_id, a.provider from orders o join attempts a on a.order_id = o.id
           where o.state = 'active' and a.outcome = 'accepted' and a.poll_at is null""",
    ),
    query(
        "nothing-unsettled",
        "every ended order was settled: what was not refunded is earned",
        """select o.id as order_id, o.charge, o.refunded from orders o where o.ended_at is not null
           and not exists (select 1 from entries e where e.order_id = o.id and e.source = 'escrow')""",
    ),
]
