"""The promises about each entry: one of the ways that money can move, of whom it says, under its own reference."""

from __future__ import annotations

from aggregator.audit.facts import Facts
from aggregator.audit.promise import Promise
from aggregator.audit.scope import Scope
from aggregator.ledger.entries import EntryKind, reference_in_sql

_FACTS = """
select e.id as entry, e.reseller, e.order_id, e.reference, e.source, e.target, e.amount, e.decision,
       'wallet:' || e.reseller as wallet, o.id as known, o.reseller as owner
from entries e left join orders o on o.id = e.order_id
    and o.id between (select min(x.order_id + 0) from entries x where {x.id})
                 and (select max(x.order_id + 0) from entries x where {x.id})
where {e.id}
"""
"""The span of a page's orders is said, so that PostgreSQL need not look through all orders for each page; with + 0 it
finds the span on the page, too, and not in the index of all.
"""
_CHARGE = reference_in_sql(EntryKind.CHARGE, "order_id")
_EARNED = reference_in_sql(EntryKind.EARNED, "order_id")
_REFUND = reference_in_sql(EntryKind.REFUND, "order_id", "'%'")
_DEPOSIT = reference_in_sql(EntryKind.DEPOSIT, "'%'", "'%'")
_DEPOSIT_OF_ITS_GATEWAY = reference_in_sql(EntryKind.DEPOSIT, "substr(source, 9)", "'%'")
_ADJUSTMENT = reference_in_sql(EntryKind.ADJUSTMENT, "decision")
_IS_OF_A_KIND = f"""
case when target = 'escrow' then source = wallet and reference = {_CHARGE}
     when source = 'escrow' and target = 'revenue' then reference = {_EARNED}
     when source in ('escrow', 'revenue')
     then target = wallet and reference like {_REFUND}
     when substr(source, 1, 8) = 'gateway:'
     then target = wallet and order_id is null and reference like {_DEPOSIT}
     else order_id is null and reference = {_ADJUSTMENT}
          and ((source = 'adjustment' and target = wallet) or (source = wallet and target = 'adjustment')) end
"""
_SHOWN = ("entry", "reference", "source", "target", "amount")

ENTRIES = Facts(
    _FACTS,
    Scope.entries,
    (
        Promise(
            id="M4",
            name="entry-is-of-a-kind",
            sentence="every entry is one of the ways that money can move, between the accounts of that way",
            breach=f"amount <= 0 or not coalesce(({_IS_OF_A_KIND}), false)",
            shows=_SHOWN,
        ),
        Promise(
            id="M8",
            name="entry-is-of-its-order",
            sentence="every entry of an order is of the reseller whose order it is",
            breach="order_id is not null and (known is null or reseller is null or owner <> reseller)",
            shows=(*_SHOWN, "owner"),
        ),
        Promise(
            id="M10",
            name="deposit-is-of-its-gateway",
            sentence="every deposit came from the gateway that its reference names",
            breach=f"substr(source, 1, 8) = 'gateway:' and reference not like {_DEPOSIT_OF_ITS_GATEWAY}",
            shows=_SHOWN,
        ),
    ),
)
