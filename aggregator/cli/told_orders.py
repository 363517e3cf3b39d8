"""An order as its owner reads it: what it is, what was tried, what happened, and what a decision came to."""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.cli.printing import Row, aligned, plain

_ATTEMPT = ("at", "provider", "service", "outcome", "upstream_order", "cost", "error", "text")
_HISTORY = ("at", "state", "text")


def tell_order(row: Row) -> list[str]:
    """Lines: its facts, then a table of its attempts and one of its history."""
    facts = [
        [name.replace("_", " "), plain(value)]
        for name, value in row.items()
        if name not in ("order", "state", "attempts", "history") and value is not None
    ]
    return [
        f"order {row['order']}: {row['state']}",
        *(f"  {line}" for line in aligned(facts)),
        *_table("attempts", row["attempts"], _ATTEMPT),
        *_table("history", row["history"], _HISTORY),
    ]


def _table(title: str, rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    if not rows:
        return ["", f"{title}: none"]
    told = [name for name in columns if any(row[name] not in (None, "") for row in rows)]
    cells = [[name.replace("_", " ") for name in told], *([plain(row[name]) for name in told] for row in rows)]
    return ["", f"{title}:", *(f"  {line}" for line in aligned(cells))]


def tell_decision(row: Row, currency: str) -> str:
    return f"order {row['order']} is {row['state']}, refunded {row['refunded']} of {row['charge']} {currency}"


def tell_cancel(row: Row, currency: str, asking: str) -> str:
    """Whether it is over, or who is asked, as `asking` says, and what comes of that is still open."""
    if row["state"] == "cancelled":
        return f"order {row['order']} is cancelled: {row['refunded']} of {row['charge']} {currency} went back at once"
    paid = f"{row['refunded']} of {row['charge']} {currency} so far"
    return f"order {row['order']} is {row['state']}: {asking}; what is not delivered is refunded at its end ({paid})"
