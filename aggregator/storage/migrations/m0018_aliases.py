"""The eighteenth step: the alias that an order was asked for by, and the listings behind each service that was told."""

from __future__ import annotations


def statements(_: bool) -> list[str]:
    """The step's SQL, alike on both engines."""
    return [
        "alter table orders add column asked_service bigint",
        "alter table shelf_lines add column offers text not null default '[]'",
    ]
