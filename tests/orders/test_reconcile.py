"""A provider's balance is compared with our orders, look by look; a difference is told and holds nothing."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from aggregator.app import Panel
from aggregator.catalog.news.retention import tidy
from aggregator.catalog.syncing import decide
from aggregator.catalog.syncing.decide import NothingHeld
from aggregator.catalog.syncing.looked import Matter, looked
from aggregator.catalog.upstream import balance_store
from aggregator.orders import attempt_store
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import standings
from aggregator.storage import clock, decisions, tables
from tests.builders import accept_order, days_ago, make_reseller
from tests.orders.panels import (
    PARTIAL_300,
    ScriptedPanel,
    dispatch_all,
    move_providers,
    open_panel,
    poll,
    running,
    state_of,
)
from tests.orders.tills import Till, differences, minutes_pass, reconcile

CALLED_OFF = {"status": "Canceled", "remains": "1000", "charge": "0"}


@pytest.fixture
def alpha() -> Till:
    return Till()


async def told(panel: Panel) -> list[str]:
    """What the owner's first page says of balances."""
    found = await standings(panel.upstreams, panel.prices.markup.fx)
    seen = await alerts.look(found, sync_ms=900_000)
    return [alarm.what for alarm in alerts.alarms(seen) if "balance of" in alarm.what]


async def test_an_honest_balance_alarms_nobody(panel: Panel, alpha: Till) -> None:
    """Orders, one that is called off and one that comes in part, and a top-up in the middle."""
    ann = await make_reseller()
    await running(panel, ann, 3)
    assert await differences(panel) == []
    alpha.replies = {"5001": CALLED_OFF, "5002": PARTIAL_300}
    alpha.funds += Decimal("2.40") + Decimal("0.72")
    await poll(panel)
    assert await differences(panel) == []
    alpha.funds += 50
    assert await differences(panel) == []
    await dispatch_all(panel)
    assert await differences(panel) == []
    assert await told(panel) == []


async def test_a_provider_that_takes_more_than_it_lists_is_told_with_both_sums_and_the_orders(
    panel: Panel, alpha: Till
) -> None:
    """Also where a top-up came in between; and it still gets orders, for a difference holds nothing."""
    ann = await make_reseller()
    first = await running(panel, ann, 2)
    assert await differences(panel) == []
    alpha.more = Decimal("0.10")
    await accept_order(ann)
    await dispatch_all(panel)
    assert await differences(panel) == ["0.10"]
    alpha.funds += 50
    assert await differences(panel) == ["0.10"]
    await accept_order(ann)
    await dispatch_all(panel)
    (day,) = await reconcile(panel)
    assert (day.lost, day.due) == (Decimal("9.80"), Decimal("9.60"))
    assert set(day.concerned) > {order.id for order in first}
    (what,) = await told(panel)
    assert "lost 9.8 USD" in what
    assert "should have cost 9.6 USD" in what
    last = await accept_order(ann)
    await dispatch_all(panel)
    assert await state_of(last) == "active"


@pytest.mark.parametrize("listed", [True, False], ids=["listed since", "agreed to by the owner"])
async def test_a_charge_that_is_explained_since_is_what_its_order_should_have_cost(
    listed: bool, panel: Panel, alpha: Till
) -> None:
    """An ordinary rise is told as a rise, and not as money that was lost; and so is what the owner agreed to."""
    ann = await make_reseller()
    await running(panel, ann, 1)
    assert await differences(panel) == []
    alpha.more = Decimal("1.60")
    await accept_order(ann)
    await dispatch_all(panel)
    assert await differences(panel) == ["1.60"]
    alpha.replies = {"5002": {"status": "In progress", "remains": "1000", "charge": "4.00", "currency": "USD"}}
    await poll(panel)
    assert await differences(panel) == ["1.60"]
    alpha.rows[0]["rate"] = "4.00" if listed else "2.40"
    assert await panel.syncer.sync_if_due("alpha") is not None
    if not listed:
        assert await differences(panel) == ["1.60"]
        await decide.approve("alpha", "1", actor="olga", reason="they said so")
    assert await differences(panel) == []


