"""Tells what changed between two sights of a service, as the feed of changes has it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from aggregator.catalog.model import Change, ChangeKind, ListingRow


def tell(before: ListingRow | None, now: ListingRow) -> list[Change]:
    """What a reseller or the owner would want to know; nothing where it cannot be sold, or only words were polished."""
    was_sold = before is not None and _is_sold(before)
    if before is None or not was_sold:
        kind = ChangeKind.NEW if before is None else ChangeKind.BACK
        return [Change(now.service, kind, "", now.rate or "", now.name)] if _is_sold(now) else []
    if not _is_sold(now):
        return [
            Change(now.service, ChangeKind.GONE, before.rate or "", "" if now.withdrawn else now.flaw or "", now.name)
        ]
    price = _tell_price(before, now)
    others = [
        Change(now.service, kind, old, new, now.name)
        for kind, say in _SAYINGS.items()
        if (old := say(before)) != (new := say(now))
    ]
    return [price, *others] if price else others


def _is_sold(row: ListingRow) -> bool:
    return not row.withdrawn and row.flaw is None


def _tell_price(before: ListingRow, now: ListingRow) -> Change | None:
    if before.rate == now.rate or not before.rate or not now.rate:
        return None
    kind = ChangeKind.DEARER if Decimal(now.rate) > Decimal(before.rate) else ChangeKind.CHEAPER
    return Change(now.service, kind, before.rate, now.rate, now.name)


def _say_limits(row: ListingRow) -> str:
    return f"{row.minimum}-{row.maximum or ''}"


def _say_flags(row: ListingRow) -> str:
    flags = {"refill": row.refill, "cancel": row.cancel, "dripfeed": row.dripfeed}
    return ", ".join(f"{name} {'yes' if on else 'no'}" for name, on in flags.items() if on is not None)


_SAYINGS: dict[ChangeKind, Callable[[ListingRow], str]] = {
    ChangeKind.TYPE: lambda row: row.type,
    ChangeKind.RENAMED: lambda row: row.name,
    ChangeKind.LIMITS: _say_limits,
    ChangeKind.FLAGS: _say_flags,
}
