"""The promises about providers: no order is bought twice, none is given up or paid back while it may be running."""

from __future__ import annotations

from aggregator.audit.costs import OF_ATTEMPTS
from aggregator.audit.facts import Facts
from aggregator.audit.promise import Promise, Stops
from aggregator.audit.scope import Scope
from aggregator.orders.state import DOUBTFUL_IN_SQL, LIVE_IN_SQL, EventKind
from aggregator.orders.unsure.evidence_store import Rule, actor_of
from aggregator.storage.clock import HOUR_MS

OVERDUE_MS = 30_000
TELL_MS = 15 * 60_000
"""How long an add may be unsure before its order's history must say so."""
TELLING_MS = 120_000
"""How late that may be said."""
POLL_MS = HOUR_MS

_OF_ORDERS = f"""
select o.id as order_id, o.reseller, o.state, o.ended_at,
       count(case when a.outcome in ({LIVE_IN_SQL}) then 1 end) as live,
       max(case when a.outcome in ({LIVE_IN_SQL}) then a.outcome end) as outcome,
       max(a.id) as newest,
       min(case when a.outcome in ({LIVE_IN_SQL}, 'written_off') then a.id end) as standing
from orders o left join attempts a on a.order_id = o.id and {{a.order_id}}
where {{o.id}} group by o.id
"""
_OF_ATTEMPTS = """
select a.id as attempt, a.order_id, o.reseller, o.state, a.provider, a.outcome, a.upstream_order, a.deadline_at,
       a.poll_at, a.answered_at, a.superseded_at, a.cancel_asks, a.cancel_due_at, a.cancel_answer, a.revived_at, a.cost,
       a.spent, a.returned, a.stated_charges, o.quantity, o.ended_at, a.judged_word, a.given_order
from attempts a left join orders o on o.id = a.order_id and {o.id} where {a.order_id}
"""

_RULES = "values " + ", ".join(f"('{rule}', '{actor_of(rule)}')" for rule in Rule)
"""Each rule, and as whom it decides."""
_ACTORS = ", ".join(f"'{actor_of(rule)}'" for rule in Rule)
_BY_WORD = (
    "select 1 from decisions d where d.subject = 'order' and d.subject_id = facts.order_id and d.verdict = 'refused'"
    " and d.actor <> ''"
)
_BY_RULE = (
    "select 1 from decisions d where d.subject = 'order' and d.subject_id = facts.order_id and d.verdict = 'absent'"
    f" and d.actor in ({_ACTORS})"
)
_SEEN = "select 1 from observations s join attempts x on x.id = s.attempt where x.order_id = facts.order_id"
_SEEN_BY_RULE = f"{_SEEN} and s.verdict = 'absent' and (s.rule, d.actor) in ({_RULES})"
_LOOKED_AT_ONCE = f"{_SEEN} and s.rule = '{Rule.BALANCE}' and s.facts like '%\"at_once\":%'"
_LOOKS_BEGIN = "coalesce((select max(at) from migrations where id = 14), 0)"
"""Since when balances are read at once after an add without an answer."""

ATTEMPTS_OF_ORDERS = Facts(
    _OF_ORDERS,
    Scope.orders,
    (
        Promise(
            id="P1",
            name="one-live-attempt",
            sentence="an order has at most one attempt that is running, or may be",
            stops=Stops.ORDER,
            breach="live > 1",
            shows=("order_id", "live"),
        ),
        Promise(
            id="P5",
            name="next-after-no",
            sentence="an order goes on only when every attempt before was refused, not sent, absent or called off",
            stops=Stops.ORDER,
            breach="live <= 1 and standing < newest",
            shows=("order_id", "standing", "newest"),
        ),
        Promise(
            id="P8",
            name="nothing-ended-in-doubt",
            sentence="an order that has ended has no attempt of which nobody knows what became of it",
            stops=Stops.ORDER,
            breach=f"live = 1 and ended_at is not null and outcome in ({DOUBTFUL_IN_SQL})",
            shows=("order_id", "state", "outcome"),
        ),
        Promise(
            id="O2",
            name="state-fits-attempts",
            sentence="a queued order has no live attempt; a placing, unsure or active one has just that",
            stops=Stops.ORDER,
            breach="live <= 1 and ended_at is null and coalesce(outcome, '-') <> case state when 'queued' then '-'"
            " when 'active' then 'accepted' else state end",
            shows=("order_id", "state", "outcome"),
        ),
    ),
)


