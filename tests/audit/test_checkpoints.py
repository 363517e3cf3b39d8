"""A green run is where the next one begins: what is new is looked at in a moment, what was audited stays audited."""

from __future__ import annotations

import asyncio

import pytest

from aggregator.audit import run, store
from aggregator.audit.run import Result
from aggregator.audit.turns import EVERY_MS, take_turn
from aggregator.orders.settling.settle import settle
from aggregator.orders.unsure import resolve
from aggregator.resellers import accounts
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import AuditRun, Entry, Order, Signal
from aggregator.storage.transaction import engine, write
from tests.builders import accept_order, active_order, make_reseller, order_now, unsure_order


def red(result: Result) -> set[str]:
    return {finding.promise for finding in result.broken}


@pytest.fixture
def no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a database so large that the last few rows do not matter."""
    monkeypatch.setattr("aggregator.audit.scope.OVERLAP", 0)


async def free_the_entries() -> None:
    """Somebody with the keys to the database may do what the program cannot."""
    if is_sqlite(engine()):
        for trigger in ("entries_stay", "entries_keep"):
            await Signal.raw(f"drop trigger {trigger}")
    else:
        await Signal.raw("alter table entries disable trigger user")


async def test_after_a_green_run_only_what_may_have_changed_is_looked_at(panel_database: str, no_overlap: None) -> None:
    ann = await make_reseller()
    for _ in range(5):
        await settle(await active_order(ann), 100, note="a part")
    whole = await run.run(full=True)
    assert (whole.green, whole.complete) == (True, True)

    still = await run.run(full=False)
    assert (still.green, still.complete) == (True, False)
    await accept_order(ann)
    assert still.checked < (await run.run(full=False)).checked < whole.checked


async def test_orders_that_were_open_at_the_checkpoint_are_looked_at_when_they_have_ended(
    panel_database: str, no_overlap: None
) -> None:
    """Ended, refunded late, decided about: each leaves an entry or a decision behind."""
    ann = await make_reseller()
    order, ended, lost = await active_order(ann), await active_order(ann), await unsure_order(ann, seconds_ago=60)
    await settle(ended, 100, note="a part")
    assert (await run.run(full=True)).green

    await settle(order, 300, note="a part")
    await settle(await order_now(ended.id), 200, note="a larger part")
    await resolve.write_off(lost.id, actor="owner", reason="who knows", settle_ms=0)
    spoiled = Order.id.is_in([order.id, ended.id, lost.id])
    await Order.update({Order.undelivered: Order.undelivered - 1}).where(spoiled)
    [finding] = [one for one in (await run.run(full=False)).broken if one.promise == "exact-refund"]
    assert finding.broken == 3
    await Order.update({Order.undelivered: Order.undelivered + 1}).where(spoiled)
    assert (await run.run(full=False)).green


async def test_what_was_ended_without_an_entry_is_missed_in_the_sum(panel_database: str, no_overlap: None) -> None:
    """Nothing leads to such an order; the escrow holds more than the open orders were charged."""
    ann = await make_reseller()
    order = await active_order(ann)
    assert (await run.run(full=True)).green
    await Order.update({Order.state: "completed", Order.ended_at: 1}).where(Order.id == order.id)
    assert red(await run.run(full=False)) == {"money-is-conserved"}
    assert red(await run.run()) == {"escrow-is-open-charges"}


async def test_a_wallet_that_was_changed_is_found_at_once(panel_database: str) -> None:
    """Also one whose entries are all older than the checkpoint."""
    await make_reseller()
    assert (await run.run(full=True)).green
    await Signal.raw("update wallets set balance = balance + 1")
    assert red(await run.run(full=False)) == {"wallet-equals-entries", "statement-adds-up"}


async def test_an_old_row_that_was_changed_is_found_by_a_look_at_everything(
    panel_database: str, no_overlap: None
) -> None:
    """And so it is in a small database, where a look at everything takes no time."""
    ann = await make_reseller()
    await settle(await active_order(ann), 100, note="a part")
    assert (await run.run(full=True)).green
    await Order.update({Order.rate: Order.rate + 1000}, force=True)
    assert (await run.run(full=False)).green
    assert red(await run.run()) == {"exact-charge"}


async def test_the_book_is_chained_from_the_first_entry_on(panel_database: str) -> None:
    """Run upon run; a text changed in an old line breaks it, until the owner takes the lines as they are."""
    await make_reseller()
    for _ in range(3):
        await accounts.fund("ann", 5)
        assert (await run.run(full=True)).green
    assert len(await store.links()) == 3
    await free_the_entries()
    await Entry.update({Entry.note: "better"}).where(Entry.id == 2)

    assert red(await run.run()) == {"book-only-grows"}
    assert red(await run.run()) == {"book-only-grows"}
    await store.begin_chain_anew(actor="owner", reason="a note was corrected by hand")
    assert (await run.run()).green
    await Entry.update({Entry.note: "worse"}).where(Entry.id == 2)
    assert red(await run.run()) == {"book-only-grows"}


async def test_both_engines_make_the_same_chain(fresh_sqlite: str, fresh_postgres: str) -> None:
    """A book that moves from one to the other can be proven to be the same."""
    from tests.builders import open_database  # noqa: PLC0415 - opened twice here, by no fixture

    found = []
    for url in (fresh_sqlite, fresh_postgres):
        async with open_database(url):
            await make_reseller()
            await accounts.fund("ann", 5, reference="Übung: 5 | 7", note="mit\nZeilen")
            await Entry.raw("select 1 as one")
            await free_the_entries()
            await Entry.update({Entry.at: 7}, force=True)
            assert (await run.run(full=True)).green
            found.append((await store.links())[-1])
    assert found[0] == found[1]


async def test_an_entry_that_is_committed_late_is_not_passed_over(fresh_postgres: str) -> None:
    """Its number was given out before the checkpoint's last one, its transaction ended after."""
    from tests.builders import open_database  # noqa: PLC0415 - a database of its own, kept by nobody

    async with open_database(fresh_postgres):
        ann = await make_reseller()
        order = await active_order(ann)
        begun, go = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            await Signal.raw("update wallets set balance = balance - 5 where reseller = {}", ann.id)
            await Signal.raw(
                "insert into entries (source, target, amount, reference, reseller, note, at)"
                " values ('wallet:1', 'nowhere', 5, 'late', 1, '', 0)"
            )
            begun.set()
            await go.wait()

        writing = asyncio.create_task(write(slow))
        await begun.wait()
        await settle(order, 0, note="all of it")
        auditing = asyncio.create_task(run.run(full=True))
        await asyncio.sleep(0.2)
        assert not auditing.done()
        go.set()
        await writing
        assert "entry-is-of-a-kind" in red(await auditing)


