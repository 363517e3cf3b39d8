"""What the owner's console needs: forms that are used once, and the ways to find orders and decisions quickly."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "create table used_forms (token text primary key, at bigint not null)",
        "create index attempts_provider on attempts (provider, order_id)",
        "create index decisions_subject on decisions (subject, subject_id)",
    ]
