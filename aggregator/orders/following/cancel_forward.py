"""Passes cancels on to the providers, until each has taken or refused it; an order's later status alone decides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

import structlog

from aggregator.catalog import store as catalog_store
from aggregator.catalog.upstream import cooldown, words
from aggregator.orders.following import cancel_store, overserving, overserving_store
from aggregator.orders.following.cancel_store import CancelAnswer
from aggregator.orders.model import CANCEL_TAKEN, Attempt
from aggregator.orders.upstream_ids.account_doors import Doors
from aggregator.storage import clock
from providers.adapter import Adapter
from providers.errors import Code, ProviderError, Refused, Unreachable
from providers.reading.error_texts import names_a_service
from providers.reading.verdict import ABOUT_US, UNDECIDED
from providers.vocabulary import CancelRequested, Capability

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Cancels in one round."""
GRACE_MS = 2_000
ALONE_FROM = 2
"""So often an order was asked about beside others without an answer: from then on it is asked about alone."""
NOT_A_NO = ABOUT_US | UNDECIDED | {Code.BATCH_TOO_BIG}
"""After these an order may still be called off: its provider is asked again."""

Replies: TypeAlias = "Mapping[str, CancelRequested | Refused]"
NoteHealth: TypeAlias = "Callable[[str, ProviderError], Awaitable[None]]"


class CancelForwarder:
    """Asks one provider after the other to call off what nobody wants any more."""

    def __init__(self, note_call: NoteHealth) -> None:
        self._note_call = note_call

    async def run_once(self, adapter: Adapter, doors: Doors) -> None:
        """Every cancel whose turn it is at one account, in portions; trouble with one keeps no other."""
        name = adapter.profile.name
        wished = await cancel_store.pending_cancels(name, AT_ONCE, doors.all)
        overserved = [one for one in await overserving_store.to_call_off(name, AT_ONCE) if doors.lead_to(one.door)]
        waiting = list({one.id: one for one in (*wished, *overserved)}.values())
        for portion in _portions(waiting, _most(adapter)):
            if (await catalog_store.provider(name)).rest_until > clock.now():
                return
            if not await self._ask(adapter, portion):
                return

    async def _ask(self, adapter: Adapter, waiting: Sequence[Attempt]) -> bool:
        """Ask about these in one call; whether the provider may be asked about others now."""
        claimed = await cancel_store.claim(waiting, least_ms=_call_ms(adapter))
        if not claimed:
            return True
        try:
            replies = await adapter.cancel([_upstream_id(one) for one in claimed])
        except ProviderError as error:
            log.warning("cancel.failed", provider=adapter.profile.name, code=error.code, error=error.text)
            await self._note_call(adapter.profile.name, error)
            mine = {one.id for one in claimed}
            return await self._failed(adapter, claimed, [one for one in waiting if one.id in mine], error)
        await words.note_answers(adapter.profile.name, replies.values())
        await _conclude(claimed, replies)
        return True

    async def _failed(
        self, adapter: Adapter, claimed: Sequence[Attempt], before: Sequence[Attempt], error: ProviderError
    ) -> bool:
        """The call as a whole came to nothing; a batch's no is not believed, each is asked about alone then."""
        if isinstance(error, Unreachable):
            await cancel_store.release(before)
            return False
        if not isinstance(error, Refused) or error.code in ABOUT_US:
            await cancel_store.conclude([_unanswered(one, str(error.code)) for one in claimed])
            return not isinstance(error, Refused)
        if len(claimed) == 1:
            await _conclude(claimed, {_upstream_id(claimed[0]): error})
            return True
        await cancel_store.release(before)
        for one in before:
            if not await self._ask(adapter, [one]):
                return False
        return True


async def _conclude(claimed: Sequence[Attempt], replies: Replies) -> None:
    await cancel_store.conclude([_read(one, replies.get(_upstream_id(one))) for one in claimed])
    for one in claimed:
        reply = replies.get(_upstream_id(one))
        if isinstance(reply, Refused) and _is_of_the_service(one, reply):
            await cooldown.note_refusal(one.provider, one.service, cancel=True, said=reply.text)
        if isinstance(reply, Refused) and reply.code not in NOT_A_NO:
            await overserving.give_up([one])


def _read(one: Attempt, reply: CancelRequested | Refused | None) -> CancelAnswer:
    if reply is None:
        return _unanswered(one, "not a word of it")
    if not isinstance(reply, Refused):
        return CancelAnswer(one, CANCEL_TAKEN, f"{one.provider} took the request to cancel")
    if reply.code in NOT_A_NO:
        return _unanswered(one, str(reply.code))
    return CancelAnswer(one, str(reply.code), f"{one.provider} refused to cancel: {reply.code}")


def _unanswered(one: Attempt, why: str) -> CancelAnswer:
    return CancelAnswer(one, None, f"{one.provider} did not answer the cancel ({why}): it is asked again")


def _is_of_the_service(one: Attempt, refused: Refused) -> bool:
    """Whether others are refused, too: not where it names no service, or may have taken an earlier request."""
    first = one.cancel_asks == 1
    return refused.code is Code.CANCEL_DISABLED and first and names_a_service(refused.text)


def _portions(waiting: Sequence[Attempt], most: int) -> list[list[Attempt]]:
    together = [one for one in waiting if one.cancel_asks < ALONE_FROM]
    portions = [together[start : start + most] for start in range(0, len(together), most)]
    return portions + [[one] for one in waiting if one.cancel_asks >= ALONE_FROM]


def _most(adapter: Adapter) -> int:
    """How many orders one call may name."""
    dialect = adapter.profile.dialect
    several = dialect.cancel_param == "orders" and Capability.MULTI_STATUS in adapter.capabilities
    return max(1, dialect.batch_size) if several else 1


def _call_ms(adapter: Adapter) -> int:
    return adapter.profile.timeout_ms + GRACE_MS


def _upstream_id(one: Attempt) -> str:
    return one.upstream_order or ""
