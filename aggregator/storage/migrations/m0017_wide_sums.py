"""The seventeenth step: kept sums get their upper half, and a run of the audit the reason why it did not end.

A sum that fits in its column still stands there by itself, so that nothing needs to be copied.
"""

from __future__ import annotations

_SUMS = {
    "audit_sums": ("moved",),
    "days": ("charged", "revenue", "refunded", "cost", "late_refunded", "late_cost"),
}


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    wide = [
        f"alter table {table} add column {name}_high bigint not null default 0"
        for table, names in _SUMS.items()
        for name in names
    ]
    return [*wide, "alter table audits add column failure text"]
