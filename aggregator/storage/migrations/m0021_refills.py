"""The twenty-first step: refills that nobody asked about any more, and the size of a request that is too large.

A provider that answers HTTP 413 is sent nothing as large again.
"""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        # Earlier versions left a refill alone after thirty days, open for ever.
        "update refills set due_at = 0 where due_at is null and ended_at is null",
        "alter table providers add column too_large bigint",
        "alter table providers add column too_large_at bigint",
    ]
