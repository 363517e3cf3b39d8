"""Decides which call to a provider gets the next turn while several kinds wait: writes first, but not only writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

WRITES_BEFORE_A_READ: Final = 4
"""While both wait, one turn of five is a read's; each other one once a kind of read is overdue by its whole period."""


def next_read(overdue: Mapping[str, float]) -> str | None:  # periods, not money
    """The kind of read that waits longest, measured by its own period; None where none waits."""
    return max(overdue, key=lambda kind: overdue[kind], default=None)


def is_turn_of_read(overdue: Mapping[str, float], *, writes_in_a_row: int) -> bool:  # periods, not money
    """Whether the next turn is a read's though writes wait.

    `overdue`: for each kind of read that waits, how many of its usual periods ago it had its last turn.
    """
    if not overdue:
        return False
    most = 1 if max(overdue.values()) >= 1 else WRITES_BEFORE_A_READ
    return writes_in_a_row >= most
