"""The audit is green over a lived-in database, and red for every promise that somebody breaks behind its back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aggregator.audit import run, store
from aggregator.audit.scope import Marks
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import resolve
from aggregator.resellers import accounts
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine, write
from tests.audit.spoiled import FRACTION, MAY_BE_FRACTION, SPOILED
from tests.builders import (
    accept_order,
    activate,
    active_order,
    begin_attempt,
    make_reseller,
    open_database,
    order_now,
    unsure_order,
)


@pytest.fixture
async def lived_in(database_url: str) -> AsyncIterator[str]:
    """A database with an order in every state, and every way that money can move."""
    async with open_database(database_url):
        ann, bob = await make_reseller("ann"), await make_reseller("bob")
        await accounts.adjust("ann", -7, note="a fee", actor="owner")
        await accounts.fund("bob", 5, reference="bank-1")
        for begin in (accept_order, unsure_order, active_order):
            await begin(ann)
        await begin_attempt(await accept_order(ann))
        await settle(await active_order(ann), 0, note="all of it")
        late = await active_order(ann)
        for undelivered in (300, 500):
            await settle(await order_now(late.id), undelivered, note="a part")
        await settle(await active_order(bob), 1000, note="nothing")
        gone, lost = await unsure_order(ann, seconds_ago=60), await unsure_order(ann, seconds_ago=60)
        await resolve.absent(gone.id, actor="owner", reason="not there", settle_ms=0)
        await activate(await order_now(gone.id), provider="bravo")
        await resolve.write_off(lost.id, actor="owner", reason="who knows", settle_ms=0)
        yield database_url


async def take_the_guards_away() -> None:
    """Whatever the database itself would refuse is possible from here on."""
    for index in ("attempts_live", "attempts_upstream", "orders_request_id", "refills_running"):
        await Signal.raw(f"drop index {index}")
    if is_sqlite(engine()):
        for statement in (
            "create table kept as select * from entries",
            "drop trigger entries_keep",
            "delete from entries",
            "drop table entries",
            "alter table kept rename to entries",
        ):
            await Signal.raw(statement)
        return
    await Signal.raw("alter table entries disable trigger user")
    for row in await Signal.raw(
        "select conrelid::regclass as place, conname as name from pg_constraint where contype in ('c', 'f')"
        " and connamespace = 'public'::regnamespace"
    ):
        await Signal.raw(f"alter table {row['place']} drop constraint {row['name']}")
    await Signal.raw("alter table entries drop constraint entries_reference_key")


class Spoiled(Exception):
    """Takes back what was spoiled."""


async def broken_by(spoiling: list[str], *, chained: bool) -> set[str]:
    """The promises that are red once this was done; it is undone again. `chained` = the book was audited before."""
    red: set[str] = set()
    on_sqlite = is_sqlite(engine())

    async def work() -> None:
        if on_sqlite:
            await Signal.raw("pragma ignore_check_constraints = on")
            await Signal.raw("pragma defer_foreign_keys = on")
        for statement in spoiling:
            await Signal.raw(statement if on_sqlite else statement.replace(FRACTION, MAY_BE_FRACTION))
        look = run._Run(None, await store.links() if chained else [], Marks())
        await look.look()
        red.update(name for name, tally in look.tallies.items() if tally.broken)
        raise Spoiled

    with pytest.raises(Spoiled):
        await write(work)
    return red


async def test_the_audit_of_a_lived_in_database_is_green(lived_in: str) -> None:
    states = {row["state"] for row in await tables.Order.select(tables.Order.state)}
    assert states == {state.value for state in OrderState}
    assert [finding for finding in await run.audit() if finding.broken] == []


async def test_the_audit_of_an_empty_database_is_green(panel_database: str) -> None:
    assert [finding for finding in await run.audit() if finding.broken] == []


async def test_each_promise_turns_red_when_it_is_broken(lived_in: str) -> None:
    """And no other does: what is wrong is named by its own name."""
    assert (await run.run(full=True)).green
    await take_the_guards_away()
    wrong = {
        (name, *spoiling): red
        for name, spoilings in SPOILED.items()
        for spoiling in spoilings
        if (red := await broken_by(spoiling, chained=name == "book-only-grows")) != {name}
    }
    assert wrong == {}
    assert [finding for finding in await run.audit() if finding.broken] == []


async def test_every_promise_has_something_that_breaks_it(panel_database: str) -> None:
    findings = await run.audit()
    assert [finding.promise for finding in findings if finding.promise not in SPOILED] == []
    assert len({finding.id for finding in findings}) == len(findings) == len(SPOILED)


async def test_a_broken_promise_names_its_rows(lived_in: str) -> None:
    await tables.Wallet.update({tables.Wallet.balance: tables.Wallet.balance + 1}, force=True)
    [finding] = [finding for finding in await run.audit() if finding.promise == "wallet-equals-entries"]
    assert finding.broken == 2
    assert sorted(row.partition(",")[0] for row in finding.rows) == ["wallet 1", "wallet 2"]


async def test_the_audit_changes_nothing(lived_in: str) -> None:
    async def everything() -> list[object]:
        return [await table.select() for table in tables.TABLES]

    before = await everything()
    await run.audit()
    assert await everything() == before


async def test_the_audit_holds_while_money_moves(panel_database: str) -> None:
    """It sees one moment: what is half on its way in another transaction is nowhere."""
    ann = await make_reseller()
    at_work = asyncio.gather(*(_one_life(ann, number) for number in range(30)))
    findings = [finding for _ in range(5) for finding in await run.audit()]
    await at_work
    assert [finding for finding in findings if finding.broken] == []


async def _one_life(reseller: Reseller, number: int) -> None:
    order = await active_order(reseller)
    await settle(order, number * 30, note="as it came")
