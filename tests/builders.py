"""Builds what tests of orders and money begin with: a database, resellers with funds, orders, attempts, progress."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from itertools import count
from typing import Any

from aggregator.orders import attempt_store, stated, store
from aggregator.orders.attempt_store import AttemptChanges, NewAttempt
from aggregator.orders.following import charges, progress_store
from aggregator.orders.intake import accept_store
from aggregator.orders.model import Attempt, NewOrder, Order
from aggregator.orders.settling.settlement import Keep, Rules
from aggregator.orders.state import OrderState, Outcome
from aggregator.resellers import accounts
from aggregator.resellers.model import Reseller
from aggregator.storage import clock, migrations, tables
from aggregator.storage.engine import bind, create_engine
from aggregator.storage.transaction import drain, write
from pricing.money import SCALE
from providers.vocabulary import Phase, Progress

DAY = 86_400_000
HOUR = 3_600_000
_numbers = count(1)


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[None]:
    """A database that is up to date and bound to the tables, closed again afterwards."""
    engine = create_engine(url)
    bind(engine)
    await engine.open()
    try:
        await migrations.migrate()
        await clock.follow(at_once=True)
        yield
    finally:
        await drain()
        await engine.close()


async def make_reseller(name: str = "ann", *, funds: int = 1000 * SCALE) -> Reseller:
    """A reseller with so much in the wallet (1e-8)."""
    return (await accounts.add(name, currency="USD", funds=funds)).reseller


def new_order(reseller: int = 1, **changes: Any) -> NewOrder:
    """1,000 units of service 1 at 3.00 per 1,000."""
    usual = {
        "reseller": reseller,
        "service": 1,
        "type": "Default",
        "link": "https://x.example/u",
        "quantity": 1000,
        "fields": {},
        "rate": 3 * SCALE,
        "rate_per": 1000,
        "charge": 3 * SCALE,
        "payload": f"payload-{next(_numbers)}",
    }
    return NewOrder(**{**usual, **changes})


def order_of(**changes: Any) -> Order:
    """The row of an active order of 1,000 units for 3.00, as a value."""
    usual: dict[str, Any] = {
        "id": 1,
        "reseller": 1,
        "service": 1,
        "type": "Default",
        "link": "https://x.example/u",
        "quantity": 1000,
        "runs": 1,
        "fields": "{}",
        "link_key": "",
        "same_link": "allow",
        "rate": 3 * SCALE,
        "rate_per": 1000,
        "charge": 3 * SCALE,
        "refunded": 0,
        "undelivered": 0,
        "state": OrderState.ACTIVE,
        "phase": Phase.PENDING,
        "held": None,
        "cancel_wish": False,
        "start_count": None,
        "remains": 1000,
        "runs_done": None,
        "delivery_seen": False,
        "sight": None,
        "sight_at": None,
        "request_id": None,
        "custom_id": None,
        "payload": "payload",
        "due_at": 0,
        "created_at": 0,
        "ended_at": None,
    }
    return Order(**{**usual, **changes})


def attempt_of(**changes: Any) -> Attempt:
    """An attempt at alpha that was accepted as 5001 and costs 2.50, as a value."""
    usual: dict[str, Any] = {
        "id": 1,
        "order_id": 1,
        "provider": "alpha",
        "service": "1",
        "outcome": Outcome.ACCEPTED,
        "upstream_order": "5001",
        "cost": 250_000_000,
        "cost_theirs": "2.5",
        "currency": "USD",
        "fx": "1",
        "deadline_at": 0,
        "error": None,
        "error_text": None,
        "reply": None,
        "highest_charge": None,
        "last_charge": None,
        "cancel_at": None,
        "lost_since": None,
        "poll_at": 0,
        "created_at": 0,
        "answered_at": None,
    }
    return Attempt(**{**usual, **changes})


def stated_twice(charge: str) -> str | None:
    """As kept on an attempt of which two open readings stated this charge."""
    return stated.encode((stated.Stated(Decimal(charge), 2, 2),))


def progress_of(phase: Phase, remains: int | None = None, charge: str | None = None, **said: Any) -> Progress:
    """What a provider says of an order."""
    return Progress(phase=phase, remains=remains, charge=None if charge is None else Decimal(charge), **said)


@contextmanager
def days_ago(days: int) -> Iterator[None]:
    """What happens in here happened so long ago."""
    clock._offset_ms -= days * DAY
    try:
        yield
    finally:
        clock._offset_ms += days * DAY


@contextmanager
def later(minutes: float) -> Iterator[None]:
    """What happens in here happens so many minutes later."""
    clock._offset_ms += round(minutes * 60_000)
    try:
        yield
    finally:
        clock._offset_ms -= round(minutes * 60_000)


async def accept_order(reseller: Reseller, **changes: Any) -> Order:
    """An order that was accepted and paid, and waits in the queue."""
    verdict = (await accept_store.accept([new_order(reseller.id, **changes)]))[0]
    assert isinstance(verdict, accept_store.Accepted), verdict
    return await order_now(verdict.order)


async def begin_attempt(order: Order, *, provider: str = "alpha") -> Attempt:
    """The order leaves for a provider: what is written before the request."""
    new = NewAttempt(
        order=order.id,
        provider=provider,
        service="1",
        cost=250_000_000,
        cost_theirs="2.5",
        currency="USD",
        fx="1",
        deadline_at=clock.now() + 30_000,
    )

    async def work() -> Attempt:
        assert await store.advance(order.id, [OrderState.QUEUED], OrderState.PLACING)
        return await attempt_store.insert(new)

    return await write(work)


async def set_attempt(attempt: int, changes: dict[Any, Any]) -> None:
    """As if that had been written of an attempt."""
    await tables.Attempt.update(changes).where(tables.Attempt.id == attempt)


async def activate(order: Order, *, provider: str = "alpha", upstream: str | None = None) -> Attempt:
    """A provider takes the order; its status is due at once."""
    attempt = await begin_attempt(order, provider=provider)
    changes = AttemptChanges(upstream_order=upstream or f"up-{next(_numbers)}", poll_at=clock.now())

    async def work() -> Attempt:
        answered = await attempt_store.answer(attempt.id, Outcome.ACCEPTED, changes=changes)
        assert answered is not None
        assert await store.advance(order.id, [OrderState.PLACING], OrderState.ACTIVE)
        return answered

    return await write(work)


async def active_order(
    reseller: Reseller, *, provider: str = "alpha", upstream: str | None = None, **changes: Any
) -> Order:
    """An order that runs at a provider."""
    order = await accept_order(reseller, **changes)
    await activate(order, provider=provider, upstream=upstream)
    return await order_now(order.id)


async def overcharged_order(reseller: Reseller, charge: str = "7.5", **changes: Any) -> Order:
    """An order that runs at alpha, for which it was seen to charge that where 2.50 was expected."""
    order = await active_order(reseller, **changes)
    (attempt,) = await attempt_store.of_order(order.id)
    reading = progress_of(Phase.IN_PROGRESS, 1000, charge)
    costs = charges.read(
        order, attempt, reading, Keep(), rules=Rules("full", 0), digits=len(charge.partition(".")[2]), now=clock.now()
    )
    assert costs is not None
    await progress_store.keep_charges([costs], provider="alpha", digits=5)
    return order


async def unsure_order(reseller: Reseller, *, seconds_ago: int = 0) -> Order:
    """An order whose `add` came to nothing that anybody knows; its deadline passed so many seconds ago."""
    order = await accept_order(reseller)
    attempt = await begin_attempt(order)

    async def work() -> None:
        await set_attempt(attempt.id, {tables.Attempt.deadline_at: clock.now() - seconds_ago * 1000})
        await attempt_store.answer(attempt.id, Outcome.UNSURE)
        await store.advance(order.id, [OrderState.PLACING], OrderState.UNSURE)

    await write(work)
    return await order_now(order.id)


async def order_now(order: int) -> Order:
    """The row as it is."""
    found = await store.get(order)
    assert found is not None
    return found


async def moves_of(order: int) -> list[tuple[str, str, int, str]]:
    """The entries of an order, oldest first: from, to, amount (1e-8), reference."""
    entry = tables.Entry
    rows = await entry.select().where(entry.order_id == order).order_by(entry.id)
    return [(row["source"], row["target"], row["amount"], row["reference"]) for row in rows]
