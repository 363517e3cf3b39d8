"""One decision about every unsure order of a provider in a time window: for the hour when it was down."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from aggregator.orders.attempt_store import Followed
from aggregator.orders.model import Undecidable
from aggregator.orders.unsure import evidence_store, resolve

ABSENT, WRITE_OFF = "absent", "write-off"
VERDICTS = (ABSENT, WRITE_OFF)


class Done(Struct, frozen=True):
    """What became of one order: None = decided, else why not."""

    order: int
    refusal: str | None


async def unsure_between(provider: str, since: int, until: int) -> list[Followed]:
    """The unsure attempts that were sent in the window (milliseconds since 1970), the oldest first."""
    found = await evidence_store.unsure_at(provider)
    return [one for one in found if since <= one.attempt.created_at < until]


async def decide(found: Sequence[Followed], verdict: str, *, actor: str, reason: str, settle_ms: int) -> list[Done]:
    """Decide each by itself, as it was seen: what has moved on, or is too young, is left alone and told."""
    done = []
    for one in found:
        try:
            await _decide(one, verdict, actor=actor, reason=reason, settle_ms=settle_ms)
        except Undecidable as error:
            done.append(Done(one.order.id, str(error)))
        else:
            done.append(Done(one.order.id, None))
    return done


async def _decide(one: Followed, verdict: str, *, actor: str, reason: str, settle_ms: int) -> None:
    seen = one.attempt.id
    if verdict == ABSENT:
        await resolve.absent(one.order.id, actor=actor, reason=reason, settle_ms=settle_ms, attempt_id=seen)
    else:
        await resolve.write_off(one.order.id, actor=actor, reason=reason, settle_ms=settle_ms, attempt_id=seen)
