"""Refills: a reseller asks, the worker sends once, the provider decides; answers come from our own rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog
from msgspec.structs import replace

from aggregator.catalog.shelf.shelf import NOBODY, Shelf
from aggregator.catalog.syncing.off_sale import offers_refill
from aggregator.catalog.upstream import cooldown, words
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.errors import OrderNotFound, RefillRefusal, RefillRefused
from aggregator.orders import attempt_store, refill_store, store
from aggregator.orders.model import Attempt, Order
from aggregator.orders.refill_store import RefillChanges, RefillRow, RefillState
from aggregator.orders.state import OrderState, Outcome
from aggregator.orders.upstream_ids import account_door_store, reuse_store
from aggregator.settings import PaceSettings
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused, Unreachable, Unsure
from providers.reading.error_texts import names_a_service
from providers.vocabulary import Capability, Refill, RefillPhase

log = structlog.get_logger(__name__)

AT_ONCE = 50
GRACE_MS = 2_000
CONTESTED_MS = 60_000
"""Before it is looked again whether an id is an order's alone."""
ASK_LATER = frozenset({Code.RATE_LIMIT, Code.MAINTENANCE, Code.KEY_INVALID, Code.ACCOUNT_BLOCKED, Code.FUNDS})
"""Refusals of the moment: the refill is sent later."""
PHASES = {
    RefillPhase.PENDING: RefillState.PENDING,
    RefillPhase.IN_PROGRESS: RefillState.RUNNING,
    RefillPhase.COMPLETED: RefillState.COMPLETED,
    RefillPhase.REJECTED: RefillState.REJECTED,
}
TAKEN = (RefillState.PENDING, RefillState.RUNNING)
HANGS_MS = 30 * DAY_MS
"""A refill of this age is asked about once a day, gives way to a new one, and is sent no more."""
LONGEST_MS = 90 * DAY_MS
"""A refill that has not ended by then is taken for one that never will."""
Takes: TypeAlias = Callable[[str], bool]
"""Whether the provider of this name is one of ours and takes refills at all."""


async def request_refill(
    reseller: int, order_id: int, takes: Takes = lambda _: True, shelf: Shelf | None = None
) -> int:
    """Record the wish; its id. We refuse only what we know: not delivered, not offered, nobody to ask, one running.

    Where the service is sold with refills (by `shelf`), a no is about this order alone.
    Raises `OrderNotFound` and `RefillRefused`; windows and cool-downs are the provider's to refuse.
    """
    order = (await store.of_reseller(reseller, [order_id])).get(order_id)
    if order is None:
        raise OrderNotFound
    if order.state not in (OrderState.COMPLETED, OrderState.PARTIAL):
        raise RefillRefused(RefillRefusal.NOT_COMPLETED)
    served = [one for one in await attempt_store.of_order(order_id) if one.outcome is Outcome.ACCEPTED]
    if not served:
        raise RefillRefused(RefillRefusal.DISABLED)
    await _check_offer(order, served[-1], takes, shelf)
    await refill_store.drop_hanging(order_id, before=clock.now() - HANGS_MS)
    refill = await refill_store.insert(served[-1], reseller)
    if refill is None:
        raise RefillRefused(RefillRefusal.RUNNING)
    return refill


async def _check_offer(order: Order, served: Attempt, takes: Takes, shelf: Shelf | None) -> None:
    """Old panels refill whole orders without saying so; one that came in part only where refills are offered."""
    offered = takes(served.provider) and await offers_refill(served.provider, served.service)
    if offered is False:
        raise RefillRefused(RefillRefusal.OF_ORDER if _is_sold_with(order, shelf) else RefillRefusal.DISABLED)
    if offered is None and order.state is OrderState.PARTIAL:
        raise RefillRefused(RefillRefusal.NOT_COMPLETED)
    if served.superseded_at is not None:
        # Its id there is another order's: that one would be refilled.
        raise RefillRefused(RefillRefusal.EXPIRED)


