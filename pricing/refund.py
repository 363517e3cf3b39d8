"""How much is refunded: units that came back undelivered, and what they are worth; plain numbers in and out."""

from __future__ import annotations

from decimal import ROUND_FLOOR, Context, Decimal
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct

from pricing.money import divide_down
from pricing.parts import Parts

CancelMeans = Literal["full", "by_remains", "auto"]
"""What a provider means by cancelled: all comes back, what remains does, or its charge tells."""
Note = Literal["over_delivered", "clamped", "derived_from_charge", "completed_with_remains", "needs_owner"]

_EXACT: Final = Context(prec=60, rounding=ROUND_FLOOR, traps=[])
_SAME_CHARGE: Final = Decimal("0.999")
"""A cancelled order's charge above this part of the base tells nothing: panels round what they print."""


def target(charge: int, undelivered: int, quantity: int) -> int:
    """What must have been paid back by now, all told: charge x undelivered / quantity, rounded down.

    Units of 1e-8 of money; `quantity` in billed units, at least 1. Never below zero, never above the charge.
    """
    return divide_down(charge * min(max(undelivered, 0), quantity), quantity)


def due(charge: int, undelivered: int, quantity: int, refunded: int) -> int:
    """What is still to be paid back; zero when more was paid than is owed, as nothing is taken back."""
    return max(0, target(charge, undelivered, quantity) - refunded)


class Ending(StrEnum):
    """How the provider says that an order ended."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELLED = "cancelled"


class Report(Struct, frozen=True, kw_only=True):
    """All that is known about an ended order when its undelivered units are counted."""

    ending: Ending
    quantity: int
    """Billed units; 1 for a package."""
    remains: int | None
    """As the provider states it: may be negative or too large; None = not stated."""
    charge: Decimal | None
    """The provider's charge now, in its currency."""
    base_charge: Decimal | None
    """The charge of the whole order as it was stated while it was open; None = none that can be believed."""
    cancel_means: CancelMeans
    package: bool = False
    delivery_seen: bool = False
    """Some earlier reading showed that units had been delivered."""
    full_refund: bool = False
    """The provider's own word says that everything was refunded."""
    parts: Parts | None = None
    """Of a drip-feed or a subscription; its count may be unknown."""


class Undelivered(Struct, frozen=True):
    """How many units were not delivered."""

    units: int | None
    """None = no rule may decide: the order is held for its owner."""
    notes: tuple[Note, ...] = ()


def undelivered(report: Report) -> Undelivered:
    """The undelivered units of an ended order, 0..quantity (PROTOCOL.md, "How much was really not delivered")."""
    parts = report.parts
    counts = parts is not None and parts.counted is not None and not report.full_refund
    verdict = _read_parts(report, parts) if parts is not None and counts else _read_ending(report)
    return Undelivered(verdict.units, (*_note_remains(report), *verdict.notes))


def _read_parts(report: Report, parts: Parts) -> Undelivered:
    """However the end is called: the parts that never began, and what is known to be missing of the last one."""
    if not (parts.known or parts.subscription):
        return _read_unbegun(report)
    if report.ending is Ending.CANCELLED and report.charge == 0:
        return _all_by_charge(report)
    if report.ending is Ending.COMPLETED and parts.known == parts.bought:
        return _read_completed(report)
    told = _read_last_part(report, parts)
    if told is None and parts.known == parts.bought:
        return _read_completed(report) if parts.subscription else _read_partial(report)
    return told or Undelivered(parts.untouched)


def _read_unbegun(report: Report) -> Undelivered:
    """A drip-feed of which no run is counted, which some panels never do."""
    if report.ending is Ending.PARTIAL and report.remains is None:
        return _tell_by_charge(report) or Undelivered(report.quantity)
    return _read_ending(report)


def _read_last_part(report: Report, parts: Parts) -> Undelivered | None:
    """What remains say, or without them a reduced charge, of the part in which it ended; None where it does not fit."""
    if remains := _remains(report):
        return Undelivered(remains) if parts.holds(remains) else None
    told = _tell_by_charge(report)
    if told is None or told.units is None or not parts.holds(told.units):
        return None
    # Panels round what they print: a charge that is as good as one of whole parts is that.
    is_whole = abs(told.units - parts.untouched) * 100 <= parts.each
    return None if is_whole else told


def _read_ending(report: Report) -> Undelivered:
    match report.ending:
        case Ending.COMPLETED:
            return _read_completed(report)
        case Ending.PARTIAL:
            return _read_partial(report)
        case Ending.CANCELLED:
            return _read_cancelled(report)


def _read_completed(report: Report) -> Undelivered:
    many = _remains(report) * 10 >= report.quantity
    return Undelivered(0, ("completed_with_remains",) if many and not report.package else ())


def _read_partial(report: Report) -> Undelivered:
    if report.package:
        return _all_by_charge(report) if report.charge == 0 else _ask_owner()
    if _remains(report):
        return Undelivered(_remains(report))
    return _tell_by_charge(report) or _ask_owner()


def _read_cancelled(report: Report) -> Undelivered:
    everything = Undelivered(report.quantity)
    if report.full_refund or report.cancel_means == "full":
        return everything
    if report.cancel_means == "by_remains":
        return _read_cancelled_by_remains(report)
    if report.charge == 0:
        return _all_by_charge(report)
    if report.charge is not None and report.base_charge is None:
        return _ask_owner()
    return _cross_check(report) if _is_reduced(report) else everything


def _read_cancelled_by_remains(report: Report) -> Undelivered:
    """Nothing left of an order that had begun is a contradiction, which only the provider's charge can solve."""
    if _remains(report):
        return Undelivered(_remains(report))
    if not (report.delivery_seen or _is_over_delivered(report)):
        return Undelivered(report.quantity)
    if report.charge == 0:
        return _all_by_charge(report)
    return _tell_by_charge(report) or _ask_owner()


def _cross_check(report: Report) -> Undelivered:
    """Charge and remains must tell the same story to one part in a hundred; remains are then the exact number."""
    told = _tell_by_charge(report)
    if told is None or told.units is None:
        return _ask_owner()
    remains = _remains(report)
    if not remains:
        return told
    agree = abs(told.units - remains) * 100 <= max(report.quantity, 100)
    return Undelivered(remains) if agree else _ask_owner()


def _tell_by_charge(report: Report) -> Undelivered | None:
    """The share of the charge that the provider took back, in whole units; None if it tells of less than one."""
    charge, base = report.charge, report.base_charge
    if report.package or charge is None or base is None or not 0 < charge < base:
        return None
    returned = _EXACT.multiply(Decimal(report.quantity), _EXACT.subtract(base, charge))
    units = int(_EXACT.divide_int(returned, base))
    return Undelivered(units, ("derived_from_charge",)) if units else None


def _is_reduced(report: Report) -> bool:
    if report.charge is None or report.base_charge is None:
        return False
    return 0 < report.charge < _EXACT.multiply(report.base_charge, _SAME_CHARGE)


def _all_by_charge(report: Report) -> Undelivered:
    return Undelivered(report.quantity, ("derived_from_charge",))


def _ask_owner() -> Undelivered:
    return Undelivered(None, ("needs_owner",))


def _remains(report: Report) -> int:
    return min(max(report.remains or 0, 0), report.quantity)


def _is_over_delivered(report: Report) -> bool:
    return report.remains is not None and report.remains < 0


def _note_remains(report: Report) -> tuple[Note, ...]:
    if _is_over_delivered(report):
        return ("over_delivered",)
    too_many = report.remains is not None and report.remains > report.quantity
    return ("clamped",) if too_many and not report.package else ()
