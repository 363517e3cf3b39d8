"""Decides what a piece of progress changes: the next state, the refund of undelivered units, what is announced or held.

Unknown means open: a word nobody knows, an error word or an unreadable amount settles nothing (design of refunds:
providers/PROTOCOL.md, "Money"). A terminal answer is confirmed by an equal one before money moves.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Struct

from aggregator.orders.model import Attempt, Order
from aggregator.orders.settling.start_counts import start_count
from aggregator.orders.state import OrderState, Outcome, ended_as
from pricing import refund
from pricing.parts import Parts
from providers.vocabulary import Phase, Progress, ServiceType

OPEN_PHASES = (Phase.PENDING, Phase.PROCESSING, Phase.IN_PROGRESS)
"""In the order in which an order goes through them."""
UNDER_WAY = {phase: phase for phase in OPEN_PHASES} | {Phase.PAUSED: Phase.IN_PROGRESS}
"""What a reseller is told: a pause upstream may be temporary, and chained panels take "paused" as an end."""
ENDINGS = {
    Phase.COMPLETED: refund.Ending.COMPLETED,
    Phase.PARTIAL: refund.Ending.PARTIAL,
    Phase.CANCELLED: refund.Ending.CANCELLED,
    Phase.EXPIRED: refund.Ending.PARTIAL,
}


class Rules(Struct, frozen=True):
    """What the configuration says about settling."""

    cancel_means: refund.CancelMeans
    confirm_ms: int
    call_off_times: int = 1
    """So many times `confirm_ms` the word must stand that a whole order was called off."""

    def wait_ms(self, order: Order, progress: Progress, undelivered: int | None) -> int:
        """How long an ending must have been seen before it is believed."""
        called_off = progress.phase is Phase.CANCELLED or undelivered == order.quantity
        return self.confirm_ms * (self.call_off_times if called_off else 1)


class Announce(Struct, frozen=True):
    """The order is under way: what its reseller is told. Clears any first sight."""

    phase: Phase
    remains: int
    runs_done: int | None
    start_count: int | None
    delivery_seen: bool


def is_told(order: Order, announce: Announce) -> bool:
    """Whether the order says all of this already, so that nothing needs to be written."""
    says = (order.phase, order.remains, order.runs_done, order.start_count, order.delivery_seen)
    return order.sight is None and order.held is None and says == msgspec.structs.astuple(announce)


def is_known(order: Order, progress: Progress, cached: bytes | None) -> bool:
    """Whether an order under way was told of in these very words before (`cached`, as JSON)."""
    plain = order.sight is None and order.held is None
    return plain and progress.phase in OPEN_PHASES and cached == msgspec.json.encode(progress)


class Sight(Struct, frozen=True):
    """A terminal answer was seen for the first time: remember it and ask again after the confirm time."""

    sight: str
    start_count: int | None


class Finish(Struct, frozen=True):
    """The order ends, or an ended one lost more of its delivery."""

    state: OrderState
    undelivered: int
    runs_done: int | None
    start_count: int | None
    notes: tuple[str, ...]


class HoldForOwner(Struct, frozen=True):
    """No rule may decide: the owner must."""

    reason: str


class Keep(Struct, frozen=True):
    """Nothing changes; `note` is for the order's history, once."""

    note: str | None = None


Settlement = Announce | Sight | Finish | HoldForOwner | Keep


def decide(order: Order, attempt: Attempt, progress: Progress, *, rules: Rules, now: int) -> Settlement:
    """What follows from `progress` for an order that is active or has ended."""
    if attempt.outcome is not Outcome.ACCEPTED:
        delivers = progress.phase in (Phase.IN_PROGRESS, Phase.COMPLETED, Phase.PARTIAL)
        return Keep(f"{attempt.provider} delivers an attempt given up, at the owner's cost" if delivers else None)
    if progress.phase in ENDINGS:
        return _ending(order, attempt, progress, rules, now)
    if order.state.ended:
        return Keep("the provider took the order up again" if progress.phase in UNDER_WAY else None)
    if progress.phase in UNDER_WAY:
        return _announce(order, progress, UNDER_WAY[progress.phase])
    if progress.phase is Phase.ERROR:
        return HoldForOwner(f"the provider says {progress.word or 'error'}")
    return Keep(f"the provider says {progress.word!r}, a word that nobody knows")


def _announce(order: Order, progress: Progress, phase: Phase) -> Announce:
    """No step back from what was announced: providers flap, and the next one begins anew.

    What a provider has not begun it has not delivered, whatever it says to remain: some say "0" then.
    """
    told = None if phase is Phase.PENDING else remains_of(order, progress)
    left = order.remains if told is None else min(max(told, 0), order.quantity)
    delivered = phase is Phase.IN_PROGRESS and told is not None and 0 < left < order.quantity
    seen_now = order.delivery_seen or delivered
    # A drip-feed counts a run when it begins: while it is under way its units are not there yet.
    only_begun = progress.remains is None and order.type != ServiceType.SUBSCRIPTIONS
    remains = order.remains if only_begun else left
    furthest = max(order.phase, phase, key=OPEN_PHASES.index)
    return Announce(furthest, remains, _runs_done(order, progress), start_count(order, progress), seen_now)


