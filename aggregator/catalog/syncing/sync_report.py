"""What came of a sync, in a line for the owner."""

from __future__ import annotations

from collections import Counter

from aggregator.catalog.syncing.sync import SyncReport
from providers.errors import Code

_REASONS = {
    Code.TRANSPORT: "nobody answers at its address",
    Code.KEY_INVALID: "it does not take our key",
    Code.ACCOUNT_BLOCKED: "it has blocked our account",
    Code.RATE_LIMIT: "it was asked too often",
    Code.MAINTENANCE: "it is under maintenance",
    Code.CATALOGUE_EMPTY: "it says that it sells nothing",
    Code.INTERNAL: "something is broken there",
    Code.UNKNOWN: "nobody can read what it answers",
}


def tell_sync(report: SyncReport) -> str:
    """One line, without its name: what was read and what of it counts, or why nothing does and what is in force."""
    if not report.failed:
        return f"{_tell_rows(report)}; {_tell_changes(report)}{_tell_undecided(report)}{_tell_balance(report)}"
    why = f"its catalogue is held: {report.held}" if report.held else _why(report)
    return f"{why}; {_in_force(report)}"


def _why(report: SyncReport) -> str:
    if report.code is None:
        return str(report.error)
    return _REASONS.get(report.code, str(report.error))


def _in_force(report: SyncReport) -> str:
    return "what was read before stays in force" if report.read_before else "nothing of it was ever read"


def _tell_rows(report: SyncReport) -> str:
    parts = [_counted(report.services, "row")]
    parts += [f"{count:,} cannot be sold: {reason}" for reason, count in Counter(report.unsold).most_common()]
    left = report.services - sum(report.unsold.values())
    told = ", ".join(parts)
    return f"{_counted(left, 'service')} ({told})" if parts[1:] else _counted(left, "service")


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what if count == 1 else what + 's'}"


def _tell_changes(report: SyncReport) -> str:
    counts = Counter(str(change.kind) for change in report.changes)
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or "nothing changed"


def _tell_undecided(report: SyncReport) -> str:
    """What is sold only once the owner has said what it is."""
    types = f"; of no known type, see type_words: {report.told_type_words}" if report.type_words else ""
    packages = f"; {_counted(report.ranged_packages, 'ranged package')}" if report.ranged_packages else ""
    return types + packages


def _tell_balance(report: SyncReport) -> str:
    return "; its balance could not be read" if report.balance_unread else ""
