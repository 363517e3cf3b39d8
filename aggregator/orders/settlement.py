"""Decides what a piece of progress changes: the next state, undelivered units, what is announced, what is held.

Unknown means open: a word nobody knows, an error word or an unreadable amount settles nothing (design of refunds:
providers/PROTOCOL.md, "Money"). A terminal answer is confirmed by an equal one before money moves.
"""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from aggregator.orders.model import Attempt, Order
from aggregator.orders.state import OrderState, Outcome, ended_as
from pricing import refund
from providers.vocabulary import Phase, Progress

OPEN_PHASES = (Phase.PENDING, Phase.PROCESSING, Phase.IN_PROGRESS)
UNDER_WAY = {phase: phase for phase in OPEN_PHASES} | {Phase.PAUSED: Phase.IN_PROGRESS}
"""What a reseller is told: a pause upstream may be temporary, and chained panels take "paused" as an end."""
ENDINGS = {
    Phase.COMPLETED: refund.Ending.COMPLETED,
    Phase.PARTIAL: refund.Ending.PARTIAL,
    Phase.CANCELLED: refund.Ending.CANCELLED,
}


class Rules(Struct, frozen=True):
    """What the configuration says about settling."""

    cancel_means: refund.CancelMeans
    confirm_ms: int


class Announce(Struct, frozen=True):
    """The order is under way: what its reseller is told. Clears any first sight."""

    phase: Phase
    remains: int
    start_count: int | None
    delivery_seen: bool


class Sight(Struct, frozen=True):
    """A terminal answer was seen for the first time: remember it and ask again after the confirm time."""

    sight: str
    start_count: int | None


class Finish(Struct, frozen=True):
    """The order ends, or an ended one lost more of its delivery."""

    state: OrderState
    undelivered: int
    start_count: int | None
    notes: tuple[str, ...]


class Hold(Struct, frozen=True):
    """No rule may decide: the owner must."""

    reason: str


class Keep(Struct, frozen=True):
    """Nothing changes; `note` is for the order's history, once."""

    note: str | None = None


Settlement = Announce | Sight | Finish | Hold | Keep


def decide(order: Order, attempt: Attempt, progress: Progress, *, rules: Rules, now: int) -> Settlement:
    """What follows from `progress` for an order that is active or has ended."""
    if attempt.outcome is not Outcome.ACCEPTED:
        return Keep()
    if progress.phase in ENDINGS:
        return _ending(order, attempt, progress, rules, now)
    if order.state.ended:
        return Keep("the provider took the order up again" if progress.phase in UNDER_WAY else None)
    if progress.phase in UNDER_WAY:
        return _announce(order, progress, UNDER_WAY[progress.phase])
    if progress.phase is Phase.ERROR:
        return Hold(f"the provider says {progress.word or 'error'}")
    return Keep(f"the provider says {progress.word!r}, a word that nobody knows")


def _announce(order: Order, progress: Progress, phase: Phase) -> Announce:
    remains = order.remains if progress.remains is None else min(max(progress.remains, 0), order.quantity)
    moving = phase is Phase.IN_PROGRESS and progress.remains is not None
    delivered = moving and 0 < remains < order.quantity
    return Announce(phase, remains, _start(order, progress), order.delivery_seen or delivered)


def _start(order: Order, progress: Progress) -> int | None:
    return order.start_count if order.start_count is not None else progress.start_count


def _ending(order: Order, attempt: Attempt, progress: Progress, rules: Rules, now: int) -> Settlement:
    verdict = refund.undelivered(_report(order, attempt, progress, rules))
    if verdict.units is not None and verdict.units <= order.undelivered and order.state.ended:
        less = verdict.units < order.undelivered
        return Keep("the provider took an undelivered part back" if less else None)
    if not _confirmed(order, progress, rules, now):
        return Sight(seen(progress), _start(order, progress))
    if verdict.units is None:
        return Hold(f"the provider says {progress.phase}, and nothing tells how much was not delivered")
    state = ended_as(undelivered=verdict.units, quantity=order.quantity)
    return Finish(state, verdict.units, _start(order, progress), verdict.notes)


def _report(order: Order, attempt: Attempt, progress: Progress, rules: Rules) -> refund.Report:
    return refund.Report(
        ending=ENDINGS[progress.phase],
        quantity=order.quantity,
        remains=progress.remains,
        charge=progress.charge,
        base_charge=attempt.base_charge,
        cancel_means=rules.cancel_means,
        package=order.rate_per == 1,
        delivery_seen=order.delivery_seen or order.state is OrderState.COMPLETED,
        full_refund=progress.full_refund,
    )


def _confirmed(order: Order, progress: Progress, rules: Rules, now: int) -> bool:
    if rules.confirm_ms == 0:
        return True
    # Two readings of the same second sight may come from one glance of the provider's cache: time must have passed.
    waited = order.sight_at is not None and now - order.sight_at >= rules.confirm_ms
    return waited and order.sight == seen(progress)


def seen(progress: Progress) -> str:
    """A terminal answer as it is remembered: equal only when status and remains are."""
    return f"{progress.phase}:{'' if progress.remains is None else progress.remains}"


def highest(attempt: Attempt, charge: Decimal | None) -> str | None:
    """The highest charge seen so far, as kept on the attempt."""
    if charge is None or charge <= 0:
        return attempt.highest_charge
    known = Decimal(attempt.highest_charge) if attempt.highest_charge else Decimal(0)
    return str(max(known, charge)) if known or charge else None