def attempts(now: int) -> Facts:
    """Each attempt by itself, at a moment (milliseconds since 1970)."""
    return Facts(
        _OF_ATTEMPTS,
        Scope.orders,
        (
            Promise(
                id="P4",
                name="accepted-has-id",
                sentence="an accepted attempt knows the provider's id, a refused or open one has none",
                stops=Stops.ORDER,
                breach="(outcome in ('accepted', 'called_off') and upstream_order is null) or"
                f" (outcome in ({DOUBTFUL_IN_SQL}, 'refused', 'not_sent') and upstream_order is not null)",
                shows=("attempt", "order_id", "outcome", "upstream_order"),
            ),
            Promise(
                id="P6",
                name="no-attempt-overdue",
                sentence="no attempt is still being placed long after its deadline",
                stops=Stops.NOTHING,
                breach=f"outcome = 'placing' and deadline_at < {now - OVERDUE_MS}",
                shows=("attempt", "order_id", "deadline_at"),
            ),
            Promise(
                id="P7",
                name="doubt-is-told",
                sentence="of an add that has been unsure for 15 minutes its order's history says so",
                stops=Stops.NOTHING,
                breach=f"outcome = 'unsure' and answered_at < {now - TELL_MS - TELLING_MS} and not exists"
                f" (select 1 from events v where v.order_id = facts.order_id and v.kind = '{EventKind.STILL_UNSURE}')",
                shows=("attempt", "order_id", "answered_at"),
            ),
            Promise(
                id="P9",
                name="given-up-by-decision",
                sentence="an attempt is absent or written off only by somebody's decision",
                stops=Stops.ORDER,
                breach="outcome in ('absent', 'written_off') and not exists (select 1 from decisions d"
                " where d.subject = 'order' and d.subject_id = facts.order_id and d.verdict = facts.outcome)",
                shows=("attempt", "order_id", "outcome"),
            ),
            Promise(
                id="P19",
                name="judged-by-decision",
                sentence="an unsure add is called refused later only by a word that somebody has explained",
                stops=Stops.ORDER,
                breach=f"judged_word is not null and (outcome <> 'refused' or not exists ({_BY_WORD}))",
                shows=("attempt", "order_id", "provider", "judged_word"),
            ),
            Promise(
                id="P20",
                name="an-id-is-no-refusal",
                sentence="an add that was answered with an id is never called refused for its words",
                stops=Stops.ORDER,
                breach="judged_word is not null and (given_order is not null or upstream_order is not null)",
                shows=("attempt", "order_id", "provider", "given_order"),
            ),
            Promise(
                id="P15",
                name="lost-id-unasked",
                sentence="whose id at a provider is a later order's, of that nothing is asked there any more",
                stops=Stops.ORDER,
                breach="superseded_at is not null and (poll_at is not null or cancel_due_at is not null)",
                shows=("attempt", "order_id", "provider", "upstream_order"),
            ),
            Promise(
                id="P16",
                name="running-keeps-id",
                sentence="an order that runs at a provider keeps its id there",
                stops=Stops.ORDER,
                breach="superseded_at is not null and outcome = 'accepted' and state = 'active'",
                shows=("attempt", "order_id", "provider", "upstream_order"),
            ),
            Promise(
                id="P17",
                name="no-cancel-dropped",
                sentence="a cancel that a provider was asked for was taken, or refused, or is asked again",
                stops=Stops.NOTHING,
                breach="state = 'active' and outcome = 'accepted' and cancel_asks > 0 and cancel_due_at is null"
                " and cancel_answer is null",
                shows=("attempt", "order_id", "provider", "cancel_asks"),
            ),
            Promise(
                id="P12",
                name="absent-by-evidence",
                sentence="an add that a rule called absent was seen so by that rule",
                stops=Stops.ORDER,
                breach=f"outcome = 'absent' and exists ({_BY_RULE} and not exists ({_SEEN_BY_RULE}))",
                shows=("attempt", "order_id", "provider"),
            ),
            Promise(
                id="P14",
                name="balance-looked-at-once",
                sentence="where a balance decided that an add was not taken, it had been read at once after it",
                stops=Stops.ORDER,
                breach=f"outcome = 'absent' and exists ({_BY_RULE} and d.actor = '{actor_of(Rule.BALANCE)}'"
                f" and d.at > {_LOOKS_BEGIN} and not exists ({_LOOKED_AT_ONCE}))",
                shows=("attempt", "order_id", "provider"),
            ),
            Promise(
                id="P10",
                name="alive-after-call-off",
                sentence="only what its provider had called off is noted as come alive again",
                stops=Stops.NOTHING,
                breach="revived_at is not null and outcome <> 'called_off'",
                shows=("attempt", "order_id", "outcome", "revived_at"),
            ),
            Promise(
                id="O4",
                name="nothing-forgotten",
                sentence="every active order is asked about at its provider, and was due within the last hour",
                stops=Stops.NOTHING,
                breach="state = 'active' and outcome = 'accepted' and superseded_at is null"
                f" and coalesce(poll_at, 0) < {now - POLL_MS}",
                shows=("attempt", "order_id", "provider", "poll_at"),
            ),
            *OF_ATTEMPTS,
        ),
    )
