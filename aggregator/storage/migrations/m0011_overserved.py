"""The eleventh step: what a provider serves beyond what was bought, and which of that is to be called off."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table attempts add column overserved bigint not null default 0",
        "alter table attempts add column overserved_seen bigint not null default 0",
        "alter table attempts add column overserved_at bigint",
        "alter table attempts add column call_off boolean not null default false",
        "alter table attempts add column unstopped_at bigint",
        "create index attempts_call_off on attempts (provider) where call_off",
    ]
