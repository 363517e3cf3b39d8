"""What a provider's refusal tells of a service, against what it publishes; believed for a while, then asked again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog.model import Learned, ListingRow
from aggregator.storage.clock import DAY_MS

PAUSES_MS = (7 * DAY_MS, 14 * DAY_MS, 28 * DAY_MS)
"""How long the first refusal is believed, the next one after it was asked again, and every further one."""


class FindingKind(StrEnum):
    """What was told, against which column of the listing."""

    REFILL = "refill"
    CANCEL = "cancel"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


class Finding(Struct, frozen=True, kw_only=True):
    """A row of findings; times in milliseconds since 1970."""

    id: int
    provider: str
    service: str
    """Their id."""
    kind: FindingKind
    value: int | None
    """Units, of a limit."""
    said: str
    """The refusal, secrets masked."""
    times: int
    learned_at: int
    again_at: int
    """From then on what the provider publishes counts again, until it refuses once more."""

    def holds(self, now: int) -> bool:
        return now < self.again_at

    @property
    def text(self) -> str:
        """For the owner."""
        if self.kind in (FindingKind.REFILL, FindingKind.CANCEL):
            return f"no {self.kind.value}s"
        return f"{self.kind.value} {self.value}"


def again_at(now: int, *, times: int) -> int:
    """When what was told for the so manieth time in a row is asked again."""
    return now + PAUSES_MS[min(times, len(PAUSES_MS)) - 1]


def laid_over(known: Learned, found: Iterable[Finding], *, now: int) -> Learned:
    """What is known of a service, with what holds of its findings."""
    holding = {one.kind: one for one in found if one.holds(now)}
    least, most = holding.get(FindingKind.MINIMUM), holding.get(FindingKind.MAXIMUM)
    return replace(
        known,
        refill_refused=FindingKind.REFILL in holding,
        cancel_refused=FindingKind.CANCEL in holding,
        minimum=least.value if least else None,
        maximum=most.value if most else None,
    )


def published_anew(before: Mapping[str, ListingRow], rows: Iterable[ListingRow]) -> dict[str, list[FindingKind]]:
    """By service what its provider publishes otherwise now: a flag that it sets, a limit that it moves."""
    told = {row.service: _anew(before[row.service], row) for row in rows if row.service in before}
    return {service: kinds for service, kinds in told.items() if kinds}


def _anew(before: ListingRow, now: ListingRow) -> list[FindingKind]:
    changed = {
        FindingKind.REFILL: bool(now.refill) and not before.refill,
        FindingKind.CANCEL: bool(now.cancel) and not before.cancel,
        FindingKind.MINIMUM: now.minimum != before.minimum,
        FindingKind.MAXIMUM: now.maximum != before.maximum,
    }
    return [kind for kind, is_new in changed.items() if is_new]
