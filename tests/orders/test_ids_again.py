"""A provider gives an id a second time: the later order gets it where the earlier one is over, and never before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.catalog import store as catalog_store
from aggregator.errors import RefillRefusal, RefillRefused
from aggregator.ledger import book
from aggregator.orders import attempt_store, refill_store, store
from aggregator.orders.aftersales.refill import request_refill
from aggregator.orders.model import Attempt, Order, Undecidable
from aggregator.orders.reporting import alerts, provider_stats, search_store
from aggregator.orders.reporting.search_store import OrderSearch
from aggregator.orders.unsure import resolve
from aggregator.orders.upstream_ids import reuse_store
from aggregator.resellers.model import Reseller
from aggregator.storage import decisions, tables
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, order_now, set_attempt
from tests.evidence.inquiries import time_passes
from tests.orders.panels import ScriptedPanel, dispatch, dispatch_all, hurry, open_panel, outcomes_of, poll, state_of

BOUGHT = 1000 * SCALE
LISTS = 'order_list = "orders"\ndebits_late = true\n'
COMPLETED = {"status": "Completed", "remains": "0", "charge": "2.4"}
CANCELLED = {"status": "Canceled", "remains": "1000", "charge": "0"}


@pytest.fixture
async def panel(alpha: ScriptedPanel, tmp_path: Path, panel_database: str) -> AsyncIterator[Panel]:
    """Alpha lists our orders; every test ends with a green audit."""
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more=LISTS) as opened:
        yield opened
        assert [finding for finding in await audit() if finding.broken] == []


async def order_as(panel: Panel, alpha: ScriptedPanel, ann: Reseller, upstream: int, **changes: Any) -> Order:
    """An order to which alpha answers with this id."""
    order = await accept_order(ann, **changes)
    alpha.next_order = upstream
    await dispatch(panel)
    return await order_now(order.id)


async def ended_as_77(panel: Panel, alpha: ScriptedPanel, ann: Reseller, **changes: Any) -> Order:
    order = await order_as(panel, alpha, ann, 77, **changes)
    alpha.replies["77"] = COMPLETED
    await poll(panel)
    assert await state_of(order) == "completed"
    return await order_now(order.id)


async def stop_watching(order: Order) -> None:
    """The days in which alpha might correct it are over."""
    await tables.Attempt.update({tables.Attempt.poll_at: None}).where(tables.Attempt.order_id == order.id)


async def attempt_of(order: Order) -> Attempt:
    return (await attempt_store.of_order(order.id))[-1]


async def told(order: Order) -> str:
    return "\n".join(line.text for line in await store.history(order))


async def look(panel: Panel, times: int = 3) -> None:
    """Evidence is looked for, a minute between each look and the next."""
    for _ in range(times):
        await time_passes()
        await panel.investigator.run_once("alpha")


def row_of(order: Order, upstream: int = 77, **changes: Any) -> dict[str, Any]:
    """An order as alpha lists it."""
    return {"order": upstream, "service": 1, "link": order.link, "quantity": str(order.quantity), **changes}


async def assert_handed_over(earlier: Order, later: Order) -> None:
    first, second = await attempt_of(earlier), await attempt_of(later)
    assert (second.outcome, second.upstream_order, await state_of(later)) == ("accepted", "77", "active")
    assert (first.poll_at, first.superseded_at is not None, second.superseded_at) == (None, True, None)
    assert "to a later order" in await told(earlier)
    assert "which an order that has ended had before" in await told(later)
    assert (await catalog_store.provider("alpha")).ids_restarted_at is not None


async def test_what_is_watched_no_more_gives_its_id_up_at_once(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    await stop_watching(earlier)
    later = await order_as(panel, alpha, ann, 77)
    await assert_handed_over(earlier, later)
    alpha.replies["77"] = CANCELLED
    await poll(panel)
    assert (await state_of(earlier), await state_of(later)) == ("completed", "cancelled")
    assert await book.balance(ann.id) == BOUGHT - 3 * SCALE


async def test_many_ids_that_come_again_at_once_are_all_taken(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    alpha.reply = COMPLETED
    for _ in range(2):
        alpha.placed = 5000
        orders = [await accept_order(ann) for _ in range(6)]
        await dispatch_all(panel)
        assert [await state_of(order) for order in orders] == ["active"] * 6
        await poll(panel)
        for order in orders:
            assert await state_of(order) == "completed"
            await stop_watching(order)


async def test_what_still_runs_keeps_its_id_and_the_owner_is_told(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    earlier = await order_as(panel, alpha, ann, 77)
    later = await order_as(panel, alpha, ann, 77, link="https://x.example/other")
    alpha.listed = [row_of(later)]
    await look(panel)
    assert await outcomes_of(later.id) == [("alpha", "unsure", "DUPLICATE_ORDER")]
    assert (await attempt_of(later)).given_order == "77"
    assert "gave its id 77 a second time" in await told(earlier)
    assert "the id 77 of another order" in await told(later)
    with pytest.raises(Undecidable, match="belongs to another"):
        await resolve.found(later.id, "77", actor="owner", reason="seen there")
    standings = await provider_stats.standings(list(panel.upstreams), panel.prices.markup.fx)
    found = alerts.alarms(await alerts.look(standings, sync_ms=10**9))
    assert "alpha gave 1 order the id of one that still runs" in [alarm.what for alarm in found]
    alpha.replies["77"] = COMPLETED
    await poll(panel)
    assert (await state_of(earlier), await state_of(later)) == ("completed", "unsure")
    assert await reuse_store.clashes() == {}


async def test_the_list_hands_over_what_is_still_watched(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    refill = await request_refill(ann.id, earlier.id)
    later = await order_as(panel, alpha, ann, 77, link="https://x.example/other")
    await look(panel)
    assert await state_of(later) == "unsure"
    alpha.listed = [row_of(later)]
    await look(panel, 1)
    await assert_handed_over(earlier, later)
    assert [row.actor for row in await decisions.about("order", later.id)] == ["rule:list"]
    await panel.refiller.run_once("alpha")
    assert alpha.refills == []
    [row] = await refill_store.of_order(earlier.id)
    assert (row.id, row.state) == (refill, "rejected")
    assert "its refill is dropped" in await told(earlier)
    with pytest.raises(RefillRefused) as refused:
        await request_refill(ann.id, earlier.id)
    assert refused.value.refusal is RefillRefusal.EXPIRED
    alpha.replies["77"] = CANCELLED
    await poll(panel)
    assert (await state_of(earlier), await state_of(later)) == ("completed", "cancelled")


@pytest.mark.parametrize("changes", [{"link": "https://x.example/third"}, {"quantity": "999"}, {"service": 2}])
async def test_a_row_of_something_else_hands_nothing_over(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, changes: dict[str, Any]
) -> None:
    """Nor does it prove that the order is not there."""
    await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77, link="https://x.example/other")
    alpha.listed = [row_of(later, **changes)]
    await look(panel)
    assert await state_of(later) == "unsure"


async def test_a_row_that_fits_both_hands_nothing_over(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """The same again: the row may be the earlier order's own."""
    await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77)
    alpha.listed = [row_of(later)]
    await look(panel)
    assert await state_of(later) == "unsure"


