"""What the owner's overview counts: days, providers, whatever waits; and how orders are found among many."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.orders import attempt_store, store
from aggregator.orders.reporting import provider_stats_store, search_store, timeline
from aggregator.orders.reporting.provider_stats import Business, standings
from aggregator.orders.reporting.search_store import OrderSearch
from aggregator.orders.settling import daily_totals, daily_totals_store
from aggregator.orders.settling.daily_totals import Day
from aggregator.orders.settling.settle import settle
from aggregator.orders.state import OrderState
from aggregator.orders.unsure import resolve
from aggregator.orders.unsure.bulk_decisions import ABSENT, WRITE_OFF, decide, unsure_between
from aggregator.settings import read_markup, read_providers
from aggregator.storage import clock, tables
from aggregator.storage.clock import DAY_MS
from aggregator.storage.id_ranges import first_id
from aggregator.storage.transaction import write
from pricing.money import SCALE
from tests.builders import (
    accept_order,
    active_order,
    begin_attempt,
    days_ago,
    make_reseller,
    order_now,
    unsure_order,
)

pytestmark = pytest.mark.usefixtures("panel_database")
PROVIDER = '[[provider]]\nname = "alpha"\nurl = "https://alpha.example"\nkey = "k"\ncurrency = "USD"\n'


async def test_a_day_adds_up_what_ended_and_what_it_cost() -> None:
    """Three orders at 3.00 that cost 2.50: one delivered, one by 70 %, one not at all."""
    ann = await make_reseller()
    for undelivered in (0, 300, 1000):
        await settle(await active_order(ann), undelivered, note="as the provider says")
    await accept_order(ann)
    yesterday, today = await Business().days(2)
    assert (today.orders, today.charged) == (4, 12 * SCALE)
    assert (today.revenue, today.cost) == (510_000_000, 425_000_000)
    assert (today.profit, today.margin_percent) == (85_000_000, 17)
    assert (yesterday.orders, yesterday.revenue, yesterday.margin_percent) == (0, 0, None)
    assert today.start % DAY_MS == 0


async def test_a_day_that_is_over_is_counted_once() -> None:
    """A million orders of last month are not counted again by anybody."""
    ann, kept = await make_reseller(), Business()
    await kept.days(3)
    for _ in range(2):
        await accept_order(ann)
        await tables.Order.raw("update orders set created_at = created_at - {}", 2 * DAY_MS)
    assert [day.orders for day in await Business().days(3)] == [0, 0, 0]
    await tables.Day.delete(force=True)
    assert [day.orders for day in await Business().days(3)] == [1, 0, 0]


async def test_what_happens_to_old_orders_changes_the_days_that_are_kept_to_the_last_unit() -> None:
    """Each refund counts on the day its order ended, and so does what a provider took after all."""
    ann = await make_reseller()
    with days_ago(3):
        delivered, short, lost = [await active_order(ann, charge=7, quantity=1000) for _ in range(3)]
        doubtful = await unsure_order(ann, seconds_ago=100)
        await active_order(ann)
    with days_ago(2):
        await settle(delivered, 0, note="all there")
        await settle(short, 333, note="fell short")
        await settle(lost, 1000, note="nothing came")
        await resolve.write_off(doubtful.id, actor="olga", reason="nobody knows", settle_ms=0)
    before = await Business().days(5)
    assert before == await counted(5)
    assert before[2].revenue == 7 + 7 - 2
    assert await settle(await order_now(delivered.id), 501, note="dropped") is not None
    await resolve.settle_by_hand(short.id, 700, actor="olga", reason="goodwill")
    await resolve.settle_by_hand(short.id, 701, actor="olga", reason="goodwill")
    await resolve.found(doubtful.id, "5009", actor="olga", reason="they have it")
    await settle(await active_order(ann), 10, note="of today")
    after = await Business().days(5)
    assert after == await counted(5)
    assert (after[2].refunded, after[2].profit) != (before[2].refunded, before[2].profit)
    assert [after[place] for place in (0, 1, 3)] == [before[place] for place in (0, 1, 3)]
    await daily_totals_store.keep(after[2].start)
    assert await Business().days(5) == after


async def test_an_attempt_that_was_answered_late_costs_on_the_day_its_order_ended() -> None:
    ann = await make_reseller()
    with days_ago(2):
        order = await unsure_order(ann, seconds_ago=100)
        await resolve.write_off(order.id, actor="olga", reason="nobody knows", settle_ms=0)
    (attempt,) = await attempt_store.of_order(order.id)
    assert (await Business().days(3))[0].cost == 0

    async def work() -> None:
        assert await attempt_store.attach(attempt.id, "5001")
        await daily_totals_store.add_found(attempt.id)

    await write(work)
    assert (await Business().days(3))[0].cost == attempt.cost
    assert await Business().days(3) == await counted(3)


async def counted(many: int) -> list[Day]:
    """The last days from the orders alone."""
    today = daily_totals.day_of(clock.now())
    return [await daily_totals_store.count(today - back * DAY_MS) for back in reversed(range(many))]


async def test_the_first_row_of_a_moment_is_found_among_gaps() -> None:
    ann = await make_reseller()
    ids = [(await accept_order(ann)).id for _ in range(5)]
    for number, order in enumerate(ids):
        await tables.Order.raw("update orders set created_at = {} where id = {}", 1000 * (number + 1), order)
    found = [await first_id(tables.Order, moment) for moment in (0, 1000, 1001, 3000, 5000, 5001)]
    assert found == [ids[0], ids[0], ids[1], ids[2], ids[4], ids[4] + 1]


async def test_a_provider_shows_its_success_its_spending_and_how_long_its_balance_lasts() -> None:
    """25.00 there, 5.00 spent in a day: five days."""
    ann = await make_reseller()
    await active_order(ann)
    await active_order(ann)
    await unsure_order(ann)
    await tables.Provider.raw(
        "insert into providers (name, balance, currency, balance_due_at, sync_due_at, failures, rest_until)"
        " values ('alpha', '25', 'USD', 0, 0, 0, 0)"
    )
    providers = read_providers(PROVIDER, "providers.toml", {}, Path("/"))
    fx = read_markup("", "markup.toml", currency="USD").fx
    (alpha,) = await standings(providers, fx)
    assert (alpha.tries.sent, alpha.tries.accepted, alpha.success_percent) == (3, 2, 67)
    assert (alpha.tries.spent, alpha.hours_left, alpha.unsure.count) == (5 * SCALE, 120, 1)
    assert alpha.latency_ms is not None


async def test_whatever_waits_says_since_when() -> None:
    ann = await make_reseller()
    now = clock.now()
    await accept_order(ann)
    await begin_attempt(await accept_order(ann))
    await store.hold(await active_order(ann), "nobody knows")
    waiting = [
        await provider_stats_store.queued_before(now + 60_000),
        await provider_stats_store.due_before(now + 60_000),
        await provider_stats_store.placing_before(now + 60_000),
        await provider_stats_store.held(),
        (await provider_stats_store.polls_before(now + 60_000))["alpha"],
    ]
    assert [one.count for one in waiting] == [1, 1, 1, 1, 1]
    assert all(one.since is not None and abs(one.since - now) < 60_000 for one in waiting)
    assert (await provider_stats_store.queued_before(now - 60_000)).since is None
    assert (await provider_stats_store.spent_since(now - DAY_MS))[ann.id] == (3, 9 * SCALE)


def test_percents_are_rounded_from_whole_numbers() -> None:
    assert [daily_totals.round_percent(part, 3) for part in (0, 1, 2, 3, -1)] == [0, 33, 67, 100, -33]
    assert daily_totals.round_percent(1, 0) is None


async def found(**sought: object) -> list[int]:
    return [order.id for order in await search_store.find(OrderSearch(**sought), limit=10)]  # type: ignore[arg-type]


async def test_orders_are_found_by_id_upstream_id_and_pieces_of_a_link() -> None:
    """Whatever an owner copies out of a complaint."""
    ann = await make_reseller()
    first = await active_order(ann, upstream="ord_77%", link="https://x.example/Some_Body")
    second = await active_order(ann, provider="bravo", upstream="990001", link="https://y.example/somebody")
    await tables.Provider.raw(
        "insert into providers (name, balance_due_at, sync_due_at, failures, rest_until) values"
        " ('alpha', 0, 0, 0, 0), ('bravo', 0, 0, 0, 0)"
    )
    assert await found(text=f"#{first.id}") == [first.id]
    assert await found(text=" ord_77% ") == [first.id]
    assert await found(text="990001") == [second.id]
    assert await found(text="some_body") == [first.id]
    assert await found(text="EXAMPLE/SOME") == [second.id, first.id]
    assert await found(text="%' or 1=1 --") == []
    assert await found(text=str(10**30)) == []


async def test_orders_are_filtered_and_read_page_by_page() -> None:
    ann, bob = await make_reseller(), await make_reseller("bob")
    queued = await accept_order(ann)
    alpha = await active_order(bob)
    bravo = await active_order(ann, provider="bravo")
    await store.hold(await order_now(bravo.id), "nobody knows")
    assert await found() == [bravo.id, alpha.id, queued.id]
    assert await found(before=bravo.id) == [alpha.id, queued.id]
    assert await found(states=(OrderState.QUEUED.value,)) == [queued.id]
    assert await found(provider="alpha") == [alpha.id]
    assert await found(reseller=ann.id) == [bravo.id, queued.id]
    assert await found(held=True, provider="bravo", reseller=ann.id) == [bravo.id]


async def test_the_timeline_tells_everything_in_its_order() -> None:
    ann = await make_reseller()
    order = await active_order(ann, upstream="5001")
    await settle(order, 300, note="partial, confirmed")
    steps = await timeline.of_order(await order_now(order.id))
    assert [step.at for step in steps] == sorted(step.at for step in steps)
    titles = {step.title for step in steps}
    assert {"sent to alpha:1", "alpha:1: accepted as 5001", "0.90 from escrow to wallet:1"} <= titles


async def test_one_decision_for_all_that_a_provider_left_unsure() -> None:
    """Those that have moved on meanwhile, or are too young to tell, are left alone and say why."""
    ann = await make_reseller()
    old, moved = [await unsure_order(ann, seconds_ago=100) for _ in range(2)]
    young = await unsure_order(ann)
    seen = await unsure_between("alpha", 0, clock.now() + 1)
    assert [one.order.id for one in seen] == [old.id, moved.id, young.id]
    await decide(seen[1:2], WRITE_OFF, actor="oleg", reason="lost", settle_ms=45_000)
    done = await decide(seen, ABSENT, actor="olga", reason="it was down", settle_ms=45_000)
    assert [(one.order, one.refusal is None) for one in done] == [(old.id, True), (moved.id, False), (young.id, False)]
    assert "too early" in str(done[2].refusal)
    assert (await order_now(old.id)).state is OrderState.QUEUED
    assert await unsure_between("alpha", clock.now() + 1, clock.now() + 2) == []
    assert await unsure_between("bravo", 0, clock.now() + 1) == []
