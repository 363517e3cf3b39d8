"""The tenth step: only the orders of keys that look for repeats are in the index by which repeats are found.

Its entries lie anywhere among the others, so that each costs a page at every commit; most keys never look.
"""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table orders add column watched boolean not null default false",
        """
        update orders set watched = true
        where reseller in (select reseller from api_keys where duplicate_seconds > 0)
        """,
        "drop index orders_repeats",
        "create index orders_repeats on orders (reseller, payload, created_at) where watched",
    ]
