"""Fail-over: decides where an order goes next, and what follows from a provider's answer to an `add`.

Only *refused for sure* and *never sent* go on to another provider. A refusal about the order spends that provider
for it; one about the account or the moment only postpones (providers/PROTOCOL.md, "Verdict on an add").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from aggregator.orders.model import Attempt, Order
from aggregator.orders.state import Outcome
from pricing.route import Route
from providers.errors import Code, ProviderError, Unreachable

ABOUT_THE_ORDER = frozenset(
    {Code.LINK_INVALID, Code.PARAMS, Code.QTY_MIN, Code.QTY_MAX, Code.SERVICE_GONE, Code.TOO_LARGE}
)
ABOUT_THE_OFFER = frozenset({Code.QTY_MIN, Code.QTY_MAX, Code.SERVICE_GONE})
"""Refusals that say nothing of the provider's other services."""
TRIED_TWICE = frozenset({Code.LINK_INVALID, Code.PARAMS})
"""What a second provider says as well is true."""

FIRST_PAUSE_MS = 2_000
LONGEST_PAUSE_MS = 300_000


class Blocks(Struct, frozen=True):
    """What the attempts so far say against each provider, or (provider, service), for this order."""

    spent: frozenset[tuple[str, str | None]]
    postponed_until: dict[str, int]
    """When a provider that refused for the moment may be asked again."""

    def is_spent(self, provider: str, service: str) -> bool:
        return (provider, None) in self.spent or (provider, service) in self.spent


def blocks(attempts: Iterable[Attempt]) -> Blocks:
    """Read the attempts of one order, oldest first."""
    spent: set[tuple[str, str | None]] = set()
    times: dict[str, int] = {}
    until: dict[str, int] = {}
    for attempt in attempts:
        if attempt.outcome is Outcome.CALLED_OFF or attempt.error in ABOUT_THE_ORDER:
            spent.add((attempt.provider, attempt.service if attempt.error in ABOUT_THE_OFFER else None))
        elif attempt.outcome in (Outcome.REFUSED, Outcome.NOT_SENT, Outcome.ABSENT):
            times[attempt.provider] = times.get(attempt.provider, 0) + 1
            pause = min(FIRST_PAUSE_MS * 2 ** min(times[attempt.provider] - 1, 20), LONGEST_PAUSE_MS)
            until[attempt.provider] = (attempt.answered_at or attempt.created_at) + pause
    return Blocks(frozenset(spent), until)


class Go(Struct, frozen=True):
    """Place it there now."""

    route: Route


class Wait(Struct, frozen=True):
    """Nobody can take it now; look again then (milliseconds since 1970)."""

    until: int
    reason: str


class GiveUp(Struct, frozen=True):
    """Nobody will take it: cancel and refund, with a reason for the owner."""

    reason: str


Next = Go | Wait | GiveUp


class Queues(Struct, frozen=True):
    """How long an order sent to a provider now would wait for its turn, and how long that is worth the lower price."""

    wait_ms: Mapping[str, int]
    """By provider; none where there is room."""
    patience_ms: int


NO_QUEUES = Queues({}, 0)


def choose(
    order: Order,
    attempts: Sequence[Attempt],
    routes: Sequence[Route],
    *,
    now: int,
    give_up_ms: int,
    queues: Queues = NO_QUEUES,
    unsold: str = "no offer",
) -> Next:
    """Where a queued order goes: to the cheapest that can take it, if its turn there comes soon enough.

    `unsold` is why there may be no route at all.
    """
    hopeless = _hopeless(order, attempts)
    if hopeless is not None:
        return GiveUp(hopeless)
    usable = [route for route in routes if route.usable]
    if usable:
        soon = (route for route in usable if queues.wait_ms.get(route.offer.provider, 0) <= queues.patience_ms)
        return Go(next(soon, usable[0]))
    reason = "; ".join(f"{route.offer.provider}: {route.reason}" for route in routes) or unsold
    if routes and all(route.permanent for route in routes):
        return GiveUp(reason)
    if now - order.created_at >= give_up_ms:
        return GiveUp(f"nobody could take it in time ({reason})")
    return Wait(_look_again(order, attempts, now), reason)


def _hopeless(order: Order, attempts: Sequence[Attempt]) -> str | None:
    """Why an order should not be tried anywhere again."""
    if order.cancel_wish:
        return "cancelled by the reseller"
    told_twice = [a for a in attempts if a.outcome is Outcome.REFUSED and a.error in TRIED_TWICE]
    if len({attempt.provider for attempt in told_twice}) > 1:
        return f"two providers refused it: {told_twice[-1].error}"
    return None


def _look_again(order: Order, attempts: Sequence[Attempt], now: int) -> int:
    pause = min(max(now - order.created_at, FIRST_PAUSE_MS) // 2, LONGEST_PAUSE_MS)
    soonest = [moment for moment in blocks(attempts).postponed_until.values() if moment > now]
    return min([now + pause, *soonest])


def outcome_of(error: ProviderError) -> Outcome:
    """What an error of an `add` makes of the attempt: only the error itself knows whether another may be tried."""
    if not error.may_try_another:
        return Outcome.UNSURE
    return Outcome.NOT_SENT if isinstance(error, Unreachable) else Outcome.REFUSED
