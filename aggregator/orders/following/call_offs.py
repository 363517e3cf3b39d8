"""Tells when a provider delivers or charges what it had called off, and when its call-offs are not believed any more.

An order that was called off is bought elsewhere; where the first provider delivers it after all, it is paid for twice
(providers/PROTOCOL.md, "How much was really not delivered").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import structlog

from aggregator.orders.attempt_store import Followed
from aggregator.orders.following import call_off_store
from aggregator.orders.model import Attempt, Order
from aggregator.orders.settling.settlement import charge_of, remains_of
from aggregator.orders.state import Outcome
from aggregator.storage import clock, signals
from aggregator.storage.clock import DAY_MS
from aggregator.storage.transaction import write
from providers.errors import Refused
from providers.vocabulary import Phase, Progress

log = structlog.get_logger(__name__)

MOST_REVIVED = 3
MOST_PERCENT, FEWEST_CALLED_OFF = 1, 100
"""A share is judged only of so many: of fewer, one that came alive would be more than one in a hundred."""
DAYS_MS = 30 * DAY_MS
DOUBTED_TIMES = 10
"""So many times `confirm_seconds` the word of a provider must stand whose call-offs are not believed."""


def trusts_call_offs(*, revived: int, called_off: int) -> bool:
    """Whether what a provider calls off may be bought elsewhere, by how many of its call-offs came alive again.

    Both are counted over `DAYS_MS`; `revived` only since somebody looked.
    """
    many_enough = called_off >= FEWEST_CALLED_OFF
    often = many_enough and revived * 100 >= called_off * MOST_PERCENT
    return revived == 0 or not (often or revived >= MOST_REVIVED)


def is_revived(order: Order, attempt: Attempt, progress: Progress) -> bool:
    """Whether a provider delivers, or charges for, what it had called off.

    A charge beside "cancelled" tells nothing by itself, since some panels leave it as it was: it must have been 0.
    """
    if attempt.outcome is not Outcome.CALLED_OFF:
        return False
    remains, charge = remains_of(order, progress), charge_of(attempt, progress)
    match progress.phase:
        case Phase.COMPLETED:
            return True
        case Phase.IN_PROGRESS:
            return remains is not None and 0 < remains < order.quantity
        case Phase.PARTIAL | Phase.EXPIRED:
            delivered = remains is None or remains < order.quantity
            return (delivered and charge != 0) or _is_charged_anew(attempt, charge)
        case Phase.CANCELLED:
            return _is_charged_anew(attempt, charge)
    return False


def _is_charged_anew(attempt: Attempt, charge: Decimal | None) -> bool:
    return bool(charge) and attempt.last_charge is not None and not Decimal(attempt.last_charge)


async def note_revived(
    provider: str, followed: Sequence[Followed], readings: Mapping[str, Progress | Refused]
) -> list[int]:
    """Write down what came alive, and that the provider's call-offs are doubted where that is too much; the attempts.

    Not inside a transaction.
    """
    found = [
        one.attempt.id
        for one in followed
        if one.attempt.revived_at is None
        and isinstance(told := readings.get(one.attempt.upstream_order or ""), Progress)
        and is_revived(one.order, one.attempt, told)
    ]
    if not found:
        return []

    async def work() -> tuple[list[int], bool]:
        revived = await call_off_store.revive(found)
        return revived, bool(revived) and await _doubt(provider)

    revived, doubted = await write(work)
    if doubted:
        log.warning("provider.call_offs_doubted", provider=provider, revived=revived)
    return revived


async def _doubt(provider: str) -> bool:
    """Whether the provider's call-offs are doubted from now on, and were not before."""
    revived, called_off = await call_off_store.count(provider, since=clock.now() - DAYS_MS)
    if trusts_call_offs(revived=revived, called_off=called_off) or not await call_off_store.doubt(provider):
        return False
    await signals.raise_signal(signals.CATALOGUE)
    return True