def _parts(order: Order, progress: Progress) -> Parts | None:
    """The runs of a drip-feed or the posts of a subscription, with the count that its provider states."""
    if order.type == ServiceType.SUBSCRIPTIONS:
        return Parts(quantity=order.quantity, bought=order.runs, counted=progress.posts, subscription=True)
    if order.runs > 1:
        return Parts(quantity=order.quantity, bought=order.runs, counted=progress.runs)
    return None


def remains_of(order: Order, progress: Progress) -> int | None:
    """As stated where that may be so, else by the runs or posts that were counted."""
    parts = _parts(order, progress)
    states_units = progress.remains is not None and order.type != ServiceType.SUBSCRIPTIONS
    return progress.remains if parts is None or states_units else parts.left(progress.remains)


def _runs_done(order: Order, progress: Progress) -> int | None:
    """Runs or posts that have begun: as counted, or as what remains tells. What has begun stays so."""
    parts = _parts(order, progress)
    told = None if parts is None else parts.begun(progress.remains)
    known = [count for count in (order.runs_done, told) if count is not None]
    return max(known, default=None)


def _ending(order: Order, attempt: Attempt, progress: Progress, rules: Rules, now: int) -> Settlement:
    verdict = refund.undelivered(_report(order, attempt, progress, rules))
    if verdict.units is not None and verdict.units <= order.undelivered and order.state.ended:
        less = verdict.units < order.undelivered
        return Keep("the provider took an undelivered part back" if less else None)
    if not _confirmed(order, progress, rules.wait_ms(order, progress, verdict.units), now):
        return Sight(seen(progress), start_count(order, progress))
    if verdict.units is None:
        return HoldForOwner(f"the provider says {progress.phase}, and nothing tells how much was not delivered")
    state = ended_as(undelivered=verdict.units, quantity=order.quantity)
    return Finish(state, verdict.units, _runs_done(order, progress), start_count(order, progress), verdict.notes)


def _report(order: Order, attempt: Attempt, progress: Progress, rules: Rules) -> refund.Report:
    own = attempt.outcome is Outcome.ACCEPTED
    return refund.Report(
        ending=ENDINGS[progress.phase],
        quantity=order.quantity,
        remains=progress.remains,
        charge=charge_of(attempt, progress),
        base_charge=attempt.refund_base,
        cancel_means=rules.cancel_means,
        package=order.rate_per == 1,
        delivery_seen=own and (order.delivery_seen or order.state is OrderState.COMPLETED),
        full_refund=progress.full_refund,
        parts=_parts(order, progress),
    )


def returned(order: Order, attempt: Attempt, progress: Progress, rules: Rules) -> int | None:
    """Units that came back to us by this word, where the order does not tell it; None = as it tells.

    An order tells of the attempt that it is settled by, and only what its reseller was paid back: a provider that
    takes an undelivered part back later, or an order that it had called off, costs what its reseller keeps as well.
    """
    if progress.phase in ENDINGS:
        return _returned_at_end(order, attempt, progress, rules)
    charge = charge_of(attempt, progress) or 0
    taken_up = attempt.outcome is Outcome.CALLED_OFF and progress.phase in UNDER_WAY and charge > 0
    return 0 if taken_up else attempt.returned


def _returned_at_end(order: Order, attempt: Attempt, progress: Progress, rules: Rules) -> int | None:
    units = refund.undelivered(_report(order, attempt, progress, rules)).units
    if attempt.outcome is Outcome.ACCEPTED:
        return units if order.state.ended and units is not None and units < order.undelivered else None
    if units is None:
        units = order.quantity if charge_of(attempt, progress) == 0 else 0
    usual = order.quantity if attempt.outcome is Outcome.CALLED_OFF else 0
    return None if units == usual else units


def _confirmed(order: Order, progress: Progress, wait_ms: int, now: int) -> bool:
    if wait_ms == 0:
        return True
    # Two readings of the same second sight may come from one glance of the provider's cache: time must have passed.
    waited = order.sight_at is not None and now - order.sight_at >= wait_ms
    return waited and order.sight == seen(progress)


def seen(progress: Progress) -> str:
    """A terminal answer as it is remembered: equal only when status and remains are."""
    told = (progress.remains, progress.runs, progress.posts)
    return ":".join([progress.phase, *("" if count is None else str(count) for count in told)])


def charge_of(attempt: Attempt, progress: Progress) -> Decimal | None:
    """The provider's charge, unless it is in another currency than the order was bought in; 0 is 0 in any."""
    foreign = progress.currency is not None and progress.currency != attempt.currency
    return None if foreign and progress.charge else progress.charge


def highest(attempt: Attempt, charge: Decimal | None) -> str | None:
    """The highest charge seen so far, as kept on the attempt."""
    if charge is None or charge <= 0:
        return attempt.highest_charge
    known = Decimal(attempt.highest_charge) if attempt.highest_charge else Decimal(0)
    return str(max(known, charge)) if known or charge else None
