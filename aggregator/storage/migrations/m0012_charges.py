"""The twelfth step: what providers state of their charges, what attempts are known to have cost, agreed prices."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table attempts add column stated_charges text",
        "alter table attempts add column spent bigint",
        "alter table attempts add column returned bigint",
        "alter table attempts add column overcharge text",
        "alter table attempts add column overcharged_at bigint",
        "alter table providers add column charge_digits integer not null default 0",
        "alter table listings add column agreed_rate text",
        "alter table listings add column agreed_over text",
        """
        create index attempts_overcharged on attempts (provider, overcharged_at) where overcharged_at is not null
        """,
    ]
