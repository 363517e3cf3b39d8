"""Decides what a fresh catalogue changes, and whether it may be believed at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.model import ListingRow
from providers.vocabulary import Listing

SHRINK_PERCENT = 30
"""A catalogue that lost more than this since the last good one is not believed."""
SMALL = 5
"""Below so many services a share says nothing."""


class Change(Struct, frozen=True):
    """One line of what a sync changed, for people."""

    service: str
    kind: str
    """new, gone, back, dearer, cheaper, or changed"""
    before: str
    now: str


class Difference(Struct, frozen=True, kw_only=True):
    rows: list[ListingRow]
    """Only those that must be written."""
    changes: list[Change]
    held: str | None = None
    """Why nothing of it is believed."""


def compare(old: Mapping[str, ListingRow], fresh: Iterable[Listing], provider: str) -> Difference:
    """Old rows by the provider's id against a good, non-empty answer (a repeated id: the last wins)."""
    new = {listing.service: as_row(listing, provider) for listing in fresh}
    listed = sum(1 for row in old.values() if not row.withdrawn)
    if listed >= SMALL and len(new) * 100 < listed * (100 - SHRINK_PERCENT):
        return Difference(rows=[], changes=[], held=f"the catalogue shrank from {listed} services to {len(new)}")
    rows = [row for service, row in new.items() if old.get(service) != row]
    absent = [replace(row, missing=row.missing + 1) for service, row in old.items() if service not in new]
    # What has long been withdrawn is not counted on for ever.
    counted = [row for row in absent if not old[row.service].withdrawn]
    changes = [change for row in rows if (change := _told(old.get(row.service), row))]
    gone = [Change(row.service, "gone", row.name, "") for row in counted if row.withdrawn]
    return Difference(rows=rows + counted, changes=changes + gone)


def as_row(listing: Listing, provider: str) -> ListingRow:
    """A listing as it is kept."""
    return ListingRow(
        provider=provider, service=listing.service, name=listing.name, category=listing.category,
        type=listing.type.value, rate=_plain(listing.rate), currency=listing.currency,
        minimum=listing.minimum, maximum=listing.maximum, refill=listing.refill, cancel=listing.cancel,
        dripfeed=listing.dripfeed, description=listing.description, flaw=listing.flaw, missing=0,
    )  # fmt: skip


def _plain(rate: Decimal | None) -> str | None:
    """Without exponents and trailing zeros, so that equal prices are equal texts."""
    if rate is None:
        return None
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _told(before: ListingRow | None, now: ListingRow) -> Change | None:
    if before is None:
        return Change(now.service, "new", "", now.name)
    if before.withdrawn:
        return Change(now.service, "back", "", now.name)
    if before.rate != now.rate and before.rate and now.rate:
        kind = "dearer" if Decimal(now.rate) > Decimal(before.rate) else "cheaper"
        return Change(now.service, kind, before.rate, now.rate)
    if replace(before, missing=0) == now:
        return None
    fields = [name for name in ListingRow.__struct_fields__ if getattr(before, name) != getattr(now, name)]
    return Change(now.service, "changed", *(_values(row, fields) for row in (before, now)))


def _values(row: ListingRow, fields: list[str]) -> str:
    return ", ".join(f"{name} {getattr(row, name)}"[:80] for name in fields)
