"""The nineteenth step: how many units a package was ordered as, and of how many units a service takes multiples."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table attempts add column package_units bigint",
        "alter table listings add column step bigint",
    ]
