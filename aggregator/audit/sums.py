"""The promises that need products: every charge, refund and cost to the last digit, in Python's integers.

Products of money pass 63 bits, where SQLite would silently turn to fractions. The database only passes over the rows
whose products fit and agree; all others are judged here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal, InvalidOperation
from typing import Any

from aggregator.audit.facts import Told, on_page
from aggregator.audit.promise import Breach, Promise, Stops
from aggregator.audit.scope import Scope
from aggregator.storage.tables import Signal
from pricing.money import SCALE, divide_up
from pricing.refund import target

_CHARGE = Promise(
    id="M9",
    name="exact-charge",
    sentence="every charge is its stored rate times its quantity, rounded up, and never nothing",
)
_REFUND = Promise(
    id="M7",
    name="exact-refund",
    sentence="what was paid back is the undelivered share of the charge, rounded down",
)
_COST = Promise(
    id="M20",
    name="cost-by-stored-rate",
    sentence="what an order costs in another currency came in at the rate of exchange that its attempt holds",
    stops=Stops.NOTHING,
)
_DOUBTFUL = """
select o.id, o.reseller, o.rate, o.rate_per, o.quantity, o.charge, o.refunded, o.undelivered from orders o
where {o.id} and not coalesce(
    case when o.rate between 0 and 1099511627776 and o.quantity between 1 and 4194304
              and o.charge between 1 and 1099511627776 and o.undelivered between 0 and o.quantity
         then o.charge = (o.rate * o.quantity + o.rate_per - 1) / o.rate_per
              and o.refunded = o.charge * o.undelivered / o.quantity
         else false end, false)
"""
_FOREIGN = """
select a.id, a.order_id, a.cost, a.cost_theirs, a.fx from attempts a join orders o on o.id = a.order_id
join wallets w on w.reseller = o.reseller where {a.order_id} and a.currency <> w.currency
"""


class Sums:
    """Judges what the database cannot be trusted to multiply."""

    promises = (_CHARGE, _REFUND, _COST)

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        async for page in scope.orders():
            for row in await Signal.raw(on_page(_DOUBTFUL, page)):
                for breach in _judge(row):
                    yield breach
            for row in await Signal.raw(on_page(_FOREIGN, page)):
                if not _is_cost(row):
                    text = f"attempt {row['id']}, cost {row['cost']}, theirs {row['cost_theirs']}, fx {row['fx']}"
                    yield Breach(_COST.name, text, None, row["order_id"])


def _judge(row: dict[str, Any]) -> list[Breach]:
    numbers = [row[name] for name in ("rate", "rate_per", "quantity", "charge", "refunded", "undelivered")]
    if not all(isinstance(number, int) for number in numbers) or row["rate_per"] <= 0 or row["quantity"] <= 0:
        return [Breach(_CHARGE.name, f"order {row['id']}, numbers {numbers}", row["reseller"], row["id"])]
    found = []
    charge = divide_up(row["rate"] * row["quantity"], row["rate_per"])
    if row["charge"] != charge or charge <= 0:
        found.append((_CHARGE, f"charge {row['charge']}, by its rate {charge}"))
    due = target(row["charge"], row["undelivered"], row["quantity"])
    # More than the charge breaks another promise, refunds-within-charge.
    if due != row["refunded"] <= row["charge"]:
        found.append((_REFUND, f"refunded {row['refunded']}, due {due}"))
    return [Breach(p.name, f"order {row['id']}, {text}", row["reseller"], row["id"]) for p, text in found]


def _is_cost(row: dict[str, Any]) -> bool:
    """Theirs was rounded to eight places: ours may be off by half of one, times the rate."""
    try:
        theirs, rate = Decimal(row["cost_theirs"]), Decimal(row["fx"])
    except InvalidOperation:
        return False
    return rate > 0 and abs(theirs * rate * SCALE - row["cost"]) <= rate + 1