async def test_what_was_called_off_and_kept_is_told_first_by_its_order(panel: Panel, alpha: Till) -> None:
    """Cancelled, charge 0, remains all: we paid it back, and the money never came."""
    ann = await make_reseller()
    orders = await running(panel, ann, 3)
    alpha.replies = {"5002": CALLED_OFF}
    await poll(panel)
    assert await state_of(orders[1]) == "cancelled"
    assert await differences(panel) == ["2.40"]
    (day,) = (await balance_store.drifts())["alpha"]
    assert (day.concerned[0], day.lost, day.due) == (orders[1].id, Decimal("7.20"), Decimal("4.80"))


async def test_a_top_up_while_the_order_still_ran_does_not_hide_what_was_kept(panel: Panel, alpha: Till) -> None:
    """It was said to be under way after the money had come: that was no refund."""
    await running(panel, await make_reseller())
    assert await differences(panel) == []
    alpha.funds += 50
    assert await differences(panel) == []
    await poll(panel)
    assert await differences(panel) == []
    alpha.reply = CALLED_OFF
    await poll(panel)
    assert await differences(panel) == ["2.40"]


async def test_what_was_lost_late_and_kept_is_told(panel: Panel, alpha: Till) -> None:
    """Completed, then partial, as providers correct themselves."""
    ann = await make_reseller()
    await running(panel, ann)
    alpha.reply = {"status": "Completed", "remains": "0", "charge": "2.40"}
    await poll(panel)
    assert await differences(panel) == []
    alpha.reply = PARTIAL_300
    await poll(panel)
    assert await differences(panel) == ["0.72"]


async def test_what_was_called_off_and_bought_elsewhere_is_told_too(tmp_path: Path, panel_database: str) -> None:
    alpha, bravo = Till(), ScriptedPanel("2.45")
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}, reroute=True) as panel:
        order = await accept_order(await make_reseller())
        await dispatch_all(panel)
        alpha.reply = CALLED_OFF
        await poll(panel)
        await dispatch_all(panel)
        assert [one.provider for one in await attempt_store.of_order(order.id)] == ["alpha", "bravo"]
        assert await differences(panel) == ["2.40"]


async def test_an_order_by_hand_is_told_until_somebody_has_looked_and_again_when_there_is_more(
    panel: Panel, alpha: Till
) -> None:
    await running(panel, await make_reseller())
    alpha.funds -= 5
    assert await differences(panel) == ["5.00"]
    closed = await looked("alpha", Matter.BALANCE, actor="owner", reason="my own order")
    assert "lost 7.4 USD" in closed
    assert [row.reason for row in await decisions.about("provider", 0)] == ["my own order"]
    assert (await differences(panel), await told(panel)) == ([], [])
    alpha.funds -= 1
    assert await differences(panel) == ["6.00"]
    await looked("alpha", Matter.BALANCE, actor="owner", reason="mine, too")
    with pytest.raises(NothingHeld):
        await looked("alpha", Matter.BALANCE, actor="owner", reason="once more")


async def test_an_unsure_order_may_have_been_charged_until_it_is_known(panel: Panel, alpha: Till) -> None:
    await accept_order(await make_reseller())
    alpha.answer_to_add = {"error": "what nobody knows"}
    alpha.funds -= Decimal("2.40")
    await dispatch_all(panel)
    assert await differences(panel) == []
    alpha.funds -= 1
    assert await differences(panel) == ["1.00"]
    await panel.dispatcher.sweep()


async def test_a_restart_in_the_middle_forgets_nothing(tmp_path: Path, panel_database: str) -> None:
    """What was taken while nobody looked counts; what was paid in meanwhile does not hide it."""
    alpha = Till()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        await running(panel, await make_reseller(), 2)
        assert await differences(panel) == []
        alpha.funds -= 3
        assert await differences(panel) == ["3.00"]
    await minutes_pass(60)
    alpha.funds += 50
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        assert await differences(panel) == ["3.00"]
        alpha.funds -= 2
        assert await differences(panel) == ["5.00"]


