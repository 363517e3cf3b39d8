"""The eighth step: the figures of each day that is over, so that nobody counts a million orders again to see them."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        """create table days (
    start bigint primary key,
    orders bigint,
    charged bigint,
    revenue bigint,
    refunded bigint,
    cost bigint,
    late_refunded bigint not null,
    late_cost bigint not null
)"""
    ]
