"""Decides what a fresh catalogue changes, what of it waits for the owner, and whether it may be believed at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import findings
from aggregator.catalog.findings import FindingKind
from aggregator.catalog.model import MISSING_BEFORE_WITHDRAWN, Change, ChangeKind, Doubt, Hold, Learned, ListingRow
from aggregator.catalog.syncing import feed, holds
from providers.vocabulary import Listing

SHRINK_PERCENT = 30
"""A catalogue that lost more than this since the last good one is not believed."""
SMALL = 5
"""Below so many services a share says nothing."""
JUMP_PERCENT = 50
"""A price that changed by more, up or down, jumped."""
JUMPED_PERCENT = 30
"""Where more of the prices jumped at once, none is believed: a currency or a unit may have changed."""
FEW_PRICES = 20
"""Below so many prices that can be compared, each is judged by itself."""
USUAL_MAX_RISE_PERCENT = Decimal(100)


Doubted: TypeAlias = tuple[Doubt, str]
"""Why a whole catalogue is not believed: in one word, and in a sentence."""


class Difference(Struct, frozen=True, kw_only=True):
    rows: list[ListingRow]
    """Only those that must be written."""
    changes: list[Change]
    holds: dict[str, Hold | None] = {}
    """By their id: the new hold of each service whose hold changed, None = it has none any more."""
    anew: dict[str, list[FindingKind]] = {}
    """By their id: of what its provider publishes otherwise now, so that no earlier refusal counts."""
    held: str | None = None
    """Why nothing of it is believed, in words; None = it is."""
    doubt: Doubt | None = None
    """The same in one word."""


def compare(
    old: Mapping[str, ListingRow],
    fresh: Iterable[Listing],
    provider: str,
    *,
    learned: Mapping[str, Learned] | None = None,
    max_rise_percent: Decimal = USUAL_MAX_RISE_PERCENT,
    approved: bool = False,
    same_currency: bool = True,
) -> Difference:
    """Old rows by the provider's id against a good, non-empty answer (a repeated id: the last wins).

    `approved`: the owner lets this catalogue through, so only ids that mean other services now are held. Prices in
    another currency than before are compared with none: they are not sold before the owner agrees to that currency.
    """
    new = {listing.service: as_row(listing, provider) for listing in fresh}
    doubted = None if approved else _doubt(old, new, same_currency=same_currency)
    if doubted is not None:
        return Difference(rows=[], changes=[], doubt=doubted[0], held=doubted[1])
    earlier = {service: one.hold for service, one in (learned or {}).items()}
    present = _judge(old, new, earlier, max_rise_percent if same_currency and not approved else None)
    rows = [row for service, row in new.items() if old.get(service) != row]
    gone = _count_absent(old, new, at_once=approved)
    changes = [change for row in [*rows, *gone] for change in feed.tell(old.get(row.service), row)]
    told = [_tell_hold(new[service], earlier.get(service), hold) for service, hold in present.items()]
    return Difference(rows=rows + gone, changes=changes + told, holds=present, anew=findings.published_anew(old, rows))


def _doubt(old: Mapping[str, ListingRow], new: Mapping[str, ListingRow], *, same_currency: bool) -> Doubted | None:
    """Why a whole answer is not believed (PROTOCOL.md, "Catalogue", never wipe on a bad answer)."""
    listed = [row for row in old.values() if not row.withdrawn]
    if len(listed) >= SMALL and _is_more(len(listed) - len(new), SHRINK_PERCENT, len(listed)):
        return Doubt.SHRUNK, f"the catalogue shrank from {len(listed)} services to {len(new)}"
    pairs = [(row, new[row.service]) for row in listed if row.service in new]
    return _doubt_meanings(pairs) or (_doubt_prices(pairs) if same_currency else None)


def _doubt_meanings(pairs: list[tuple[ListingRow, ListingRow]]) -> Doubted | None:
    others = sum(1 for before, now in pairs if holds.is_another_service(before, now))
    if len(pairs) < FEW_PRICES or not _is_more(others, JUMPED_PERCENT, len(pairs)):
        return None
    return Doubt.RENUMBERED, f"ids mean other services for {others} of {len(pairs)}"


def _doubt_prices(pairs: list[tuple[ListingRow, ListingRow]]) -> Doubted | None:
    rises = [rise for before, now in pairs if (rise := holds.rise_percent(before, now)) is not None]
    up, down = (sum(1 for rise in rises if sign * rise > JUMP_PERCENT) for sign in (1, -1))
    if len(rises) < FEW_PRICES or not _is_more(up + down, JUMPED_PERCENT, len(rises)):
        return None
    told = f"{up + down} of {len(rises)} changed by more than {JUMP_PERCENT} %"
    return (Doubt.ROSE, f"prices rose: {told}, {up} of them up") if up else (Doubt.FELL, f"prices fell: {told}")


def _is_more(part: int, percent: int, whole: int) -> bool:
    return part * 100 > whole * percent


def _judge(
    old: Mapping[str, ListingRow],
    new: Mapping[str, ListingRow],
    earlier: Mapping[str, Hold | None],
    max_rise_percent: Decimal | None,
) -> dict[str, Hold | None]:
    """The holds that change, for what is listed now; without a limit prices are believed whatever they are."""
    changed: dict[str, Hold | None] = {}
    for service, row in new.items():
        before, hold = old.get(service), earlier.get(service)
        if before is None or (before == row and hold is None):
            continue
        found = holds.judge(hold.accepted if hold else before, row, max_rise_percent=max_rise_percent)
        if (now := holds.renew(hold, found, row, before=before)) != hold:
            changed[service] = now
    return changed


def _count_absent(old: Mapping[str, ListingRow], new: Mapping[str, ListingRow], *, at_once: bool) -> list[ListingRow]:
    """What a good answer did not have, counted on; what is withdrawn already is not counted on for ever."""
    least = MISSING_BEFORE_WITHDRAWN if at_once else 0
    return [
        replace(row, missing=max(row.missing + 1, least))
        for service, row in old.items()
        if service not in new and not row.withdrawn
    ]


def _tell_hold(row: ListingRow, earlier: Hold | None, hold: Hold | None) -> Change:
    return Change(row.service, ChangeKind.HELD, earlier.text if earlier else "", hold.text if hold else "", row.name)


def as_row(listing: Listing, provider: str) -> ListingRow:
    """A listing as it is kept."""
    return ListingRow(
        provider=provider,
        service=listing.service,
        name=listing.name,
        category=listing.category,
        type=listing.type.value,
        rate=_plain(listing.rate),
        currency=listing.currency,
        minimum=listing.minimum,
        maximum=listing.maximum,
        refill=listing.refill,
        cancel=listing.cancel,
        dripfeed=listing.dripfeed,
        description=listing.description,
        flaw=listing.flaw,
        missing=0,
    )


def _plain(rate: Decimal | None) -> str | None:
    """Without exponents and trailing zeros, so that equal prices are equal texts."""
    if rate is None:
        return None
    text = f"{rate:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
