"""Accepts orders: many in one transaction (group commit), each charged and written down as a whole or not at all.

A request id or custom id is an idempotency key: whoever asks again under it is answered by the first order.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.errors import TemporarilyUnavailable
from aggregator.ledger import book
from aggregator.ledger.book import Charged, OrderCharge
from aggregator.orders.model import NewOrder
from aggregator.orders.state import OrderState
from aggregator.storage import clock, tables
from aggregator.storage.engine import is_sqlite, is_unique_violation, is_unreachable
from aggregator.storage.parameters import NewRows, in_list, values_table
from aggregator.storage.sql import execute
from aggregator.storage.transaction import engine, write
from providers.vocabulary import Phase

_ORDER = tables.Order
_COLUMNS = MappingProxyType(
    {
        "reseller": "bigint",
        "service": "bigint",
        "type": "text",
        "link": "text",
        "quantity": "bigint",
        "runs": "bigint",
        "fields": "text",
        "link_key": "text",
        "same_link": "text",
        "rate": "bigint",
        "rate_per": "integer",
        "charge": "bigint",
        "remains": "bigint",
        "request_id": "text",
        "custom_id": "text",
        "payload": "text",
        "watched": "boolean",
        "asked_service": "bigint",
        "due_at": "bigint",
        "created_at": "bigint",
    }
)
_AT_FIRST: Mapping[str, str | int | bool] = MappingProxyType(
    {
        "refunded": 0,
        "undelivered": 0,
        "state": OrderState.QUEUED.value,
        "phase": Phase.PENDING.value,
        "cancel_wish": False,
        "delivery_seen": False,
    }
)
"""What is so of every order that was just accepted."""
PATIENCE_SECONDS = 5
"""How long an order waits for a wallet that another process has."""
PAUSE_SECONDS = (0.005, 0.05)  # the shortest, and the longest
LOOK_SECONDS = 10
"""How long the database may be away before nobody can say any more whether it has an order."""


class Accepted(Struct, frozen=True):
    order: int


class Repeated(Struct, frozen=True):
    """The request id, or the custom id with this payload, was used: the first order answers."""

    order: int
    same_payload: bool


class TooPoor(Struct, frozen=True):
    """The wallet cannot pay the charge."""


class Locked(Struct, frozen=True):
    """Another process has the wallet just now, and may stand still: nothing was charged, ask again."""


AcceptResult = Accepted | Repeated | TooPoor | Locked


class IdempotencyKeys(Struct, frozen=True):
    """What tells that an order was asked for before."""

    reseller: int
    request_id: str | None
    custom_id: str | None
    payloads: tuple[str, ...]
    """One for each id that its service can be named by."""


def pauses() -> Iterator[float]:  # of seconds, no money
    """Between two looks whether a wallet is free again, never the same: for `PATIENCE_SECONDS` in all."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        yield random.uniform(*PAUSE_SECONDS)  # noqa: S311  # no secret


async def accept(batch: Sequence[NewOrder]) -> list[AcceptResult | Exception]:
    """`accept_at_once`, again for those whose wallets another process has, in no transaction meanwhile.

    `TemporarilyUnavailable` is the result where it does not give them back.
    """
    results = await accept_at_once(batch)
    for pause in pauses():
        locked = [place for place, result in enumerate(results) if isinstance(result, Locked)]
        if not locked:
            return results
        await asyncio.sleep(pause)
        for place, result in zip(locked, await accept_at_once([batch[place] for place in locked]), strict=True):
            results[place] = result
    return [TemporarilyUnavailable() if isinstance(result, Locked) else result for result in results]


async def accept_at_once(batch: Sequence[NewOrder]) -> list[AcceptResult | Exception]:
    """Charge and accept orders in their turn, each all or nothing; an exception is the result of one order alone."""
    first, repeats = _first_of_each(batch)
    results = dict(zip(first, await _accept_group([batch[place] for place in first]), strict=True))
    # Another process may have spent the wallet's last on this very request.
    poor = [place for place, result in results.items() if isinstance(result, TooPoor)]
    for place, earlier in zip(poor, await find_repeated([_sought(batch[place]) for place in poor]), strict=True):
        results[place] = earlier or results[place]
    for place in repeats:
        results[place] = await _accept_again(batch[place])
    return [results[place] for place in range(len(batch))]


def _first_of_each(batch: Sequence[NewOrder]) -> tuple[list[int], list[int]]:
    """The places of orders that no earlier one of the batch may stand for, and of all others."""
    seen = set[tuple[object, ...]]()
    places: tuple[list[int], list[int]] = ([], [])
    for place, new in enumerate(batch):
        marks = {(new.reseller, "request", new.request_id)} if new.request_id is not None else set()
        marks |= {(new.reseller, new.payload, new.custom_id)} if new.custom_id is not None else set()
        places[not marks.isdisjoint(seen)].append(place)
        seen |= marks
    return places


async def _accept_group(batch: Sequence[NewOrder], *, again: bool = True) -> list[AcceptResult | Exception]:
    """All in one transaction; where that fails, in halves, so that in the end none fails for another's sake.

    `again`: a group that was lost at its commit, and is proven not to be there, may be tried another time.
    """
    written: list[Charged] = []
    begun = clock.now()
    try:
        return _results(await _commit(batch, begun, written))
    except Exception as error:  # noqa: BLE001  # each order gets a result of its own, or this error
        if len(written) == len(batch) and is_unreachable(error):
            there = await _is_there(batch, begun, written)
            if there is not False or not again:
                return _results(written) if there else [error] * len(batch)
            return await _accept_group(batch, again=False)
        if len(batch) <= 1:
            return [await _explain(new, error) for new in batch]
    half = len(batch) // 2
    return await _accept_group(batch[:half], again=again) + await _accept_group(batch[half:], again=again)


