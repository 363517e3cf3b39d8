"""Notices a provider that serves more of a drip-feed or a subscription than was bought, and calls that off.

Units that nobody pays for are the owner's cost for as long as the provider goes on, so this is decided by rule: what
two readings agree on is asked to be cancelled there, and where that is no way to end it, the service goes off sale and
its owner is alarmed (`alarms`). The reseller has what was paid for, and is told nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import structlog

from aggregator.catalog.syncing import off_sale
from aggregator.orders import store
from aggregator.orders.attempt_store import Followed
from aggregator.orders.following import overserving_store
from aggregator.orders.following.overserving_store import Noted
from aggregator.orders.model import Attempt, Order
from aggregator.orders.settling.settlement import ENDINGS, UNDER_WAY
from aggregator.storage import clock
from aggregator.storage.clock import HOUR_MS
from providers.vocabulary import Phase, Progress, ServiceType

log = structlog.get_logger(__name__)

STOPS_WITHIN_MS = HOUR_MS
"""How long a provider that was asked to call an order off may go on."""


def units_beyond(order: Order, progress: Progress) -> int:
    """Units of runs or posts that nobody bought; 0 also where a few too many came in those that were bought.

    Of a subscription that states no posts, or units of a whole post too many, negative remains tell as well.
    """
    subscription = order.type == ServiceType.SUBSCRIPTIONS
    if not (subscription or order.drip_feed):
        return 0
    counted = progress.posts if subscription else progress.runs
    by_count = 0 if counted is None else max(counted - order.runs, 0) * order.per_run
    too_many = max(-(progress.remains or 0), 0) if subscription else 0
    return max(by_count, too_many if counted is None or too_many >= order.per_run else 0)


def judge(order: Order, attempt: Attempt, progress: Progress, *, confirm_ms: int, now: int) -> Noted | None:
    """What a reading changes on its attempt; None where that is nothing.

    Two readings, so far apart, agree on the first where the second says as much or more: what was served stays so.
    """
    beyond = units_beyond(order, progress)
    agreed = _agreed(attempt, beyond, confirm_ms, now)
    known = max(attempt.overserved, agreed)
    seen, seen_at = _sight(attempt, beyond, agreed, now) if beyond > known else (0, None)
    is_sure = known > 0 and beyond > 0
    noted = Noted(attempt.id, known, seen, seen_at, _is_to_be_called_off(attempt, progress.phase, is_sure=is_sure))
    return None if noted == overserving_store.noted(attempt) else noted


def _agreed(attempt: Attempt, beyond: int, confirm_ms: int, now: int) -> int:
    if confirm_ms == 0:
        return beyond
    waited = attempt.overserved_at is not None and now - attempt.overserved_at >= confirm_ms
    return attempt.overserved_seen if waited and beyond >= attempt.overserved_seen else 0


def _sight(attempt: Attempt, beyond: int, agreed: int, now: int) -> tuple[int, int | None]:
    """The first reading, which waits for another one."""
    waits = not agreed and 0 < attempt.overserved_seen <= beyond
    return (attempt.overserved_seen, attempt.overserved_at) if waits else (beyond, now)


def _is_to_be_called_off(attempt: Attempt, phase: Phase, *, is_sure: bool) -> bool:
    """Until it has ended there."""
    return phase not in ENDINGS and (attempt.call_off or (is_sure and phase in UNDER_WAY))


async def take_in(one: Followed, progress: Progress, *, confirm_ms: int) -> bool:
    """Keep what a reading says of this; whether it should be asked about again soon."""
    now = clock.now()
    noted = judge(one.order, one.attempt, progress, confirm_ms=confirm_ms, now=now)
    if noted is not None and not await overserving_store.note(one.attempt, noted):
        return True
    after = noted or overserving_store.noted(one.attempt)
    if after.call_off:
        await _call_off(one, after, is_new=not one.attempt.call_off, now=now)
    return after.seen_at is not None


async def _call_off(one: Followed, noted: Noted, *, is_new: bool, now: int) -> None:
    attempt = one.attempt
    if is_new:
        log.warning("order.overserved", order=one.order.id, provider=attempt.provider, units=noted.known)
        text = f"{attempt.provider} has served {noted.known} units more than were bought: called off there, by rule"
        await store.note(one.order.id, one.order.state, text)
    asked_in_vain = attempt.cancel_at is not None and now - attempt.cancel_at >= STOPS_WITHIN_MS
    if asked_in_vain or (is_new and not await off_sale.may_be_cancelled(attempt.provider, attempt.service)):
        await give_up([attempt])


async def give_up(attempts: Iterable[Attempt]) -> None:
    """Their provider does not call them off: of those that are overserved, no more of the service is sold."""
    for attempt in attempts:
        if await overserving_store.note_unstopped(attempt.id):
            reason = f"it serves more than was bought, and does not stop: order {attempt.upstream_order} there"
            await off_sale.take_off_sale(attempt.provider, attempt.service, reason)
