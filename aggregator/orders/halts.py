"""Payment freeze: what a red audit concerns is neither sent out nor paid back until an audit is green again.

The question is part of the writes themselves, the one that lets an order leave and the one that ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from aggregator.storage.tables import Halt

NOT_HALTED = (
    "not exists (select 1 from halts where halts.order_id = orders.id or halts.reseller = orders.reseller"
    " or (halts.order_id is null and halts.reseller is null))"
)
"""A condition for a write to `orders`."""


class Concerned(Struct, frozen=True):
    """A reseller's orders, one order, or everything."""

    reseller: int | None = None
    order: int | None = None


async def replace(audit: int, concerned: Mapping[str, set[Concerned]], *, lifts: bool) -> bool:
    """Let that stand still, inside the transaction of the caller; whether anything may go on that stood still.

    `lifts` = what stood still before, and is not named any more, goes on.
    """
    before = await Halt.select(Halt.promise, Halt.reseller, Halt.order_id)
    stood = {(row["promise"], row["reseller"], row["order_id"]) for row in before}
    named = {(promise, one.reseller, one.order) for promise, ones in concerned.items() for one in ones}
    if lifts:
        await Halt.delete(force=True)
    new = named if lifts else named - stood
    for promise, reseller, order in sorted(new, key=str):
        await Halt.insert(Halt(audit=audit, promise=promise, reseller=reseller, order_id=order))
    return lifts and bool(stood - named)


async def why(reseller: int, order: int | None = None) -> str | None:
    """Why what a reseller orders, or this order, stands still, in a sentence; None where it does not."""
    concerned = (Halt.reseller == reseller) | (Halt.order_id.is_null() & Halt.reseller.is_null())
    if order is not None:
        concerned |= Halt.order_id == order
    rows = await Halt.select(Halt.promise, Halt.order_id, Halt.reseller).where(concerned).order_by(Halt.id)
    if not rows:
        return None
    broken = sorted({f"{row['promise']} ({_about(row)})" for row in rows})
    return f"{', '.join(broken)}: neither sent out nor paid back by itself until an audit is green"


def _about(row: dict[str, Any]) -> str:
    if row["order_id"] is not None:
        return "this order"
    return "everything" if row["reseller"] is None else "its reseller"


async def standing() -> dict[str, list[Concerned]]:
    """What stands still, by the promise that is broken."""
    found: dict[str, list[Concerned]] = {}
    for row in await Halt.select().order_by(Halt.id):
        found.setdefault(row["promise"], []).append(Concerned(row["reseller"], row["order_id"]))
    return found
