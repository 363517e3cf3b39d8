"""The promises about providers: no order is bought twice, none is refunded while it may be running."""

from __future__ import annotations

from aggregator.audit.promise import Promise, query
from aggregator.storage import clock

OVERDUE_MS = 30_000


def promises() -> list[Promise]:
    """Against the clock of now."""
    return [
        query(
            "one-live-attempt",
            "an order has at most one live attempt",
            """select order_id, count(*) as live from attempts where outcome in ('placing', 'unsure', 'accepted')
               group by order_id having count(*) > 1""",
        ),
        query(
            "accepted-has-id",
            "an accepted attempt knows the provider's id, and no two attempts share one",
            """select min(id) as attempt, provider, upstream_order, count(*) as times from attempts
               where outcome in ('accepted', 'called_off') or upstream_order is not null
               group by provider, upstream_order having upstream_order is null or count(*) > 1""",
        ),
        query(
            "state-fits-attempts",
            "a queued order has no live attempt; a placing, unsure or active one has just that",
            """select o.id as order_id, o.state, a.outcome from orders o left join attempts a
               on a.order_id = o.id and a.outcome in ('placing', 'unsure', 'accepted')
               where (o.state = 'queued' and a.id is not null)
               or (o.state = 'placing' and coalesce(a.outcome, '') <> 'placing')
               or (o.state = 'unsure' and coalesce(a.outcome, '') <> 'unsure')
               or (o.state = 'active' and coalesce(a.outcome, '') <> 'accepted')
               or (o.ended_at is not null and a.outcome in ('placing', 'unsure'))""",
        ),
        query(
            "no-attempt-overdue",
            "no attempt is still being placed long after its deadline",
            f"""select id as attempt, order_id, deadline_at from attempts
                where outcome = 'placing' and deadline_at < {clock.now() - OVERDUE_MS}""",
        ),
        query(
            "given-up-by-decision",
            "an attempt is absent or written off only by somebody's decision",
            """select a.id as attempt, a.order_id, a.outcome from attempts a
               where a.outcome in ('absent', 'written_off') and not exists
               (select 1 from decisions d where d.subject = 'order' and d.subject_id = a.order_id
                and d.verdict = a.outcome)""",
        ),
    ]
