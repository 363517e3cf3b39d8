"""For each promise what breaks it behind the program's back: statements that leave every other one whole."""

from __future__ import annotations

ONE = "(select min(id) from orders where state = '{}')"
QUEUED, PARTIAL, ACTIVE = ONE.format("queued"), ONE.format("partial"), ONE.format("active")
NEWEST_LINE = "(select max(id) from entries where reseller = {} and balance is not null)"
SHOW_BALANCE = (
    f"update entries set balance = (select balance from wallets where reseller = 1) where id = {NEWEST_LINE.format(1)}"
)
ENTRY = (
    "insert into entries (id, source, target, amount, reference, reseller, order_id, decision, note, balance, at)"
    " select (select max(id) + 1 from entries), "
)
AGAIN = (
    ENTRY + "source, target, amount, reference, reseller, order_id, decision, note, null, at from entries"
    " where reference like 'deposit:%:opening-1'"
)
PAID_AGAIN = ENTRY + (
    f"'revenue', 'wallet:1', charge - refunded + 1, 'order:' || id || ':refund:1000', 1, id, null, '', null, 0"
    f" from orders where id = {PARTIAL}"
)
FRACTION = "update attempts set cost = 2.5 where outcome = 'accepted'"
MAY_BE_FRACTION = "alter table entries alter column amount type numeric"
"""The same on PostgreSQL, where a column of whole numbers cannot hold one."""
REFILL = (
    "insert into refills (order_id, reseller, attempt, provider, state, deadline_at, due_at, created_at, ended_at)"
    " select o.id, o.reseller, a.id, {provider}, '{state}', {deadline}, {due}, 0, {ended} from orders o"
    " join attempts a on a.order_id = o.id where o.state = 'completed'"
)


def refill(
    state: str, *, provider: str = "a.provider", deadline: str = "null", due: str = "1", ended: str = "null"
) -> str:
    return REFILL.format(state=state, provider=provider, deadline=deadline, due=due, ended=ended)


def due_back(outcome: str, *, units: str = "1", provider: str = "a.provider") -> str:
    """An attempt of that outcome for which units should come back from a provider."""
    return (
        "insert into due_refunds (provider, order_id, attempt, units, since, at)"
        f" select {provider}, o.id, a.id, {units}, 0, 0 from orders o join attempts a on a.order_id = o.id"
        f" where a.id = (select min(id) from attempts where outcome = '{outcome}')"
    )


