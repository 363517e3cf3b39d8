"""Which start count an order tells: providers print 0 until they have looked, and some state what they count now."""

from __future__ import annotations

from aggregator.orders.model import Order
from providers.vocabulary import Phase, Progress

MOST_NOTES = 20
"""Lines of an order's history about counts that are not told."""
_NOT_BEGUN = (Phase.PENDING, Phase.PROCESSING)
_UNDER_WAY = (*_NOT_BEGUN, Phase.IN_PROGRESS, Phase.PAUSED)


def start_count(order: Order, progress: Progress) -> int | None:
    """The first count above nothing, or another one while nothing is delivered; None = none was stated yet.

    Less than nothing is what some write who do not know.
    """
    known, said = order.start_count, progress.start_count
    if known is not None and known < 0:
        known = None
    if said is None or said < 0 or (said == 0 and known is not None):
        return known
    return said if not known or _is_untouched(order, progress) else known


def another_start(order: Order, progress: Progress) -> int | None:
    """What the provider states in place of the count that is told; None where it states nothing else."""
    said, told = progress.start_count or 0, start_count(order, progress)
    return said if said > 0 and said != told else None


def _is_untouched(order: Order, progress: Progress) -> bool:
    """Whether nothing is delivered, by what was announced and by this reading.

    What is pending has not begun, whatever its provider says to remain.
    """
    begun = order.phase not in _NOT_BEGUN and order.remains < order.quantity
    if order.delivery_seen or order.runs_done or begun or progress.runs or progress.posts:
        return False
    if progress.phase is Phase.PENDING or (progress.phase is Phase.PROCESSING and progress.remains is None):
        return True
    return progress.phase in _UNDER_WAY and progress.remains is not None and progress.remains >= order.quantity