async def test_a_lost_answer_is_found_under_an_old_id(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """It was never told; the list alone shows that the id has begun to mean this order."""
    earlier = await ended_as_77(panel, alpha, ann)
    alpha.answer_to_add = {"status": "who knows"}
    later = await order_as(panel, alpha, ann, 78, link="https://x.example/other")
    alpha.listed = [row_of(later)]
    await look(panel, 1)
    await assert_handed_over(earlier, later)


async def test_a_person_hands_over_what_is_still_watched(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77)
    await resolve.found(later.id, "77", actor="owner", reason="seen there")
    await assert_handed_over(earlier, later)
    assert [order.id for order in await search_store.find(OrderSearch(text="77"), limit=9)] == [later.id, earlier.id]


async def test_of_two_that_are_found_under_one_id_one_gets_it(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    await ended_as_77(panel, alpha, ann)
    unsure = [await order_as(panel, alpha, ann, 77) for _ in range(2)]
    assert [await state_of(order) for order in unsure] == ["unsure"] * 2
    deeds = [resolve.found(order.id, "77", actor="owner", reason="seen there") for order in unsure]
    results = await asyncio.gather(*deeds, return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Order", "Undecidable"]


async def test_what_is_said_while_two_may_have_the_id_pays_nothing_back(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Once the later order is known not to be there, the id speaks for the earlier one again."""
    earlier = await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77)
    alpha.replies["77"] = CANCELLED
    await poll(panel)
    assert (await state_of(earlier), await book.balance(ann.id)) == ("completed", BOUGHT - 6 * SCALE)
    await time_passes()
    await resolve.write_off(later.id, actor="owner", reason="who knows", settle_ms=0)
    await panel.cache.clear()
    await poll(panel)
    assert (await state_of(earlier), await book.balance(ann.id)) == ("cancelled", BOUGHT)


@pytest.mark.parametrize("says", [CANCELLED, {"status": "In progress", "remains": "5"}, {"status": "Partial"}])
async def test_a_question_on_its_way_says_nothing_of_the_earlier_order(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, says: dict[str, str]
) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77)

    async def hand_over() -> None:
        await resolve.found(later.id, "77", actor="owner", reason="seen there")

    before = await order_now(earlier.id)
    alpha.before_status, alpha.replies["77"] = hand_over, says
    await poll(panel)
    assert await order_now(earlier.id) == before
    assert "took the order up again" not in await told(earlier)
    await assert_handed_over(earlier, later)


async def test_a_refill_waits_while_two_may_have_the_id(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """It would be the later order's; once that is known not to be there, it leaves."""
    earlier = await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77)
    await request_refill(ann.id, earlier.id)
    await panel.refiller.run_once("alpha")
    assert alpha.refills == []
    await time_passes()
    await resolve.write_off(later.id, actor="owner", reason="who knows", settle_ms=0)
    await tables.Refill.update({tables.Refill.due_at: 0}, force=True)
    await panel.refiller.run_once("alpha")
    assert alpha.refills == ["77"]


async def test_an_answer_with_an_old_id_is_never_called_absent_by_rule(
    tmp_path: Path, panel_database: str, alpha: ScriptedPanel
) -> None:
    """The balance stands still as far as anybody can tell: what the id costs now may be the later order's."""
    more = "balance_decides = true\n"
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more=more) as panel:
        ann = await make_reseller()
        earlier = await order_as(panel, alpha, ann, 77)
        alpha.replies["77"] = CANCELLED
        await poll(panel)
        assert await state_of(earlier) == "cancelled"
        for _ in range(3):
            await panel.syncer.read_balance("alpha")
            await look(panel, 1)
        later = await order_as(panel, alpha, ann, 77)
        for _ in range(6):
            await time_passes()
            await panel.syncer.sync_if_due("alpha")
            await panel.syncer.read_balance("alpha")
            await panel.investigator.run_once("alpha")
        assert await state_of(later) == "unsure"
        assert [finding for finding in await audit() if finding.broken] == []


async def test_when_the_watch_ends_the_answer_counts_after_all(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    later = await order_as(panel, alpha, ann, 77)
    await look(panel, 2)
    assert await state_of(later) == "unsure"
    await stop_watching(earlier)
    await look(panel, 1)
    await assert_handed_over(earlier, later)
    assert [row.actor for row in await decisions.about("order", later.id)] == ["rule:answer"]


@pytest.mark.parametrize("watched", [True, False])
async def test_an_old_id_that_comes_after_a_write_off(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller, watched: bool
) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    if not watched:
        await stop_watching(earlier)
    later = await accept_order(ann)

    async def write_off() -> None:
        attempt = await attempt_of(later)
        await set_attempt(attempt.id, {tables.Attempt.deadline_at: 1})
        await panel.dispatcher.sweep()
        await resolve.write_off(later.id, actor="owner", reason="nobody knows", settle_ms=0)

    alpha.before_add, alpha.next_order = write_off, 77
    await dispatch(panel)
    first, second = await attempt_of(earlier), await attempt_of(later)
    assert (second.outcome, second.upstream_order) == ("written_off", None if watched else "77")
    assert (first.superseded_at is None, first.poll_at is not None) == (watched, watched)
    assert ("of another order" if watched else "after all") in await told(later)


async def test_an_old_id_that_comes_after_the_sweep_is_remembered(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    earlier = await ended_as_77(panel, alpha, ann)
    later = await accept_order(ann, link="https://x.example/other")

    async def sweep() -> None:
        attempt = await attempt_of(later)
        await set_attempt(attempt.id, {tables.Attempt.deadline_at: 1})
        await panel.dispatcher.sweep()

    alpha.before_add, alpha.next_order = sweep, 77
    await dispatch(panel)
    assert (await attempt_of(later)).given_order == "77"
    alpha.listed = [row_of(later)]
    await look(panel, 1)
    await assert_handed_over(earlier, later)


async def test_a_cancel_that_waits_is_dropped_with_the_id(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """It was never answered, and the order has ended otherwise since."""
    earlier = await order_as(panel, alpha, ann, 77)
    await store.request_cancel(earlier.id)
    alpha.answer_to_cancel = {"error": "Too many requests"}
    await panel.poller.run_once("alpha")
    await tables.Provider.update({tables.Provider.rest_until: 0}).where(tables.Provider.name == "alpha")
    alpha.replies["77"] = COMPLETED
    await poll(panel)
    assert (await attempt_of(earlier)).cancel_due_at is not None
    await stop_watching(earlier)
    later = await order_as(panel, alpha, ann, 77)
    await assert_handed_over(earlier, later)
    assert (await attempt_of(earlier)).cancel_due_at is None
    assert "its cancel is dropped" in await told(earlier)


async def test_an_attempt_given_up_that_ran_elsewhere_gives_its_id_up_too(
    tmp_path: Path, panel_database: str, alpha: ScriptedPanel
) -> None:
    """Called off at alpha before any delivery, done by bravo: nobody waits for alpha's word."""
    bravo = ScriptedPanel("2.60")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        ann = await make_reseller()
        earlier = await order_as(panel, alpha, ann, 77)
        alpha.replies["77"] = CANCELLED
        await poll(panel)
        await hurry()
        await dispatch(panel)
        assert [one[:2] for one in await outcomes_of(earlier.id)] == [("alpha", "called_off"), ("bravo", "accepted")]
        later = await order_as(panel, alpha, ann, 77)
        assert await state_of(later) == "unsure"
        await resolve.found(later.id, "77", actor="owner", reason="seen there")
        first = (await attempt_store.of_order(earlier.id))[0]
        assert (first.superseded_at is not None, first.poll_at, await state_of(earlier)) == (True, None, "active")
        assert await state_of(later) == "active"
        assert [finding for finding in await audit() if finding.broken] == []


async def test_the_same_id_twice_is_kept_where_one_is_watched_no_more(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """By the database itself, however the rows came there."""
    earlier, later = [await order_as(panel, alpha, ann, upstream) for upstream in (77, 78)]
    taking: dict[Any, Any] = {tables.Attempt.upstream_order: "77"}
    mine = tables.Attempt.order_id == later.id
    with pytest.raises(Exception, match=r"(?i)unique"):
        await tables.Attempt.update(taking).where(mine)
    alpha.reply = COMPLETED
    await poll(panel)
    await stop_watching(earlier)
    await tables.Attempt.update(taking).where(mine)
    assert (await attempt_of(later)).upstream_order == "77"
