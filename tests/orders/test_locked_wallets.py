"""A process that stands still while it holds one wallet keeps nobody waiting but that wallet's owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from aggregator.app import Panel
from aggregator.errors import TemporarilyUnavailable
from aggregator.ledger import book
from aggregator.orders.intake import accept_store
from aggregator.orders.intake.accept_store import Accepted, Locked, TooPoor
from aggregator.orders.intake.place import Placer
from aggregator.orders.intake.types import Ask
from aggregator.resellers import accounts
from aggregator.resellers import store as reseller_store
from aggregator.resellers.model import Caller, digest
from aggregator.storage.engine import is_unreachable
from aggregator.storage.sql import execute
from aggregator.storage.transaction import snapshot, write
from pricing.money import SCALE
from tests.builders import make_reseller, new_order, open_database
from tests.orders.panels import ScriptedPanel, open_panel


@pytest.fixture
async def database(fresh_postgres: str) -> AsyncIterator[str]:
    """A PostgreSQL database, open: only there are wallets locked one by one."""
    async with open_database(fresh_postgres):
        yield fresh_postgres


@asynccontextmanager
async def frozen_with(url: str, reseller: int) -> AsyncIterator[None]:
    """Another process has the wallet's row, and does nothing, for as long as the block runs."""
    other = await asyncpg.connect(url)
    try:
        async with other.transaction():
            await other.execute("update wallets set balance = balance where reseller = $1", reseller)
            yield
    finally:
        await other.close()


async def test_an_order_of_the_locked_wallet_is_set_aside_with_nothing_changed(database: str) -> None:
    ann = await make_reseller("ann")
    async with frozen_with(database, ann.id):
        for several in (1, 3):
            verdicts = await accept_store.accept_at_once([new_order(ann.id) for _ in range(several)])
            assert verdicts == [Locked()] * several
    assert await book.balance(ann.id) == 1000 * SCALE
    assert await execute("select id from orders") == []
    assert [type(one) for one in await accept_store.accept([new_order(ann.id)])] == [Accepted]


async def test_others_of_the_same_batch_are_charged_and_told_apart_from_those_that_cannot_pay(database: str) -> None:
    ann, bob, eve = await make_reseller("ann"), await make_reseller("bob"), await make_reseller("eve", funds=4 * SCALE)
    batch = [new_order(one.id) for one in (bob, ann, eve, bob, eve, ann)]
    async with frozen_with(database, ann.id):
        verdicts = await accept_store.accept_at_once(batch)
    assert [type(one) for one in verdicts] == [Accepted, Locked, Accepted, Accepted, TooPoor, Locked]
    assert await book.balances([ann.id, bob.id, eve.id]) == [1000 * SCALE, 994 * SCALE, SCALE]


async def test_charges_to_one_wallet_at_one_moment_wait_for_each_other(database: str) -> None:
    """Whichever of two transactions comes second waits aside, and is through in the end."""
    ann, bob = await make_reseller("ann"), await make_reseller("bob")
    batches = [[new_order(ann.id), *[new_order(bob.id)] * (n % 2)] for n in range(40)]
    verdicts = await asyncio.gather(*map(accept_store.accept, batches))
    assert {type(one) for several in verdicts for one in several} == {Accepted}
    assert await book.balances([ann.id, bob.id]) == [880 * SCALE, 940 * SCALE]


async def test_what_happens_to_a_wallet_in_the_middle_of_a_charge_is_counted(database: str) -> None:
    """Two processes charge one wallet: whichever comes second sees what the first has left."""
    ann = await make_reseller("ann", funds=10_000 * SCALE)
    other = await asyncpg.connect(database)

    async def spend() -> None:
        for _ in range(60):
            await other.execute("update wallets set balance = balance - $2 where reseller = $1", ann.id, SCALE)

    spending = asyncio.create_task(spend())
    taken = 0
    while not spending.done():
        taken += sum(isinstance(one, Accepted) for one in await accept_store.accept([new_order(ann.id)]))
    await spending
    await other.close()
    assert taken
    assert await book.balance(ann.id) == (9_940 - 3 * taken) * SCALE


@pytest.fixture
def alpha() -> ScriptedPanel:
    return ScriptedPanel("2.40")


@pytest.fixture
async def panel(alpha: ScriptedPanel, tmp_path: Path, database: str) -> AsyncIterator[Panel]:
    async with open_panel(tmp_path, database, {"alpha": alpha}) as opened:
        yield opened


async def caller(name: str) -> Caller:
    new = await accounts.add(name, currency="USD", funds=1000 * SCALE)
    [found] = await reseller_store.callers([digest(new.key)])
    assert found is not None
    return found


def ask() -> Ask:
    return Ask(service=1, link="https://x.example/u", quantity="1000")


async def test_only_the_owner_of_the_wallet_waits(panel: Panel, database: str) -> None:
    ann, bob = await caller("ann"), await caller("bob")
    placer = Placer(lambda: panel.prices.shelf, panel.wake, concurrency=2)
    async with frozen_with(database, ann.reseller.id):
        waiting = [asyncio.create_task(placer.place(ann, ask())) for _ in range(40)]
        for _ in range(20):
            await placer.place(bob, ask())
        assert not any(task.done() for task in waiting)
    assert len(set(await asyncio.gather(*waiting))) == 40
    assert await book.balances([ann.reseller.id, bob.reseller.id]) == [880 * SCALE, 940 * SCALE]


async def test_who_waits_too_long_is_told_to_come_again(panel: Panel, database: str) -> None:
    ann = await caller("ann")
    async with frozen_with(database, ann.reseller.id):
        with pytest.raises(TemporarilyUnavailable):
            await panel.placer.place(ann, ask())
    assert await book.balance(ann.reseller.id) == 1000 * SCALE


async def test_a_transaction_that_stands_still_is_ended_by_the_database(database: str) -> None:
    async def limit() -> str:
        return str(
            (await execute("show idle_in_transaction_session_timeout"))[0]["idle_in_transaction_session_timeout"]
        )

    assert await write(limit) == "10s"
    assert await snapshot(limit) == "10min"

    async def stand_still() -> None:
        await execute("set local idle_in_transaction_session_timeout = 50")
        await asyncio.sleep(0.5)
        await execute("select 1")

    with pytest.raises(Exception) as failure:  # noqa: PT011  # the driver has many words for it
        await write(stand_still)
    assert is_unreachable(failure.value)
    assert await write(limit) == "10s"