def _is_sold_with(order: Order, shelf: Shelf | None) -> bool:
    service = shelf.get(order.service) if shelf is not None else None
    return service is not None and service.terms(NOBODY).refill


class Refiller:
    """Sends and follows refills, a provider at a time."""

    def __init__(self, upstreams: Upstreams, pace: PaceSettings, shelf: Callable[[], Shelf]) -> None:
        self._upstreams = upstreams
        self._pace = pace
        self._shelf = shelf

    def takes(self, provider: str) -> bool:
        """Whether refills can be sent to the provider of this name: it is one of ours, and has them."""
        adapter = self._upstreams.adapter(provider)
        return adapter is not None and Capability.REFILL in adapter.capabilities

    async def request(self, reseller: int, order_id: int) -> int:
        """`request_refill` by what is known of our providers now."""
        return await request_refill(reseller, order_id, self.takes, self._shelf())

    async def drop_gone(self) -> None:
        """Reject what waits at providers that are none of ours any more: it can neither be sent nor be heard of."""
        if dropped := await refill_store.reject_elsewhere([one.profile.name for one in self._upstreams]):
            log.warning("refills.provider_gone", refills=dropped)

    async def run_once(self, provider: str) -> None:
        """Send what is requested, ask about what was taken, and give up what nobody will ever know."""
        adapter = self._upstreams.adapter(provider)
        if adapter is None:
            await self.drop_gone()
            return
        rows = [row for row in await refill_store.due(provider, AT_ONCE) if not await _given_up(row)]
        rows = await self._at_home(adapter, rows)
        for row in rows:
            if row.state is RefillState.REQUESTED:
                await self._send(adapter, row)
        await self._follow(adapter, [row for row in rows if row.state in TAKEN])

    async def _at_home(self, adapter: Adapter, rows: Sequence[RefillRow]) -> list[RefillRow]:
        """Those of orders at the account of today; the others wait until somebody says that it is the same."""
        if not rows:
            return []
        doors = await account_door_store.doors_of(adapter.profile)
        through = await attempt_store.doors_of([row.attempt for row in rows])
        away = [row for row in rows if not doors.lead_to(through[row.attempt])]
        for row in away:
            target = RefillState.REJECTED if clock.now() - row.created_at > LONGEST_MS else row.state
            later = RefillChanges(due_at=clock.now() + self._pace.breaker_ms)
            await refill_store.advance(row.id, [row.state], target, later)
        return [row for row in rows if row not in away]

    async def _send(self, adapter: Adapter, row: RefillRow) -> None:
        if not await attempt_store.decides(row.attempt, late=True):
            await _keep_back(row)
            return
        deadline = clock.now() + adapter.profile.timeout_ms + GRACE_MS
        changes = RefillChanges(deadline_at=deadline, due_at=deadline)
        if not await refill_store.advance(row.id, [RefillState.REQUESTED], RefillState.SENDING, changes):
            return
        attempt = next(one for one in await attempt_store.of_order(row.order_id) if one.id == row.attempt)
        try:
            taken = await adapter.refill(attempt.upstream_order or "")
        except ProviderError as error:
            await self._not_taken(row, attempt, error)
        else:
            await self._taken(row, taken)

    async def _taken(self, row: RefillRow, taken: Refill) -> None:
        changes = RefillChanges(upstream_refill=taken.reference, due_at=self._soon())
        await refill_store.advance(row.id, [RefillState.SENDING, RefillState.UNSURE], RefillState.PENDING, changes)

    async def _not_taken(self, row: RefillRow, attempt: Attempt, error: ProviderError) -> None:
        await words.note_error(row.provider, error)
        told = RefillChanges(error=str(error.code))
        if isinstance(error, Unsure):
            later = replace(told, due_at=clock.now() + DAY_MS)
            await refill_store.advance(row.id, [RefillState.SENDING], RefillState.UNSURE, later)
        elif isinstance(error, Unreachable) or error.code in ASK_LATER:
            later = replace(told, due_at=clock.now() + self._pace.breaker_ms)
            await refill_store.advance(row.id, [RefillState.SENDING], RefillState.REQUESTED, later)
        else:
            await refill_store.advance(row.id, [RefillState.SENDING], RefillState.REJECTED, told)
        if error.code is Code.REFILL_DISABLED and names_a_service(error.text):
            await cooldown.note_refusal(attempt.provider, attempt.service, refill=True, said=error.text)

    async def _follow(self, adapter: Adapter, rows: Sequence[RefillRow]) -> None:
        by_reference = {row.upstream_refill: row for row in rows if row.upstream_refill is not None}
        try:
            phases = await adapter.refill_statuses(list(by_reference)) if by_reference else {}
        except ProviderError as error:
            log.warning("refills.unreadable", provider=adapter.profile.name, code=error.code)
            phases = {}
        await words.note_answers(adapter.profile.name, phases.values())
        for row in rows:
            await self._conclude(row, phases.get(row.upstream_refill or ""))

    async def _conclude(self, row: RefillRow, phase: RefillPhase | Refused | None) -> None:
        age = clock.now() - row.created_at
        target = _target(row, phase, age)
        told = RefillChanges(due_at=clock.now() + self._pause(age))
        if target is RefillState.REJECTED and not isinstance(phase, RefillPhase):
            told = replace(told, error=str(phase.code) if phase is not None else refill_store.NO_END)
        await refill_store.advance(row.id, [row.state], target, told)

    def _soon(self) -> int:
        return clock.now() + self._pause(0)

    def _pause(self, age: int) -> int:
        if age >= HANGS_MS:
            return DAY_MS
        factor = 4 if age < DAY_MS // 12 else 120
        return self._pace.poll_ms * factor


