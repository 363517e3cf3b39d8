"""The fifteenth step: cancels that are asked again, and ids that a provider gives a second time.

A provider's order belongs to one attempt among those that are followed: whose watch is over, its id may come again.
"""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table attempts add column cancel_due_at bigint",
        "alter table attempts add column cancel_asks integer not null default 0",
        "alter table attempts add column cancel_answer text",
        "alter table attempts add column given_order text",
        "alter table attempts add column superseded_at bigint",
        "alter table providers add column ids_restarted_at bigint",
        # Nobody wrote down which of these were taken: each is asked once more.
        """
        update attempts set cancel_asks = 1, cancel_due_at = cancel_at
        where cancel_at is not null and outcome = 'accepted'
        and order_id in (select id from orders where cancel_wish and state = 'active')
        """,
        "drop index attempts_upstream",
        """
        create unique index attempts_upstream on attempts (provider, upstream_order)
        where poll_at is not null and upstream_order is not null
        """,
        "create index attempts_named on attempts (provider, upstream_order) where upstream_order is not null",
    ]
