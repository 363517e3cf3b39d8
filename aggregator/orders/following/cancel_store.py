"""Which attempts are to be called off and when their providers are asked, each time by one process alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from aggregator.orders import attempt_store, store
from aggregator.orders.attempt_store import as_attempt
from aggregator.orders.following.schedule import HOUR, cancel_pause
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.storage import clock, tables
from aggregator.storage.parameters import in_list, values_table
from aggregator.storage.transaction import write

_ATTEMPT = tables.Attempt
_DUE = "(attempts.cancel_at is null or attempts.cancel_due_at <= {})"


class CancelAnswer(Struct, frozen=True):
    """What a provider said to one cancel."""

    attempt: Attempt
    """As it was claimed."""
    answer: str | None
    """`CANCEL_TAKEN`, or the code of a refusal; None = nothing that counts: it is asked again."""
    note: str
    """For the order's history."""


async def pending_cancels(provider: str, limit: int, doors: Sequence[str]) -> list[Attempt]:
    """Accepted attempts behind these doors whose order should be called off, as far as it is time to ask."""
    behind, digests = in_list("attempts.door", doors)
    # SQL: it joins, in an order that SQLite is told.
    # Orders first, which on SQLite a cross join means: few are wished off at any time, and an index holds those.
    rows = await _ATTEMPT.raw(
        "select attempts.* from orders o cross join attempts where o.cancel_wish and o.state = 'active'"
        f" and attempts.order_id = o.id and attempts.provider = {{}} and attempts.outcome = 'accepted' and {_DUE}"
        f" and (attempts.door is null or {behind}) order by attempts.cancel_asks, attempts.id limit {{}}",
        provider,
        clock.now(),
        digests,
        limit,
    )
    return [as_attempt(row) for row in rows]


async def claim(attempts: Sequence[Attempt], *, least_ms: int) -> list[Attempt]:
    """Those of the attempts that nobody else asks about now; a process that dies with one leaves it to its next turn.

    The next turn is `least_ms` away at the least, which is how long one call may take.
    """
    if not attempts:
        return []
    now = clock.now()
    turns = {one.id: now + max(cancel_pause(one.cancel_asks, refused=one.cancel_refused), least_ms) for one in attempts}
    query, values = values_table(
        {"mine": "bigint", "asks": "bigint", "due": "bigint"},
        [(one.id, one.cancel_asks, turns[one.id]) for one in attempts],
    )
    # SQL: one compare-and-set for many, from rows as one parameter.
    rows = await write(
        lambda: _ATTEMPT.raw(
            "update attempts set cancel_at = {}, cancel_asks = attempts.cancel_asks + 1, cancel_due_at = given.due"
            f" from ({query}) as given where attempts.id = given.mine and attempts.cancel_asks = given.asks"
            f" and (attempts.outcome = 'accepted' or attempts.call_off) and {_DUE} returning id",
            now,
            *values,
            now,
        ).run()
    )
    mine = {row["id"] for row in rows}
    return [
        replace(one, cancel_at=now, cancel_asks=one.cancel_asks + 1, cancel_due_at=turns[one.id])
        for one in attempts
        if one.id in mine
    ]


async def release(attempts: Sequence[Attempt]) -> None:
    """Nothing was sent: as if these, as they were before they were claimed, had not been."""
    query, values = values_table(
        {"mine": "bigint", "asks": "bigint", "asked": "bigint", "due": "bigint"},
        [(one.id, one.cancel_asks, one.cancel_at, one.cancel_due_at) for one in attempts],
    )
    # SQL: one compare-and-set for many, from rows as one parameter.
    await write(
        lambda: _ATTEMPT.raw(
            "update attempts set cancel_at = given.asked, cancel_asks = given.asks, cancel_due_at = given.due"
            f" from ({query}) as given where attempts.id = given.mine and attempts.cancel_asks = given.asks + 1",
            *values,
        ).run()
    )


async def conclude(answers: Sequence[CancelAnswer]) -> None:
    """Write down what came of the asking, with a line in each history; what somebody asks again by now stays his."""

    async def work() -> None:
        orders = {order.id: order for order in await store.get_many([one.attempt.order_id for one in answers])}
        for one in answers:
            if one.answer is None or await _settle(one.attempt, one.answer):
                await store.note(one.attempt.order_id, orders[one.attempt.order_id].state, one.note[:500])

    await write(work)


async def _settle(claimed: Attempt, answer: str) -> bool:
    changes: dict[Any, Any] = {_ATTEMPT.cancel_answer: answer, _ATTEMPT.cancel_due_at: None}
    mine = (_ATTEMPT.id == claimed.id) & (_ATTEMPT.cancel_asks == claimed.cancel_asks)
    return bool(await _ATTEMPT.update(changes).where(mine).returning(_ATTEMPT.id))


async def serving(order: int) -> Attempt | None:
    """The attempt at the provider that has the order, if any has."""
    taken = await attempt_store.of_order(order)
    return next((one for one in taken if one.outcome is Outcome.ACCEPTED), None)


async def refusing(order: int) -> Attempt | None:
    """The attempt at the provider that has the order, where that has refused to call it off."""
    taken = await attempt_store.of_order(order)
    return next((one for one in taken if one.outcome is Outcome.ACCEPTED and one.cancel_refused), None)


async def ask_again(attempt: Attempt) -> bool:
    """Let a provider be asked once more that has refused, once an hour at the most; whether it will be now."""
    now = clock.now()
    refused = (_ATTEMPT.id == attempt.id) & (_ATTEMPT.cancel_asks == attempt.cancel_asks)
    quiet = _ATTEMPT.cancel_due_at.is_null() & (_ATTEMPT.cancel_at <= now - HOUR)
    return bool(await _ATTEMPT.update({_ATTEMPT.cancel_due_at: now}).where(refused & quiet).returning(_ATTEMPT.id))