async def test_each_day_is_judged_by_itself_and_told_once(panel: Panel, alpha: Till) -> None:
    """A day that was looked at says nothing of the next."""
    await tables.Signal.raw("delete from balance_days")
    with days_ago(1):
        assert await panel.syncer.read_balance("alpha")
        alpha.funds -= 3
        assert await panel.syncer.read_balance("alpha")
    await reconcile(panel)
    alpha.funds -= 1
    found = await reconcile(panel)
    assert [f"{day.drift:.2f}" for day in found] == ["1.00", "3.00"]


async def test_processes_that_judge_at_once_tell_of_a_difference_once(panel: Panel, alpha: Till) -> None:
    alpha.funds -= 3
    await panel.syncer.read_balance("alpha")
    await minutes_pass(10)
    (day,) = await balance_store.days("alpha", since=0)
    judged = balance_store.Judgement(lost=Decimal(3), due=Decimal(0), noise=Decimal(0))
    claims = await asyncio.gather(*(balance_store.claim(day, pause_ms=1000) for _ in range(5)))
    news = await asyncio.gather(*(balance_store.keep(day, judged) for _ in range(5)))
    assert (claims.count(True), news.count(True)) == (1, 1)


async def test_looks_that_overlap_are_not_taken_for_movements(panel: Panel, alpha: Till) -> None:
    """Nobody knows which of the two is the newer one."""
    (before,) = await balance_store.days("alpha", since=0)
    funds = await panel.upstreams.adapter("alpha").balance()  # type: ignore[union-attr]
    old = balance_store.BalanceLook(funds=funds, begun=before.looked_at - 1, ended=before.looked_at + 5)
    await balance_store.note("alpha", old)
    assert await balance_store.days("alpha", since=0) == [before]


async def test_a_balance_in_another_currency_begins_anew(panel: Panel, alpha: Till) -> None:
    """As the owner is asked to confirm it, nothing is compared across the change."""
    await running(panel, await make_reseller())
    alpha.currency, alpha.funds = "INR", Decimal("8000.00")
    assert await differences(panel) == []
    alpha.funds -= 100
    assert await differences(panel) == ["100.00"]


async def test_a_provider_that_debits_late_is_given_the_day_before(tmp_path: Path, panel_database: str) -> None:
    alpha = Till()
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more="debits_late = true") as panel:
        alpha.more = Decimal("-2.40")
        await running(panel, await make_reseller(), 2)
        await tables.Signal.raw("delete from balance_days")
        await minutes_pass(10)
        await panel.syncer.read_balance("alpha")
        alpha.funds -= Decimal("4.80")
        assert await differences(panel) == []
        alpha.funds -= 1
        assert await differences(panel) == ["1.00"]


async def test_a_renamed_provider_keeps_its_difference(panel: Panel, alpha: Till, tmp_path: Path) -> None:
    alpha.funds -= 3
    assert await differences(panel) == ["3.00"]
    text = (tmp_path / "providers.toml").read_text()
    await move_providers(panel, tmp_path, text.replace('name = "alpha"', 'name = "omega"\nformerly = "alpha"'))
    assert list(await balance_store.drifts()) == ["omega"]
    alpha.funds -= 1
    assert await differences(panel, "omega") == ["4.00"]


async def test_movements_that_were_judged_long_ago_are_forgotten(panel: Panel, alpha: Till) -> None:
    """The day and its judgement are kept for longer."""
    alpha.funds -= 3
    assert await differences(panel) == ["3.00"]
    await minutes_pass(9 * 24 * 60)
    alpha.funds -= 1
    assert await panel.syncer.read_balance("alpha")
    assert await tidy() == 1
    since, until = 0, clock.now()
    assert [move.came_in for move in await balance_store.moves("alpha", since=since, until=until)] == [-1]
    assert len(await balance_store.days("alpha", since=0)) == 2
