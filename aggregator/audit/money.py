"""The promises about money: every cent is where the entries say, every order is charged once and refunded exactly."""

from __future__ import annotations

from aggregator.audit.promise import Promise, query
from aggregator.storage.tables import Order
from pricing.money import divide_up
from pricing.refund import target

_PAGE = 20_000


async def _wrong_sums() -> list[str]:
    """In Python's integers: products of money pass 63 bits, where SQLite would silently turn to fractions."""
    wrong: list[str] = []
    last = 0
    columns = (
        Order.id, Order.rate, Order.rate_per, Order.quantity, Order.charge, Order.refunded, Order.undelivered,
    )  # fmt: skip
    while rows := await Order.select(*columns).where(Order.id > last).order_by(Order.id).limit(_PAGE):
        for row in rows:
            charge = divide_up(row["rate"] * row["quantity"], row["rate_per"])
            due = target(row["charge"], row["undelivered"], row["quantity"])
            if charge != row["charge"]:
                wrong.append(f"order {row['id']}, charge {row['charge']}, by its rate {charge}")
            if due != row["refunded"]:
                wrong.append(f"order {row['id']}, refunded {row['refunded']}, due {due}")
        last = rows[-1]["id"]
    return wrong


_ENTRY_FITS = """
    (reference like 'deposit:%' and source like 'gateway:%' and target = 'wallet:' || reseller)
 or (reference = 'order:' || order_id || ':charge' and source = 'wallet:' || reseller and target = 'escrow')
 or (reference like 'order:' || order_id || ':refund:%' and source in ('escrow', 'revenue')
     and target = 'wallet:' || reseller)
 or (reference = 'order:' || order_id || ':earned' and source = 'escrow' and target = 'revenue')
 or (reference = 'adjust:' || decision and 'adjustment' in (source, target)
     and 'wallet:' || reseller in (source, target))
"""

PROMISES: list[Promise] = [
    query(
        "wallet-equals-entries",
        "every wallet holds exactly what its entries moved",
        """select r.id as wallet, w.balance as holds, coalesce(e.moved, 0) as moved from resellers r
           left join wallets w on w.reseller = r.id left join
           (select reseller, sum(case when target = 'wallet:' || reseller then amount
                                      when source = 'wallet:' || reseller then -amount else 0 end) as moved
            from entries group by reseller) e on e.reseller = r.id
           where w.balance is null or w.balance <> coalesce(e.moved, 0)""",
    ),
    query(
        "no-negative-wallet",
        "no wallet is below zero",
        "select reseller as wallet, balance from wallets where balance < 0",
    ),
    query(
        "entry-is-of-a-kind",
        "every entry is one of the ways that money can move, between the accounts of that way",
        "select id as entry, reference, source, target from entries"
        f" where amount <= 0 or not coalesce(({_ENTRY_FITS}), false)",
    ),
    query(
        "statement-adds-up",
        "the newest line of each statement shows what the wallet holds",
        """select e.reseller as wallet, e.balance as told, w.balance as holds from entries e
           join wallets w on w.reseller = e.reseller
           where e.id in (select max(id) from entries where balance is not null group by reseller)
           and e.balance <> w.balance""",
    ),
    query(
        "charged-once",
        "every order was charged exactly once, its charge, from the wallet of its reseller",
        """select o.id as order_id, o.charge, count(e.id) as entries, coalesce(sum(e.amount), 0) as taken from orders o
           left join entries e on e.order_id = o.id and e.source like 'wallet:%'
           group by o.id, o.charge, o.reseller
           having count(e.id) <> 1 or coalesce(sum(e.amount), 0) <> o.charge or min(e.reseller) <> o.reseller""",
    ),
    query(
        "refund-entries",
        "what an order counts as refunded is what its entries paid back to its reseller, never above the charge",
        """select o.id as order_id, o.refunded, coalesce(sum(e.amount), 0) as paid from orders o
           left join entries e on e.order_id = o.id and e.target like 'wallet:%'
           group by o.id, o.refunded, o.charge, o.reseller
           having coalesce(sum(e.amount), 0) <> o.refunded or o.refunded > o.charge
           or min(e.reseller) <> o.reseller or max(e.reseller) <> o.reseller""",
    ),
    query(
        "escrow-is-open-charges",
        "escrow holds the whole charge of each open order and nothing of an ended one",
        """select o.id as order_id, o.state, o.charge, coalesce(e.held, 0) as held from orders o left join
           (select order_id, sum(case when target = 'escrow' then amount when source = 'escrow' then -amount
                             else 0 end) as held from entries group by order_id) e on e.order_id = o.id
           where coalesce(e.held, 0) <> case when o.ended_at is null then o.charge else 0 end""",
    ),
    Promise(
        "exact-sums",
        "every charge is its rate times its quantity rounded up, every refund its undelivered share rounded down",
        _wrong_sums,
    ),
]