def _results(orders: Sequence[Charged]) -> list[AcceptResult | Exception]:
    return [_result(order) for order in orders]


def _result(order: Charged) -> AcceptResult:
    if order is None:
        return TooPoor()
    return Locked() if order == "locked" else Accepted(order)


async def _accept_again(new: NewOrder) -> AcceptResult | Exception:
    """An order whose ids another of its batch bore: that one answers, unless it was refused."""
    earlier = await _one_repeated(new)
    return earlier or (await _accept_group([new]))[0]


async def _explain(new: NewOrder, error: Exception) -> AcceptResult | Exception:
    earlier = await _one_repeated(new) if is_unique_violation(error) else None
    return earlier or error


async def _commit(batch: Sequence[NewOrder], now: int, written: list[Charged]) -> list[Charged]:
    """The id of each order that was paid; all are in `written` once only the commit is left."""

    async def accept_all() -> list[Charged]:
        written.clear()
        prices = [OrderCharge(new.reseller, new.charge) for new in batch]
        if len(batch) == 1 and not is_sqlite(engine()):
            orders: list[Charged] = [await book.charge_alone(prices[0], _rows(batch, now))]
        else:
            orders = await book.charge(prices, lambda paid: _insert([batch[place] for place in paid], now))
        written.extend(orders)
        return orders

    return await write(accept_all)


async def _insert(batch: Sequence[NewOrder], now: int) -> list[int]:
    """Ids grow in the order of the rows, whichever way the database tells them."""
    placing, values = _rows(batch, now).insert()
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    return sorted(int(row["id"]) for row in await execute(placing, *values))


def _rows(batch: Sequence[NewOrder], now: int) -> NewRows:
    return NewRows("orders", _COLUMNS, [_row(new, now) for new in batch], _AT_FIRST)


def _row(new: NewOrder, now: int) -> tuple[object, ...]:
    return (
        new.reseller,
        new.service,
        new.type,
        new.link,
        new.quantity,
        new.runs,
        msgspec.json.encode(new.fields).decode(),
        new.link_key,
        new.same_link,
        new.rate,
        new.rate_per,
        new.charge,
        new.quantity,
        new.request_id,
        new.custom_id,
        new.payload,
        new.watched,
        new.asked_service,
        now,
        now,
    )


async def _is_there(batch: Sequence[NewOrder], begun: int, orders: Sequence[Charged]) -> bool | None:
    """Whether a group whose commit was not confirmed is there; None where the database stays away too long to say.

    What is not there once its wallets are ours cannot come any more, so that it is safe to charge for it again.
    """
    until = time.monotonic() + LOOK_SECONDS
    while True:
        try:
            return await write(lambda: _look_for(batch, begun, orders))
        except Exception as error:
            if not is_unreachable(error):
                raise
            if time.monotonic() >= until:
                return None
        await asyncio.sleep(0.2)  # seconds, not money


async def _look_for(batch: Sequence[NewOrder], begun: int, orders: Sequence[Charged]) -> bool:
    """Whether the orders of a group are there: all are, or none."""
    await book.lock_wallets({new.reseller for new in batch})
    written = {order: new.payload for order, new in zip(orders, batch, strict=True) if isinstance(order, int)}
    these, ids = in_list("id", list(written))
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    rows = await execute(f"select id, payload from orders where {these} and created_at = {{}}", ids, begun)
    return all((row["id"], row["payload"]) in written.items() for row in rows) and len(rows) == len(written)


async def _one_repeated(new: NewOrder) -> Repeated | None:
    return (await find_repeated([_sought(new)]))[0]


def _sought(new: NewOrder) -> IdempotencyKeys:
    return IdempotencyKeys(new.reseller, new.request_id, new.custom_id, (new.payload, *new.same_payloads))


async def find_repeated(asked: Sequence[IdempotencyKeys]) -> list[Repeated | None]:
    """The orders that request ids (any payload) or custom ids (this payload) stand for already."""
    by_request = await _known("request_id", "true", asked)
    by_custom = await _known("custom_id", "o.payload = given.payload", asked)
    return [by_request.get(place) or by_custom.get(place) for place in range(len(asked))]


async def _known(column: str, condition: str, asked: Sequence[IdempotencyKeys]) -> dict[int, Repeated]:
    """By the place of each that is known."""
    named = [
        (place, one.reseller, getattr(one, column), payload)
        for place, one in enumerate(asked)
        if getattr(one, column) is not None
        for payload in one.payloads
    ]
    if not named:
        return {}
    query, values = values_table({"n": "bigint", "reseller": "bigint", "mark": "text", "payload": "text"}, named)
    # SQL: it joins rows that come as one parameter.
    rows = await execute(
        f"select given.n, o.id, o.payload = given.payload as same from ({query}) as given join orders o"
        f" on o.reseller = given.reseller and o.{column} = given.mark and o.{column} is not null and {condition}",
        *values,
    )
    # What is the same by any id of the service comes last, and stays.
    return {int(row["n"]): Repeated(int(row["id"]), bool(row["same"])) for row in sorted(rows, key=_is_same)}


def _is_same(row: Mapping[str, Any]) -> bool:
    return bool(row["same"])


async def repeated_lately(reseller: int, payloads: Sequence[str], *, since: int) -> int | None:
    """The first order that asked for exactly the same since a moment, of those whose keys look for repeats."""
    these, values = in_list("payload", payloads)
    # SQL: the partial index is met by its own words only, and Piccolo binds every value.
    rows = await execute(
        f"select id from orders where watched and reseller = {{}} and {these} and created_at >= {{}}"
        " order by id limit 1",
        reseller,
        values,
        since,
    )
    return int(rows[0]["id"]) if rows else None