async def test_of_runs_upon_the_same_checkpoint_one_makes_the_next(panel_database: str) -> None:
    """However soon one of them ends: the others do not know of it."""
    await make_reseller()
    results = await asyncio.gather(*(run._run(None, None, None) for _ in range(4)))
    assert all(result is not None and result.green for result in results)
    kept = AuditRun.marks.is_not_null()
    assert len(await AuditRun.select().where(kept)) == 1
    assert (await run.run(full=False)).green


async def test_of_many_workers_one_takes_the_turn(panel_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And after a night somebody looks at everything."""
    now = clock.now() // EVERY_MS * EVERY_MS
    monkeypatch.setattr(clock, "now", lambda: now)
    assert len([turn for turn in await asyncio.gather(*(take_turn() for _ in range(4))) if turn]) == 1
    assert await take_turn() is None
    assert await take_turn(at_start=True) is not None
    now += DAY_MS
    monkeypatch.setattr("aggregator.audit.run.SMALL", -1)
    turns = [await take_turn()]
    now += EVERY_MS
    turns.append(await take_turn())
    assert [turn and turn.complete for turn in turns] == [True, False]


async def test_runs_are_kept_with_what_they_found(panel_database: str) -> None:
    await make_reseller()
    await run.run(full=True)
    await Signal.raw("update wallets set balance = balance + 1")
    await run.run()
    newest, first = await store.last_runs(2)
    assert (first.green, first.red, first.complete) == (True, [], True)
    assert [(one.id, one.promise, one.broken) for one in newest.red] == [
        ("M1", "wallet-equals-entries", 1),
        ("M19", "statement-adds-up", 1),
    ]
    assert newest.red[0].rows == ["wallet 1, holds 100000000001, moved 100000000000"]