SPOILED: dict[str, list[list[str]]] = {
    "wallet-equals-entries": [
        ["update wallets set balance = balance + 1 where reseller = 1", SHOW_BALANCE],
        ["update entries set amount = amount + 1 where reference like 'deposit:%:opening-1'"],
        ["delete from entries where reference like 'deposit:%:opening-1'"],
        ["delete from wallets where reseller = 2"],
    ],
    "money-is-conserved": [["insert into wallets (reseller, currency, balance) values (999, 'USD', 5)"]],
    "no-negative-wallet": [
        [
            ENTRY + "'wallet:2', 'adjustment', w.balance + 1, 'adjust:' || d.id, 2, null, d.id, '', -1, 0"
            " from wallets w, (select min(id) as id from decisions where verdict = 'absent') d where w.reseller = 2",
            "update wallets set balance = -1 where reseller = 2",
        ]
    ],
    "entry-is-of-a-kind": [
        ["update entries set reference = 'gift:1' where reference like 'adjust:%'"],
        ["update entries set source = 'nowhere' where reference like 'order:%:refund:500'"],
        ["update entries set decision = null where reference like 'adjust:%'"],
    ],
    "charged-once": [
        [
            f"delete from entries where reference = 'order:' || {QUEUED} || ':charge'",
            (
                f"update wallets set balance = balance + (select charge from orders where id = {QUEUED})"
                " where reseller = 1"
            ),
            SHOW_BALANCE,
        ],
    ],
    "refunds-within-charge": [
        [
            PAID_AGAIN,
            (
                "update wallets set balance = balance + where reseller = 1".replace(
                    "+", f"+ (select charge - refunded + 1 from orders where id = {PARTIAL})"
                )
            ),
            SHOW_BALANCE,
            f"update orders set refunded = charge + 1 where id = {PARTIAL}",
        ]
    ],
    "exact-refund": [
        [f"update orders set undelivered = undelivered + 1 where id = {PARTIAL}"],
    ],
    "entry-is-of-its-order": [[f"update orders set reseller = 2 where id = {QUEUED}"]],
    "exact-charge": [
        [f"update orders set rate = rate + 1000 where id = {QUEUED}"],
        [f"update orders set rate = 9000000000000000000 where id = {QUEUED}"],
    ],
    "deposit-is-of-its-gateway": [["update entries set source = 'gateway:stripe' where source = 'gateway:manual'"]],
    "reference-once": [
        [
            AGAIN,
            (
                "update wallets set balance = balance + (select min(amount) from entries where reference like"
                " 'deposit:%:opening-1') where reseller = 1"
            ),
            SHOW_BALANCE,
        ]
    ],
    "book-only-grows": [
        ["update entries set note = 'better' where reference like 'adjust:%'"],
        ["update entries set at = at + 1 where id = 3"],
        ["update audits set hash = 'f00'"],
    ],
    "one-currency": [
        ["update wallets set currency = 'EUR' where reseller = 2", "update attempts set currency = 'EUR'"]
    ],
    "money-is-whole": [[FRACTION]],
    "refund-has-reason": [[f"delete from events where order_id = {PARTIAL}"]],
    "refund-entries": [
        [
            "delete from entries where reference like 'order:%:refund:500'",
            "update wallets set balance = balance - 60000000 where reseller = 1",
            SHOW_BALANCE,
        ]
    ],
    "escrow-is-open-charges": [
        [
            (
                "delete from entries where reference = 'order:' || (select id from orders where state = 'completed') ||"
                " ':earned'"
            )
        ],
        [ENTRY + f"'escrow', 'revenue', 5, 'order:' || {ACTIVE} || ':earned', 1, {ACTIVE}, null, '', null, 0"],
    ],
    "statement-adds-up": [[f"update entries set balance = balance + 1 where id = {NEWEST_LINE.format(1)}"]],
    "cost-by-stored-rate": [["update attempts set currency = 'EUR', fx = '1.08' where outcome = 'accepted'"]],
    "one-live-attempt": [
        [
            (
                "insert into attempts (order_id, provider, service, outcome, cost, cost_theirs, currency, fx,"
                " deadline_at, created_at, answered_at)"
                " select order_id, 'bravo', '1', 'unsure', 1, '1', 'USD', '1', 0, 0, null from attempts"
                " where outcome = 'unsure'"
            )
        ]
    ],
    "upstream-id-once": [["update attempts set upstream_order = '4711' where outcome = 'accepted'"]],
    "accepted-has-id": [
        ["update attempts set upstream_order = null where outcome = 'accepted'"],
        ["update attempts set upstream_order = '4712' where outcome = 'unsure'"],
    ],
    "next-after-no": [["update attempts set id = id + 1000 where outcome = 'absent'"]],
    "judged-by-decision": [
        ["update attempts set judged_word = 1, outcome = 'refused', upstream_order = null where outcome = 'absent'"]
    ],
    "an-id-is-no-refusal": [
        [
            (
                "insert into decisions (subject, subject_id, verdict, detail, actor, reason, at) select 'order',"
                " order_id, 'refused', '', 'olga', '', 1 from attempts where outcome = 'absent'"
            ),
            "update attempts set judged_word = 1, outcome = 'refused', given_order = '7' where outcome = 'absent'",
        ]
    ],
    "lost-id-unasked": [
        ["update attempts set superseded_at = 1 where order_id in (select id from orders where state = 'completed')"]
    ],
    "running-keeps-id": [
        [f"update attempts set superseded_at = 1, poll_at = null where outcome = 'accepted' and order_id = {ACTIVE}"]
    ],
    "no-cancel-dropped": [["update attempts set cancel_asks = 1, cancel_at = 1 where outcome = 'accepted'"]],
    "no-attempt-overdue": [["update attempts set deadline_at = 1 where outcome = 'placing'"]],
    "doubt-is-told": [["update attempts set answered_at = 1 where outcome = 'unsure'"]],
    "nothing-ended-in-doubt": [["update attempts set outcome = 'unsure' where outcome = 'written_off'"]],
    "given-up-by-decision": [
        ["delete from decisions where verdict = 'absent'"],
        ["update decisions set verdict = 'found' where verdict = 'written_off'"],
    ],
    "absent-by-evidence": [["update decisions set actor = 'rule:list' where verdict = 'absent'"]],
    "balance-looked-at-once": [
        [
            "update decisions set actor = 'rule:balance' where verdict = 'absent'",
            (
                "insert into observations (attempt, rule, verdict, facts, at)"
                " select id, 'balance', 'absent', '{}', 0 from attempts where outcome = 'absent'"
            ),
            "update migrations set at = 0 where id = 14",
        ]
    ],
    "cost-fits-order": [
        ["update attempts set spent = cost where outcome = 'accepted'"],
        ["update attempts set returned = -1 where outcome = 'accepted'"],
        ["update attempts set returned = 1001 where outcome = 'absent'"],
    ],
    "refund-has-base": [
        ["update events set kind = 'by_charge' where state = 'partial'"],
        [
            "update events set kind = 'by_charge' where state = 'partial'",
            'update attempts set stated_charges = \'[["900",1,2],["2.5",1,1]]\'',
        ],
    ],
    "days-add-up": [
        [
            (
                "insert into days (start, orders, charged, revenue, refunded, cost, late_refunded, late_cost)"
                " values (86400000, 0, 0, 0, 0, 4, 0, 1)"
            ),
        ]
    ],
    "state-fits-attempts": [
        [f"update orders set state = 'placing' where id = {QUEUED}"],
        [f"update orders set state = 'queued' where id = {ACTIVE}"],
        ["update attempts set outcome = 'refused' where outcome = 'unsure'"],
    ],
    "request-once": [["update orders set request_id = 'r-1' where state = 'active'"]],
    "nothing-forgotten": [
        ["update attempts set poll_at = null where outcome = 'accepted'"],
        ["update attempts set poll_at = poll_at - 3700000 where outcome = 'accepted'"],
    ],
    "book-in-order": [
        [f"update entries set id = id + 1000 where source = 'escrow' and target = 'revenue' and order_id = {PARTIAL}"]
    ],
    "ended-as-delivered": [
        [f"update orders set state = 'completed' where id = {PARTIAL}"],
    ],
    "alive-after-call-off": [["update attempts set revived_at = 1 where outcome = 'accepted'"]],
    "due-back-within-order": [[due_back("accepted", units="o.quantity + 1")]],
    "due-back-from-its-provider": [[due_back("accepted", provider="'bravo'")]],
    "called-off-is-due": [
        [
            "update attempts set outcome = 'called_off', upstream_order = '4713' where outcome = 'absent'",
            due_back("called_off", units="o.quantity - 1"),
        ]
    ],
    "one-refill-at-a-time": [[refill("pending"), refill("running")]],
    "refill-fits-order": [
        [refill("pending", provider="'bravo'")],
        [refill("pending"), "update refills set reseller = 2"],
    ],
    "no-refill-of-lost-id": [
        [
            refill("pending"),
            (
                "update attempts set superseded_at = 1, poll_at = null"
                " where order_id in (select id from orders where state = 'completed')"
            ),
        ]
    ],
    "no-refill-overdue": [[refill("sending", deadline="1")]],
    "open-refill-is-followed": [[refill("pending", due="null")], [refill("running", due="9000000000000000")]],
    "refill-ends-once": [[refill("rejected")], [refill("pending", ended="1")]],
}
"""Each promise, and what breaks just that one once nothing in the database stands in the way."""
