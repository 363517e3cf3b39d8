"""The states of an order and of an attempt, and what may follow what."""

from __future__ import annotations

from enum import StrEnum


def in_sql(*values: StrEnum) -> str:
    """What stands between the brackets of `in (...)`."""
    return ", ".join(f"'{value.value}'" for value in values)


class OrderState(StrEnum):
    QUEUED = "queued"
    PLACING = "placing"
    UNSURE = "unsure"
    ACTIVE = "active"
    COMPLETED = "completed"
    PARTIAL = "partial"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether money has been settled; later losses of delivery are still paid."""
        return self in ENDED


ENDED = frozenset({OrderState.COMPLETED, OrderState.PARTIAL, OrderState.CANCELLED})
OPEN = frozenset(OrderState) - ENDED
OPEN_IN_SQL = in_sql(*(state for state in OrderState if state in OPEN))
"""In the order of the indexes of open orders: SQLite takes one only where a question says just what it is of."""

MAY_FOLLOW: dict[OrderState, frozenset[OrderState]] = {
    OrderState.QUEUED: frozenset({OrderState.PLACING, OrderState.CANCELLED}),
    OrderState.PLACING: frozenset({OrderState.ACTIVE, OrderState.QUEUED, OrderState.UNSURE, OrderState.CANCELLED}),
    OrderState.UNSURE: frozenset({OrderState.ACTIVE, OrderState.QUEUED, OrderState.CANCELLED}),
    OrderState.ACTIVE: ENDED | {OrderState.QUEUED},
    OrderState.COMPLETED: frozenset({OrderState.PARTIAL, OrderState.CANCELLED}),
    OrderState.PARTIAL: frozenset({OrderState.PARTIAL, OrderState.CANCELLED}),
    OrderState.CANCELLED: frozenset(),
}


def ended_as(*, undelivered: int, quantity: int) -> OrderState:
    """The terminal state goes by undelivered units, whatever the provider called it."""
    if undelivered == 0:
        return OrderState.COMPLETED
    return OrderState.CANCELLED if undelivered >= quantity else OrderState.PARTIAL


class EventKind(StrEnum):
    """What a line of an order's history is, where anything follows from it."""

    STILL_UNSURE = "still_unsure"
    """The owner has been told that nobody knows what became of an add."""
    BY_CHARGE = "by_charge"
    """What was paid back was derived from the provider's charge."""
    START_COUNT = "start_count"
    """Its provider stated another start count than the first."""


class Outcome(StrEnum):
    """What became of one try at one provider."""

    PLACING = "placing"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SENT = "not_sent"
    UNSURE = "unsure"
    ABSENT = "absent"
    """The owner said that the provider does not have it."""
    WRITTEN_OFF = "written_off"
    CALLED_OFF = "called_off"
    """Accepted, then called off upstream before anything was delivered; the order went on elsewhere."""


DOUBTFUL = (Outcome.PLACING, Outcome.UNSURE)
"""Nobody knows yet whether the provider has it."""
DOUBTFUL_IN_SQL = in_sql(*DOUBTFUL)
LIVE = (*DOUBTFUL, Outcome.ACCEPTED)
"""The provider has it, or may have it: an order has at most one such attempt."""
LIVE_IN_SQL = in_sql(*LIVE)
