"""What a provider states of a charge is believed with sense, and what it really takes is in the figures."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.orders import attempt_store, stated
from aggregator.orders.model import Order
from aggregator.orders.reporting.provider_stats import Business
from aggregator.orders.settling import daily_totals_store, settle
from aggregator.orders.settling.daily_totals import Day, day_of
from aggregator.orders.stated import ENOUGH, MOST, Stated
from aggregator.orders.unsure import resolve
from aggregator.resellers.model import Reseller
from aggregator.storage import clock, tables
from aggregator.storage.clock import DAY_MS
from pricing.money import SCALE
from tests.builders import make_reseller, order_now, unsure_order
from tests.orders.panels import ScriptedPanel, dispatch, hurry, open_panel, poll, running

EXPECTED = Decimal("2.40")


def says(status: str, charge: str | None, remains: str | None = None, **more: Any) -> dict[str, Any]:
    return {"status": status, "charge": charge, "remains": remains, "currency": "USD", **more}


async def hear(panel: Panel, alpha: ScriptedPanel, *replies: dict[str, Any]) -> None:
    for reply in replies:
        alpha.reply = reply
        await poll(panel)


@pytest.mark.parametrize(
    ("opened", "charge", "undelivered"),
    [
        ([], "2.16", None),
        (["2.4"], "2.16", None),
        (["900"], "2.16", None),
        (["2.4", "2.4"], "2.16", 100),
        (["2.40", "2.4"], "2.16", 100),
        (["2.4", "900", "2.4"], "2.16", 100),
        (["2.4", "2.4", "900"], "2.16", 100),
        (["900", "900", "2.4"], "2.16", None),
        (["900", "900", "2.4", "2.4"], "2.16", 100),
        (["0", "0"], "2.16", None),
        (["-2.4", "-2.4"], "2.16", None),
        (["3.6", "3.6"], "1.8", 500),
        (["3.61", "3.61"], "1.805", 500),
        (["3.61", "3.61", "2.4"], "1.2", None),
        (["1.19", "1.19"], "1.071", 100),
        (["1.19", "2.4", "1.19"], "1.071", None),
        (["2.4", "2.4"], "2.4", None),
        (["2.4", "2.4"], "0", None),
    ],
)
async def test_a_part_is_told_by_a_charge_only_from_one_that_was_stated_so_that_it_can_be_believed(
    opened: list[str], charge: str, undelivered: int | None, panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """1,000 units at 2.40, partial with nothing remaining; None = held for the owner."""
    [order] = await running(panel, ann)
    await hear(panel, alpha, *(says("In progress", stated) for stated in opened), says("Partial", charge, "0"))
    now = await order_now(order.id)
    assert (now.held is not None, now.undelivered) == (undelivered is None, undelivered or 0)


async def test_the_very_same_answer_twice_counts_as_two(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    """Though the panel writes nothing else about it, as it knows those words."""
    [order] = await running(panel, ann)
    same = says("In progress", "2.4", "400", start_count="7")
    await hear(panel, alpha, same, same, says("Partial", "1.2", "0"))
    assert (await order_now(order.id)).undelivered == 500


async def test_an_open_answer_after_the_end_makes_no_base(panel: Panel, alpha: ScriptedPanel, ann: Reseller) -> None:
    [order] = await running(panel, ann)
    await hear(panel, alpha, says("Completed", "2.4"), *[says("In progress", "2.4")] * 3, says("Partial", "1.2", "0"))
    now = await order_now(order.id)
    assert (now.state, now.undelivered, now.held is not None) == ("completed", 0, True)


@pytest.mark.parametrize(("charge", "state"), [("1.2", "active"), ("2.4", "active"), ("0", "cancelled")])
async def test_cancelled_is_told_by_its_charge_only_with_a_base(
    charge: str, state: str, alpha: ScriptedPanel, tmp_path: Path, panel_database: str
) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more='cancel_means = "auto"') as panel:
        [order] = await running(panel, await make_reseller())
        await hear(panel, alpha, says("Canceled", charge))
        now = await order_now(order.id)
        assert (now.state, now.held is not None) == (state, state == "active")


def test_only_so_many_charges_are_remembered_and_those_stated_once_go_first() -> None:
    charges: stated.Charges = ()
    for charge in ("2.4", "2.4", *map(str, range(10, 30))):
        charges = stated.hear(charges, Decimal(charge), opened=True)
    assert len(charges) == MOST
    assert charges[0] == Stated(Decimal("2.4"), ENOUGH, ENOUGH)
    assert stated.decode(stated.encode(charges)) == charges
    assert stated.refund_base(charges, EXPECTED) == EXPECTED


@pytest.mark.parametrize(
    ("heard", "highest"),
    [
        ([], None),
        (["2.4"], "2.4"),
        (["3.6"], "3.6"),
        (["3.61"], None),
        (["900"], None),
        (["900", "2.5"], "2.5"),
        (["900", "900"], "900"),
        (["0.1"], "0.1"),
    ],
)
def test_the_highest_plausible_charge(heard: Sequence[str], highest: str | None) -> None:
    """One that can be, by what the order should cost, or that was stated twice."""
    charges: stated.Charges = ()
    for charge in heard:
        charges = stated.hear(charges, Decimal(charge), opened=False)
    assert stated.highest(charges, EXPECTED) == (None if highest is None else Decimal(highest))


async def counted(many: int) -> list[Day]:
    today = day_of(clock.now())
    return [await daily_totals_store.count(today - back * DAY_MS) for back in reversed(range(many))]


async def cost_of_today() -> Decimal:
    return Decimal((await counted(1))[0].cost) / SCALE


@pytest.mark.parametrize(
    ("replies", "cost"),
    [
        ([says("Completed", "7.2")], "7.2"),
        ([says("In progress", "7.2"), says("Completed", "7.2")], "7.2"),
        ([says("In progress", "7.2"), says("Completed", "0")], "2.4"),
        ([says("In progress", "7.2"), says("In progress", "7.2"), says("Completed", None)], "7.2"),
        ([says("In progress", "900"), says("Completed", "2.4")], "2.4"),
        ([says("Completed", "0")], "2.4"),
        ([says("Completed", None)], "2.4"),
        ([says("Completed", "-7.2")], "2.4"),
        ([says("Completed", "1")], "2.4"),
        ([says("Completed", "7.2", currency="EUR")], "2.4"),
        ([says("In progress", "0"), says("In progress", "4.8"), says("Partial", "2.4", "500")], "1.2"),
        ([says("In progress", "4.8"), says("In progress", "4.8"), says("Partial", "2.4", "500")], "2.4"),
        ([says("In progress", "2.4"), says("Partial", "1.2", "500")], "1.2"),
        ([says("In progress", "2.4"), says("Canceled", "2.4", "0")], "0"),
        ([says("Canceled", "0"), says("Completed", "2.4")], "2.4"),
        ([says("Partial", "1.2", "500"), says("Partial", "1.92", "200")], "1.92"),
        ([says("Partial", "1.2", "500"), says("Partial", "1.92", "200"), says("Partial", "0.96", "600")], "0.96"),
    ],
)
async def test_a_day_counts_what_was_really_taken_less_what_came_back(
    replies: list[dict[str, Any]], cost: str, panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    """Of 1,000 units at 2.40: the highest plausible charge; a lower one lowers nothing but what was not delivered."""
    await running(panel, ann)
    await hear(panel, alpha, *replies)
    assert await cost_of_today() == Decimal(cost)


async def test_a_charge_in_a_foreign_currency_is_counted_at_the_rate_of_its_purchase(
    alpha: ScriptedPanel, tmp_path: Path, panel_database: str
) -> None:
    markup = '[default]\npercent = 25\nmin_margin_percent = 5\n[fx]\nEUR = "1.5"\n'
    alpha.currency = "EUR"
    async with open_panel(
        tmp_path, panel_database, {"alpha": alpha}, more='currency = "EUR"\nfx_margin_percent = 0', markup=markup
    ) as panel:
        await running(panel, await make_reseller(), rate=9 * SCALE, charge=9 * SCALE)
        await hear(panel, alpha, says("In progress", "3.00", currency="EUR"), says("Completed", "3.00", currency="EUR"))
        assert await cost_of_today() == Decimal("4.50")


def two_panels(tmp_path: Path, panel_database: str) -> tuple[dict[str, ScriptedPanel], Any]:
    """Alpha is the cheaper one."""
    panels = {"alpha": ScriptedPanel("1.00"), "bravo": ScriptedPanel("1.10")}
    panels["bravo"].placed = 7000
    return panels, open_panel(tmp_path, panel_database, panels, reroute=True)


async def called_off(panel: Panel, panels: dict[str, ScriptedPanel]) -> Order:
    """An order that alpha called off and bravo delivered."""
    [order] = await running(panel, await make_reseller())
    panels["alpha"].reply = says("Canceled", "0")
    await poll(panel)
    await hurry()
    await dispatch(panel)
    panels["bravo"].reply = says("Completed", "1.10")
    await poll(panel, "bravo")
    assert (await order_now(order.id)).state == "completed"
    return order


@pytest.mark.parametrize(
    ("replies", "cost"),
    [
        ([says("Canceled", "0")], "0"),
        ([says("Canceled", "1.00", "1000")], "0"),
        ([says("Completed", "1.00", "0")], "1"),
        ([says("Completed", None)], "1"),
        ([says("Completed", "0")], "1"),
        ([says("Completed", "1.20")], "1.2"),
        ([says("In progress", "1.00")], "1"),
        ([says("In progress", None)], "0"),
        ([says("Partial", "0.40", "600")], "0.4"),
        ([says("Partial", "0", "0")], "0"),
        ([says("Completed", "1.00"), says("Canceled", "0")], "0"),
        ([says("Error", "1.00")], "0"),
    ],
)
async def test_what_a_called_off_attempt_costs_afterwards_is_counted(
    replies: list[dict[str, Any]], cost: str, tmp_path: Path, panel_database: str
) -> None:
    panels, opening = two_panels(tmp_path, panel_database)
    async with opening as panel:
        order = await called_off(panel, panels)
        assert await cost_of_today() == Decimal("1.10")
        await hear(panel, panels["alpha"], *replies)
        assert await cost_of_today() == Decimal("1.10") + Decimal(cost)
        assert (await order_now(order.id)).refunded == 0
        assert [finding for finding in await audit() if finding.broken] == []


async def test_a_day_that_was_kept_gets_what_a_called_off_attempt_costs(tmp_path: Path, panel_database: str) -> None:
    panels, opening = two_panels(tmp_path, panel_database)
    async with opening as panel:
        order = await called_off(panel, panels)
        await tables.Order.raw("update orders set ended_at = ended_at - {} where id = {}", 2 * DAY_MS, order.id)
        before = (await Business().days(3))[0]
        for reply in (says("Completed", "1.00"), says("Completed", "1.30"), says("Partial", "0.65", "500")):
            await hear(panel, panels["alpha"], reply)
            assert await Business().days(3) == await counted(3)
        after = (await Business().days(3))[0]
        assert Decimal(after.cost - before.cost) / SCALE == Decimal("0.65")


async def test_a_day_that_was_kept_gets_a_charge_that_is_stated_late(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    [order] = await running(panel, ann)
    await hear(panel, alpha, says("Completed", None))
    await tables.Order.raw("update orders set ended_at = ended_at - {} where id = {}", 2 * DAY_MS, order.id)
    assert (await Business().days(3))[0].cost == 240_000_000
    await hear(panel, alpha, says("Completed", "3.00"))
    assert (await Business().days(3))[0].cost == 300_000_000
    await hear(panel, alpha, says("Partial", "1.50", "500"))
    await settle.settle(await order_now(order.id), 700, note="more is missing")
    days = await Business().days(3)
    assert days == await counted(3)
    assert days[0].cost == 90_000_000


async def test_what_was_found_after_it_was_given_up_costs_what_it_says(
    panel: Panel, alpha: ScriptedPanel, ann: Reseller
) -> None:
    order = await unsure_order(ann, seconds_ago=100)
    await resolve.write_off(order.id, actor="olga", reason="nobody knows", settle_ms=0)
    await resolve.found(order.id, "4711", actor="olga", reason="they have it")
    assert await cost_of_today() == Decimal("2.5")
    await hear(panel, alpha, says("In progress", "3.1"))
    assert await cost_of_today() == Decimal("3.1")
    await hear(panel, alpha, says("Partial", "1.55", "500"))
    assert await cost_of_today() == Decimal("1.55")
    await hear(panel, alpha, says("Canceled", "0"))
    assert await cost_of_today() == 0
    (attempt,) = await attempt_store.of_order(order.id)
    assert attempt.returned == 1000
