"""A provider that takes more than it lists is noticed, and gets no more orders for that until its owner agrees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.catalog import learned_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.learned_store import HeldListing
from aggregator.catalog.model import HoldKind
from aggregator.catalog.syncing import decide
from aggregator.orders import attempt_store, overcharge, store
from aggregator.orders.model import Order
from aggregator.orders.overcharge import Above, ChargeSighting, Fine, Rounded
from aggregator.orders.reconciling import overcharge_store
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import standings
from aggregator.resellers.model import Reseller
from aggregator.storage import tables
from pricing.money import SCALE
from tests.builders import accept_order, make_reseller, order_now
from tests.orders.panels import ScriptedPanel, dispatch, open_panel, outcomes_of, poll

DAY = 86_400_000


@pytest.mark.parametrize(
    ("expected", "charge", "digits", "verdict"),
    [
        ("1", "1", 2, Fine()),
        ("1", "0.5", 2, Fine()),
        ("1", "1.02", 5, Fine()),
        ("1", "1.0200001", 7, Above()),
        ("1", "3", 2, Above()),
        ("0.0043", "0.01", 2, Rounded()),
        ("0.0043", "0.02", 2, Above()),
        ("0.0043", "0.01", 4, Above()),
        ("0.10", "0.11", 2, Rounded()),
        ("1200", "1201", 0, Fine()),
        ("12", "13", 0, Rounded()),
        ("12", "14", 0, Above()),
        ("0", "0.01", 2, Rounded()),
    ],
)
def test_a_charge_is_compared_with_the_cost_of_the_whole_order(
    expected: str, charge: str, digits: int, verdict: object
) -> None:
    assert overcharge.compare(Decimal(expected), Decimal(charge), digits=digits) == verdict


def seen(order: int = 1, charge: str = "1.05", quantity: int = 1000, **changes: Any) -> ChargeSighting:
    usual: dict[str, Any] = {
        "attempt": order,
        "order": order,
        "service": "1",
        "expected": Decimal("1.00") * quantity / 1000,
        "charge": Decimal(charge),
        "currency": "USD",
        "quantity": quantity,
        "package": False,
        "at": 0,
    }
    return ChargeSighting(**{**usual, **changes})


@pytest.mark.parametrize(
    ("sightings", "price"),
    [
        ([], None),
        ([seen()], None),
        ([seen(1), seen(2)], None),
        ([seen(1), seen(1), seen(1)], None),
        ([seen(1), seen(2), seen(3)], "1.05"),
        ([seen(1), seen(2, "1.06"), seen(3)], "1.06"),
        ([seen(1, "1.49")], None),
        ([seen(1, "1.5")], "1.5"),
        ([seen(1, "900")], "900"),
        ([seen(1, "0.10", 50), seen(2, "4.50", 3000)], "2"),
        ([seen(1, "3", 1, package=True, expected=Decimal(2))], "3"),
        ([seen(1, "1", 3)], "333.33333334"),
    ],
)
def test_once_grossly_or_three_orders_within_a_day_are_enough(
    sightings: list[ChargeSighting], price: str | None
) -> None:
    dearest = overcharge.judge(sightings)
    assert (dearest.price if dearest else None) == (None if price is None else Decimal(price))


def test_a_price_explains_a_charge_as_it_is_printed() -> None:
    assert overcharge.is_explained(seen(charge="3"), Decimal(3), digits=2)
    assert overcharge.is_explained(seen(charge="0.03", quantity=10), Decimal("2.7"), digits=2)
    assert not overcharge.is_explained(seen(charge="3"), Decimal("2.7"), digits=2)
    assert not overcharge.is_explained(seen(charge="3"), None, digits=2)


def says(status: str, charge: str | None, **more: Any) -> dict[str, Any]:
    return {"status": status, "charge": charge, "remains": "1000", "currency": "USD", **more}


@pytest.fixture
def cheap() -> ScriptedPanel:
    """A provider that lists 1.00 per 1,000 with two decimals."""
    return ScriptedPanel("1.00")


@pytest.fixture
def dear() -> ScriptedPanel:
    panel = ScriptedPanel("1.10")
    panel.placed = 7000
    return panel


@pytest.fixture
async def panel(cheap: ScriptedPanel, dear: ScriptedPanel, tmp_path: Path, panel_database: str) -> AsyncIterator[Panel]:
    async with open_panel(tmp_path, panel_database, {"alpha": cheap, "bravo": dear}) as opened:
        yield opened


async def charged(panel: Panel, cheap: ScriptedPanel, ann: Reseller, *replies: dict[str, Any], **order: Any) -> Order:
    """An order at alpha of which that is said; its catalogue is read where that is due."""
    upstream = str(cheap.placed + 1)
    placed = await running_at(panel, ann, **order)
    for reply in replies:
        cheap.replies[upstream] = reply
        await poll(panel)
    await panel.syncer.sync_if_due("alpha")
    await panel.look()
    return placed


async def running_at(panel: Panel, ann: Reseller, **changes: Any) -> Order:
    order = await accept_order(ann, **changes)
    await dispatch(panel)
    return await order_now(order.id)


async def held() -> list[HeldListing]:
    return await learned_store.held("alpha")


async def next_goes_to(panel: Panel, ann: Reseller, **changes: Any) -> str:
    order = await running_at(panel, ann, **changes)
    return (await outcomes_of(order.id))[-1][0]


async def told(panel: Panel) -> list[str]:
    found = await standings(panel.upstreams, panel.prices.markup.fx)
    return [one.what for one in alerts.alarms(await alerts.look(found, sync_ms=DAY)) if one.provider == "alpha"]


async def test_three_times_the_price_once_takes_the_service_off_the_routes(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    order = await charged(panel, cheap, ann, says("In progress", "3.00"))
    (one,) = await held()
    assert (one.hold.kind, one.hold.stated, one.hold.accepted.rate) == (HoldKind.OVERCHARGED, "3", "1")
    assert one.hold.reason == "it takes 3 where it lists 1, 200 % more"
    assert await next_goes_to(panel, ann) == "bravo"
    history = [line.text for line in await store.history(order)]
    assert "alpha charges 3 USD where 1 was expected" in history
    assert await told(panel) == ["alpha takes more than it lists for 1 service: 3 USD where 1 was expected"]
    (attempt,) = await attempt_store.of_order(order.id)
    assert attempt.told_overcharge == "3 USD where 1 was expected"


async def test_the_catalogue_is_read_first_and_only_then_is_a_service_held(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    order = await running_at(panel, ann)
    await tables.Provider.raw("update providers set sync_due_at = {}", 10**15)
    cheap.reply = says("In progress", "3.00")
    await poll(panel)
    assert await held() == []
    assert (await catalog_store.provider("alpha")).sync_due_at == 0
    assert await next_goes_to(panel, ann) == "alpha"
    assert await panel.syncer.sync_if_due("alpha") is not None
    assert len(await held()) == 1
    assert order.id


async def test_a_listed_price_that_explains_the_charge_is_an_ordinary_rise(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    cheap.rows[0]["rate"] = "1.08"
    await charged(panel, cheap, ann, says("In progress", "1.08"))
    assert (await held(), await told(panel)) == ([], [])
    cheap.rows[0]["rate"] = "3.00"
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    (one,) = await held()
    assert one.hold.kind is HoldKind.DEARER
    assert await overcharge_store.sightings("alpha") == []


async def test_where_the_catalogue_cannot_be_read_it_is_held_all_the_same(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    cheap.rows = {"error": "down for maintenance"}  # type: ignore[assignment]
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    assert [one.hold.kind for one in await held()] == [HoldKind.OVERCHARGED]


async def test_a_sync_that_began_before_the_charge_was_seen_does_not_answer_for_it(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    await running_at(panel, ann)
    cheap.reply = says("In progress", "3.00")
    await poll(panel)
    (sighting,) = await overcharge_store.sightings("alpha")
    await tables.Provider.raw("update providers set sync_due_at = {}", 10**15)
    await overcharge_store.judge("alpha", sighting.at - 1)
    assert await held() == []
    assert (await catalog_store.provider("alpha")).sync_due_at == 0


async def test_a_little_more_is_held_at_the_third_order_within_a_day(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    await charged(panel, cheap, ann, says("In progress", "1.05"))
    await tables.Attempt.raw("update attempts set overcharged_at = overcharged_at - {}", DAY + 1)
    for _ in range(2):
        await charged(panel, cheap, ann, says("In progress", "1.05"))
    assert await held() == []
    assert await told(panel) == ["alpha took more than it lists for 2 orders: 1.05 USD where 1 was expected"]
    await charged(panel, cheap, ann, says("In progress", "1.05"))
    assert [one.hold.stated for one in await held()] == ["1.05"]


@pytest.mark.parametrize(
    ("replies", "order", "noticed"),
    [
        ([says("In progress", "1.02")], {}, False),
        ([says("In progress", "1.03")], {}, True),
        ([says("In progress", "0"), says("In progress", "3.00")], {}, True),
        ([says("In progress", "-3.00")], {}, False),
        ([says("In progress", "3.00", currency="EUR")], {}, False),
        ([says("Completed", "3.00")], {}, True),
        ([says("In progress", "1.00"), says("Completed", "3.00")], {}, True),
        ([says("Partial", "3.00")], {}, False),
        ([says("Canceled", "3.00")], {}, False),
        ([says("In progress", "0.50"), says("In progress", "1.00")], {}, False),
        ([says("In progress", "10.00")], {"quantity": 10_000, "runs": 10, "charge": 30 * SCALE}, False),
        (
            [says("In progress", "1.00"), says("In progress", "9.00")],
            {"quantity": 10_000, "runs": 10, "charge": 30 * SCALE},
            False,
        ),
        (
            [says("In progress", "1.00"), says("In progress", "11.00")],
            {"quantity": 10_000, "runs": 10, "charge": 30 * SCALE},
            True,
        ),
        ([says("In progress", "0.01")], {"quantity": 4, "charge": SCALE}, False),
        ([says("In progress", "0.02")], {"quantity": 4, "charge": SCALE}, True),
        ([says("In progress", "0.0100")], {"quantity": 4, "charge": SCALE}, True),
    ],
)
async def test_which_charges_are_noticed(
    replies: list[dict[str, Any]],
    order: dict[str, Any],
    noticed: bool,
    panel: Panel,
    cheap: ScriptedPanel,
    ann: Reseller,
) -> None:
    """Above by more than 2 % and by more than one of the last digit that this provider prints; of the whole order."""
    await charged(panel, cheap, ann, *replies, **order)
    assert bool(await overcharge_store.sightings("alpha")) is noticed


async def test_a_package_is_compared_by_the_package(tmp_path: Path, panel_database: str) -> None:
    cheap = ScriptedPanel("2.00", type="Package", min=1, max=1)
    async with open_panel(tmp_path, panel_database, {"alpha": cheap}) as panel:
        ann = await make_reseller()
        package = {"type": "Package", "quantity": 1, "rate": 9 * SCALE, "rate_per": 1, "charge": 9 * SCALE}
        await charged(panel, cheap, ann, says("In progress", "2.00"), **package)
        assert await overcharge_store.sightings("alpha") == []
        await charged(panel, cheap, ann, says("In progress", "5.00"), **package)
        assert [one.hold.stated for one in await held()] == ["5"]


async def test_approved_what_it_takes_is_its_cost_until_it_lists_another_price(
    panel: Panel, cheap: ScriptedPanel, dear: ScriptedPanel, ann: Reseller
) -> None:
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    await decide.approve("alpha", "1", actor="olga", reason="they said so")
    await panel.look()
    assert (await held(), await told(panel)) == ([], [])
    offers = await panel.prices.sources(panel.upstreams)
    assert str(offers.get("alpha", "1").rate) == "3"  # type: ignore[union-attr]
    for _ in range(2):  # another sync, and another order at that price, ask nothing again
        await panel.syncer.sync("alpha")
        await panel.look()
    dear.rows[0]["rate"] = "5.00"
    await panel.syncer.sync("bravo")
    await decide.approve("bravo", "1", actor="olga", reason="test")
    await panel.look()
    dear_order = {"rate": 9 * SCALE, "charge": 9 * SCALE}
    order = await charged(panel, cheap, ann, says("In progress", "3.00"), **dear_order)
    (attempt,) = await attempt_store.of_order(order.id)
    assert (attempt.provider, attempt.cost, attempt.overcharge) == ("alpha", 3 * SCALE, None)
    assert await held() == []
    cheap.rows[0]["rate"] = "1.05"
    await panel.syncer.sync("alpha")
    await panel.look()
    offers = await panel.prices.sources(panel.upstreams)
    assert (await held(), str(offers.get("alpha", "1").rate)) == ([], "1.05")  # type: ignore[union-attr]


async def test_rejected_it_stays_off_until_its_list_explains_what_it_takes(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    await decide.reject("alpha", "1", actor="olga", reason="no")
    for rate in ("1.00", "1.50", "0.90"):
        cheap.rows[0]["rate"] = rate
        await panel.syncer.sync("alpha")
        await panel.look()
        assert [one.hold.rejected for one in await held()] == [True]
        assert await next_goes_to(panel, ann) == "bravo"
    cheap.rows[0]["rate"] = "3.00"
    await panel.syncer.sync("alpha")
    assert [(one.hold.kind, one.hold.rejected) for one in await held()] == [(HoldKind.DEARER, False)]


async def test_a_catalogue_that_is_let_through_does_not_end_it(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    await catalog_store.set_provider("alpha", approved_at=1)
    cheap.rows[0]["rate"] = "1.01"
    await panel.syncer.sync("alpha")
    assert [one.hold.kind for one in await held()] == [HoldKind.OVERCHARGED]


async def test_what_takes_too_much_and_then_means_another_service_is_off_sale(
    panel: Panel, cheap: ScriptedPanel, ann: Reseller
) -> None:
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    cheap.rows[0] |= {"name": "YouTube Views", "category": "YouTube"}
    await panel.syncer.sync("alpha")
    assert [one.hold.kind for one in await held()] == [HoldKind.REUSED]


async def test_a_renamed_provider_keeps_what_is_known_of_it(panel: Panel, cheap: ScriptedPanel, ann: Reseller) -> None:
    await charged(panel, cheap, ann, says("In progress", "3.00"))
    await catalog_store.rename_provider("alpha", "gamma")
    await attempt_store.rename_provider("alpha", "gamma")
    assert [one.hold.kind for one in await learned_store.held("gamma")] == [HoldKind.OVERCHARGED]
    assert len(await overcharge_store.sightings("gamma")) == 1
    assert (await catalog_store.provider("gamma")).charge_digits == 2