def _target(row: RefillRow, phase: RefillPhase | Refused | None, age: int) -> RefillState:
    """What becomes of a refill of this age (milliseconds), by what its provider says of it."""
    state = PHASES.get(phase, row.state) if isinstance(phase, RefillPhase) else row.state
    if state is RefillState.PENDING:  # no step back from what its reseller was told
        state = row.state
    if state not in TAKEN:
        return state
    if row.upstream_refill is None and age > DAY_MS:
        # The provider gave no id to ask about: a day later it has either refilled or never will.
        return RefillState.COMPLETED
    unknown = isinstance(phase, Refused) and phase.code is Code.REFILL_NOT_FOUND and age > DAY_MS
    return RefillState.REJECTED if unknown or age > LONGEST_MS else state


async def _keep_back(row: RefillRow) -> None:
    """Another order has the id, or may have it: whose refill this would be nobody knows."""
    [attempt] = [one for one in await attempt_store.of_order(row.order_id) if one.id == row.attempt]
    if attempt.superseded_at is not None:
        await reuse_store.drop_refills([attempt.id])
        return
    later = RefillChanges(due_at=clock.now() + CONTESTED_MS)
    await refill_store.advance(row.id, [RefillState.REQUESTED], RefillState.REQUESTED, later)


async def _given_up(row: RefillRow) -> bool:
    """Whether nothing is to be sent or asked any more.

    What nobody answered is never sent again, a day later its reseller may ask anew; what found no moment for a month
    is not sent at all.
    """
    if row.state is RefillState.SENDING:
        later = RefillChanges(due_at=clock.now() + DAY_MS)
        await refill_store.advance(row.id, [RefillState.SENDING], RefillState.UNSURE, later)
        return True
    late = row.state is RefillState.REQUESTED and clock.now() - row.created_at > HANGS_MS
    if row.state is RefillState.UNSURE or late:
        await refill_store.advance(row.id, [row.state], RefillState.REJECTED)
        return True
    return False
