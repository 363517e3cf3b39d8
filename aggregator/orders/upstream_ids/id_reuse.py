"""What follows where a provider gives an id a second time: a new script, a restored backup, another panel's name.

The id becomes the later order's only where the earlier attempt has ended; what was watched for late corrections is
taken over on proof alone (providers/PROTOCOL.md, "Ids that come again").
"""

from __future__ import annotations

from collections.abc import Sequence

from aggregator.orders import store
from aggregator.orders.attempt_store import DuplicateUpstreamOrder, Followed
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.orders.upstream_ids import reuse_store
from aggregator.orders.upstream_ids.reuse_store import Named


def runs(one: Followed) -> bool:
    """Whether an id still speaks for an order that waits for its end."""
    return one.attempt.outcome is Outcome.ACCEPTED and not one.order.state.ended


def is_free(one: Followed, *, watched_too: bool = False) -> bool:
    """Whether a later order may have the id of this attempt: it has ended, and nobody asks about it any more.

    `watched_too` = the id is proven to be the later order's, so that whoever asks about it asks about that one.
    """
    return not runs(one) and (watched_too or one.attempt.poll_at is None)


async def take_over(named: Sequence[Named], orders: Sequence[int], *, watched_too: bool = False) -> None:
    """Let these attempts, of these orders, have their ids alone, inside the transaction that writes the ids down.

    Raises `DuplicateUpstreamOrder` where an earlier attempt must keep its id: the transaction must be given up.
    """
    earlier = await reuse_store.earlier(named)
    if not earlier:
        return
    if not all(is_free(one, watched_too=watched_too) for one in earlier):
        raise DuplicateUpstreamOrder
    ids = [one.attempt.id for one in earlier]
    if await reuse_store.supersede(ids, watched_too=watched_too) != set(ids):
        raise DuplicateUpstreamOrder
    dropped = await reuse_store.drop_refills(ids)
    for provider in sorted({one.attempt.provider for one in earlier}):
        await reuse_store.note_restart(provider)
    for one in earlier:
        await _note_loss(one, refill=one.attempt.id in dropped)
    await _note_gains(named, orders, {(one.attempt.provider, one.attempt.upstream_order) for one in earlier})


async def free_by_now(attempt: Attempt) -> bool:
    """Whether the id that an unsure attempt was given belongs to nobody else any more."""
    given = attempt.given_order
    if given is None:
        return False
    return all(is_free(one) for one in await reuse_store.earlier([Named(attempt.id, attempt.provider, given)]))


async def _note_loss(one: Followed, *, refill: bool) -> None:
    provider, upstream = one.attempt.provider, one.attempt.upstream_order or ""
    text = f"{provider} gave its id {upstream[:60]} to a later order: nobody asks about this one there any more"
    dropped = ["its cancel is dropped"] if one.attempt.cancel_due_at is not None else []
    dropped += ["its refill is dropped"] if refill else []
    await store.note(one.order.id, one.order.state, "; ".join([text, *dropped]))


async def _note_gains(named: Sequence[Named], orders: Sequence[int], again: set[tuple[str, str | None]]) -> None:
    rows = {row.id: row for row in await store.get_many(list(orders))}
    for one, order in zip(named, orders, strict=True):
        if (one.provider, one.upstream_order) in again:
            text = f"{one.provider} gave it the id {one.upstream_order[:60]}, which an order that has ended had before"
            await store.note(order, rows[order].state, text)
