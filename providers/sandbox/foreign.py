"""Orders of somebody else, as a careless panel lists them beside its customer's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

LONG_AGO = timedelta(days=30)
FIRST = 900_000_001
"""Where their ids begin."""


class Like(NamedTuple):
    """What an order of the customer's own is for."""

    service: str = "1"
    link: str = "https://x.example/theirs"
    quantity: str = "100"


def foreign_rows(count: int, newest: Sequence[Like], *, status: str, currency: str) -> list[dict[str, Any]]:
    """So many, placed long ago, and like our newest in turn: only who minds dates tells them apart.

    Nothing of them is in the book.
    """
    likes = newest or [Like()]
    return [
        {
            "order": FIRST + number,
            **likes[number % len(likes)]._asdict(),
            "status": status,
            "charge": "1",
            "remains": "0",
            "currency": currency,
            "created": write_date(datetime.now(UTC) - LONG_AGO),
        }
        for number in range(count)
    ]


def write_date(moment: datetime) -> str:
    """As most panels do, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"
