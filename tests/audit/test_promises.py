"""The audit is green over a lived-in database, and red for every promise that somebody breaks behind its back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from aggregator.audit import run
from aggregator.orders import resolve
from aggregator.orders.settle import settle
from aggregator.orders.state import OrderState
from aggregator.resellers import accounts
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine, write
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

ONE = "select min(id) from orders where state = '{}'"
QUEUED = ONE.format("queued")
PARTIAL = ONE.format("partial")
ACTIVE = ONE.format("active")

NEWEST_LINE = "select max(id) from entries where reseller = 1 and balance is not null"
COPY = (
    "insert into entries (source, target, amount, reference, reseller, order_id, note, at)"
    " select source, target, amount, 'again', reseller, order_id, '', 0 from entries where reference "
)
EARLY = (
    "insert into entries (source, target, amount, reference, order_id, note, at)"
    f" select 'escrow', 'revenue', 5, 'early', ({ACTIVE}), '', 0"
)
TO_BOB = "update entries set reseller = 2, target = 'wallet:2' where reference like 'order:%:refund:300'"

SPOILED = [
    ("wallet-equals-entries", "update wallets set balance = balance + 1 where reseller = 1"),
    ("wallet-equals-entries", "update entries set amount = amount + 1 where reference like 'deposit:%:opening-1'"),
    ("wallet-equals-entries", "delete from entries where reference like 'order:%:refund:%'"),
    ("wallet-equals-entries", "delete from wallets where reseller = 2"),
    ("no-negative-wallet", "update wallets set balance = -1 where reseller = 2"),
    ("entry-is-of-a-kind", "update entries set reference = 'gift:1' where reference like 'deposit:%:opening-1'"),
    ("entry-is-of-a-kind", "update entries set source = 'nowhere' where reference like 'order:%:earned'"),
    ("entry-is-of-a-kind", "update entries set target = 'wallet:2' where reference like 'order:%:refund:300'"),
    ("entry-is-of-a-kind", "update entries set amount = -amount where reference like 'order:%:earned'"),
    ("entry-is-of-a-kind", "update entries set decision = null where reference like 'adjust:%'"),
    ("statement-adds-up", f"update entries set balance = balance + 1 where id = ({NEWEST_LINE})"),
    ("charged-once", f"update orders set charge = charge + 1 where id = ({QUEUED})"),
    ("charged-once", "delete from entries where reference like 'order:%:charge'"),
    ("charged-once", COPY + f"= 'order:' || ({QUEUED}) || ':charge'"),
    ("charged-once", f"update orders set reseller = 2 where id = ({QUEUED})"),
    ("refund-entries", f"update orders set refunded = refunded + 1 where id = ({PARTIAL})"),
    ("refund-entries", COPY + "like 'order:%:refund:300'"),
    ("refund-entries", TO_BOB),
    ("escrow-is-open-charges", "delete from entries where reference like 'order:%:earned'"),
    ("escrow-is-open-charges", EARLY),
    ("exact-sums", f"update orders set rate = rate + 1000 where id = ({QUEUED})"),
    ("exact-sums", f"update orders set quantity = quantity - 1 where id = ({PARTIAL})"),
    ("exact-sums", f"update orders set undelivered = undelivered + 1 where id = ({PARTIAL})"),
    ("one-live-attempt", "update attempts set outcome = 'unsure' where outcome = 'absent'"),
    ("accepted-has-id", "update attempts set upstream_order = null where outcome = 'accepted'"),
    ("accepted-has-id", "update attempts set upstream_order = '4711' where outcome = 'accepted'"),
    ("state-fits-attempts", f"update orders set state = 'placing' where id = ({QUEUED})"),
    ("state-fits-attempts", f"update orders set state = 'queued' where id = ({ACTIVE})"),
    ("state-fits-attempts", "update attempts set outcome = 'refused' where outcome = 'unsure'"),
    ("state-fits-attempts", "update attempts set outcome = 'placing' where outcome = 'accepted'"),
    ("state-fits-attempts", "update attempts set outcome = 'unsure' where outcome = 'written_off'"),
    ("no-attempt-overdue", "update attempts set deadline_at = 1 where outcome = 'placing'"),
    ("given-up-by-decision", "delete from decisions where verdict = 'absent'"),
    ("given-up-by-decision", "update decisions set verdict = 'found' where verdict = 'written_off'"),
    ("ended-as-delivered", f"update orders set state = 'completed' where id = ({PARTIAL})"),
    ("ended-as-delivered", f"update orders set undelivered = 1 where id = ({ACTIVE})"),
    ("ended-as-delivered", "update orders set undelivered = 0 where state = 'cancelled'"),
    ("nothing-forgotten", "update attempts set poll_at = null where outcome = 'accepted'"),
    ("nothing-unsettled", "delete from entries where source = 'escrow'"),
]  # fmt: skip
"""Which promise, and what breaks it once nothing in the database stands in the way."""


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
    if is_sqlite(engine()):
        for trigger in ("entries_stay", "entries_keep"):
            await Signal.raw(f"drop trigger {trigger}")
    else:
        await Signal.raw("alter table entries disable trigger user")
        for row in await Signal.raw(
            "select conrelid::regclass as place, conname as name from pg_constraint where contype in ('c', 'f')"
            " and connamespace = 'public'::regnamespace"
        ):
            await Signal.raw(f"alter table {row['place']} drop constraint {row['name']}")
    for index in ("attempts_live", "attempts_upstream"):
        await Signal.raw(f"drop index {index}")


class Spoiled(Exception):
    """Takes back what was spoiled."""


async def broken_by(spoiling: str) -> set[str]:
    """The promises that are red once this was done; it is undone again."""
    red: set[str] = set()

    async def work() -> None:
        if is_sqlite(engine()):
            await Signal.raw("pragma ignore_check_constraints = on")
            await Signal.raw("pragma defer_foreign_keys = on")
        await Signal.raw(spoiling)
        red.update(finding.promise for finding in await run._find_all() if finding.broken)
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
    await take_the_guards_away()
    unnoticed = {(name, sql): red for name, sql in SPOILED if name not in (red := await broken_by(sql))}
    assert unnoticed == {}
    assert [finding for finding in await run.audit() if finding.broken] == []


async def test_every_promise_has_something_that_breaks_it(panel_database: str) -> None:
    assert {finding.promise for finding in await run.audit()} == {name for name, _ in SPOILED}


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
