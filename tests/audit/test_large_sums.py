"""Sums beyond 63 bits, which a busy panel in rials or dongs reaches: books, figures and audit stay exact."""

from __future__ import annotations

import pytest

from aggregator.audit import run, store
from aggregator.ledger import book
from aggregator.orders import halts
from aggregator.orders.halts import Concerned
from aggregator.orders.model import Order
from aggregator.orders.reporting import provider_stats_store, reseller_orders_store
from aggregator.orders.reporting.provider_stats import Business
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.daily_totals import day_of
from aggregator.orders.settling.settle import settle
from aggregator.resellers import accounts
from aggregator.resellers.model import Reseller
from aggregator.storage import clock
from aggregator.storage.tables import Attempt, Signal
from aggregator.storage.transaction import write
from tests.builders import DAY, accept_order, activate, active_order, days_ago, make_reseller, order_now

MOST = 2**63 - 1
HUGE = 9 * 10**18
"""One wallet, or one order, full to the brim: 90,000,000,000 of the panel's currency."""

pytestmark = pytest.mark.usefixtures("panel_database")


@pytest.fixture
def no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a database so large that the last few rows do not matter."""
    monkeypatch.setattr("aggregator.audit.scope.OVERLAP", 0)


async def rich(name: str = "ann") -> Reseller:
    return await make_reseller(name, funds=HUGE)


async def huge(reseller: Reseller) -> Order:
    """An order of all that a wallet can hold, taken by a provider."""
    order = await accept_order(reseller, charge=HUGE, rate=HUGE, rate_per=1000, quantity=1000)
    attempt = await activate(order)
    await Attempt.update({Attempt.cost: HUGE}).where(Attempt.id == attempt.id)
    return await order_now(order.id)


async def turn_over(reseller: Reseller, times: int = 3) -> None:
    """Order with everything, have it delivered, pay in anew."""
    for _ in range(times):
        assert await settle(await huge(reseller), 0, note="all there") is not None
        await accounts.fund(reseller.name, HUGE)


async def test_the_audit_is_green_when_lifetime_sums_pass_63_bits(no_overlap: None) -> None:
    """In wallets, escrow, revenue, gateways: at the first look, and upon what the first one kept."""
    ann, bob = await rich(), await rich("bob")
    await turn_over(ann)
    open_too = [await huge(ann), await huge(bob)]
    assert (await run.run(full=True)).broken == []
    await accounts.fund("bob", HUGE)
    assert (await run.run(full=False)).broken == []
    for order in open_too:
        assert await settle(order, 0, note="all there") is not None
    assert (await run.run(full=False)).broken == []
    assert (await run.run(full=True)).broken == []
    kept = await store.checkpoint()
    assert kept is not None
    assert kept.sums["revenue"] > MOST
    assert kept.sums["gateway:manual"] < -MOST


async def test_what_is_wrong_is_found_among_sums_beyond_63_bits() -> None:
    ann, bob = await rich(), await rich("bob")
    await turn_over(ann)
    assert (await run.run(full=True)).green
    await Signal.raw("update wallets set balance = balance - 1 where reseller = {}", bob.id)
    for full in (False, True):
        found = {finding.promise: finding.rows for finding in (await run.run(full=full)).broken}
        assert found["wallet-equals-entries"] == [f"wallet {bob.id}, holds {HUGE - 1}, moved {HUGE}"]
    assert (await halts.standing())["wallet-equals-entries"] == [Concerned(reseller=bob.id)]


async def test_an_order_whose_entries_pass_63_bits_breaks_its_promises_and_no_others() -> None:
    """Charged twice as much as any amount can be: the order is named, and the rest of the page is looked at."""
    ann, bob = await rich(), await make_reseller("bob")
    order, fine = await huge(ann), await active_order(bob)
    await Signal.raw(
        "insert into entries (source, target, amount, reference, reseller, order_id, note, at)"
        " values ({}, 'escrow', {}, 'order:again', {}, {}, '', 0)",
        f"wallet:{ann.id}",
        HUGE,
        ann.id,
        order.id,
    )
    found = {finding.promise: finding for finding in (await run.run(full=True)).broken}
    assert found["charged-once"].rows == [f"order_id {order.id}, charge {HUGE}, charges 2, taken -"]
    assert "escrow-is-open-charges" in found
    concerned = await halts.standing()
    assert concerned["charged-once"] == [Concerned(reseller=ann.id)]
    assert await halts.why(bob.id, fine.id) is None


async def test_a_wallet_with_such_sums_is_squared_by_what_its_entries_say() -> None:
    """In and out of it went more than 63 bits hold."""
    ann = await rich()
    await turn_over(ann)
    assert await book.balance_from_entries(ann.id) == HUGE
    await Signal.raw("update wallets set balance = balance - 5")
    assert await accounts.square("ann", keep="entries", note="changed by hand", actor="owner") == HUGE
    assert (await run.run(full=True)).green


async def test_the_figures_of_days_pass_63_bits_also_once_they_are_kept() -> None:
    ann = await rich()
    with days_ago(2):
        await turn_over(ann)
        short = [await huge(ann)]
        await settle(short[0], 0, note="all there")
        for _ in range(2):
            await accounts.fund("ann", HUGE)
            short.append(await huge(ann))
            await settle(short[-1], 0, note="all there")
    before, _, today = await Business().days(3)
    assert (before.orders, before.charged, before.revenue, before.cost) == (6, 6 * HUGE, 6 * HUGE, 6 * HUGE)
    assert (today.orders, today.revenue) == (0, 0)
    for order in short:
        assert await settle(await order_now(order.id), 1000, note="all of it was lost") is not None
        await accounts.adjust("ann", -HUGE, note="paid out", actor="owner")
    late = (await Business().days(3))[0]
    assert late == await daily_totals_store.count(day_of(clock.now() - 2 * DAY))
    assert (late.revenue, late.refunded, late.cost) == (3 * HUGE, 3 * HUGE, 3 * HUGE)
    assert await daily_totals_store.keep(late.start) == late
    assert (await Business().days(3))[0] == late


async def test_what_is_known_later_of_costs_passes_63_bits() -> None:
    """Of one round at a provider, all for orders of a day that was kept."""
    ann = await rich()
    with days_ago(2):
        ended = [await active_order(ann), await active_order(ann), await active_order(ann)]
        for order in ended:
            assert await settle(order, 0, note="all there") is not None
    before = (await Business().days(3))[0]

    async def told() -> None:
        await Attempt.update({Attempt.spent: HUGE}, force=True)

    attempts = [row["id"] for row in await Signal.raw("select id from attempts")]
    for _ in range(2):
        await write(lambda: daily_totals_store.follow(attempts, told))
    late = (await Business().days(3))[0]
    assert (before.cost < HUGE, late.cost) == (True, 3 * HUGE)
    assert late == await daily_totals_store.count(late.start)
    assert (await run.run(full=True)).broken == []


async def test_what_resellers_and_providers_come_to_in_a_while_passes_63_bits() -> None:
    ann = await rich()
    await turn_over(ann)
    assert (await provider_stats_store.spent_since(0))[ann.id] == (3, 3 * HUGE)
    assert (await provider_stats_store.tries_since(0))["alpha"].spent == 3 * HUGE
    assert (await reseller_orders_store.count(ann.id)).month_spent == 3 * HUGE


async def test_a_checkpoint_of_before_is_the_beginning_of_the_next(no_overlap: None) -> None:
    """Sums that an earlier version kept in one column stand as they are."""
    ann = await rich()
    assert (await run.run(full=True)).green
    rows = await Signal.raw("select account, moved, moved_high from audit_sums where account = {}", f"wallet:{ann.id}")
    assert [(row["moved"], row["moved_high"]) for row in rows] == [(HUGE, 0)]
