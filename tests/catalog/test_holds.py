"""Which change of a provider's service waits for the owner, what is in force meanwhile, and how the wait ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.catalog import learned_store, store
from aggregator.catalog.learned_store import HeldListing
from aggregator.catalog.model import Learned
from aggregator.catalog.shelf.shelf import NOBODY, ShelfService
from aggregator.catalog.syncing import decide
from aggregator.catalog.syncing.decide import NothingHeld
from aggregator.catalog.syncing.diff import compare
from aggregator.catalog.syncing.sync import SyncReport
from aggregator.catalog.upstream import cooldown
from aggregator.orders.reporting import alerts
from aggregator.orders.reporting.provider_stats import standings
from aggregator.storage import tables
from providers.sandbox import Sandbox
from tests.builders import accept_order, make_reseller
from tests.catalog.goods import listing
from tests.catalog.panels import panel_over
from tests.orders.panels import dispatch_all

WHO: Any = {"actor": "ann", "reason": "looked at it"}


def goods(**first: Any) -> list[dict[str, Any]]:
    """Two services of a provider; `first` changes the first."""
    usual = {"type": "Default", "category": "Instagram", "rate": "2.00", "min": "100", "max": "10000", "refill": True}
    return [
        {"service": 1, "name": "Instagram Followers", **usual, **first},
        {"service": 2, "name": "Instagram Likes", **usual},
    ]


@pytest.fixture
def alpha() -> Sandbox:
    return Sandbox(catalogue=goods())


@pytest.fixture
async def panel(tmp_path: Path, database_url: str, alpha: Sandbox) -> AsyncIterator[Panel]:
    """A panel that has synced the two services once."""
    async with panel_over(tmp_path, database_url, {"alpha": alpha}) as opened:
        await sync(opened)
        yield opened


async def sync(panel: Panel) -> SyncReport:
    report = await panel.syncer.sync("alpha")
    await panel.look()
    return report


async def publish(panel: Panel, alpha: Sandbox, **first: Any) -> SyncReport:
    alpha.set_catalogue(goods(**first))
    return await sync(panel)


def sold(panel: Panel) -> dict[int, tuple[str, str]]:
    return {service.id: (service.name, str(service.price(NOBODY).rate)) for service in panel.prices.shelf}


def hold_of(panel: Panel, service: int = 100_001) -> str | None:
    found = panel.prices.shelf.get(service)
    assert isinstance(found, ShelfService)
    return found.hold_of(found.offers[0])


async def test_an_ordinary_rise_counts_at_once_in_price_and_route(panel: Panel, alpha: Sandbox) -> None:
    await publish(panel, alpha, rate="3.90")
    assert (sold(panel)[100_001], hold_of(panel)) == (("Instagram Followers", "4.875"), None)


async def test_a_rise_beyond_the_limit_is_off_the_list_until_approved(panel: Panel, alpha: Sandbox) -> None:
    """Nobody sells at a loss, and nobody is charged for what no provider may be asked for."""
    await publish(panel, alpha, rate="5.80")
    assert set(sold(panel)) == {100_002}
    assert panel.prices.shelf.stopped == {100_001: frozenset({"alpha"})}
    assert panel.prices.shelf.unsold[100_001] == "alpha:1 takes no orders: price rose from 2 to 5.8, by 190 %"
    (decided,) = await decide.approve("alpha", "1", **WHO)
    await panel.look()
    assert (decided.reason, hold_of(panel)) == ("price rose from 2 to 5.8, by 190 %", None)
    assert sold(panel)[100_001] == ("Instagram Followers", "7.25")
    assert (await sync(panel)).changes == ()
    assert (hold_of(panel), panel.prices.shelf.stopped) == (None, {})


async def test_a_fall_beyond_belief_leaves_the_old_price_in_force_until_approved(panel: Panel, alpha: Sandbox) -> None:
    await publish(panel, alpha, rate="0.002")
    assert (sold(panel)[100_001][1], hold_of(panel)) == ("2.5", None)
    await decide.approve("alpha", **WHO)
    await panel.look()
    assert sold(panel)[100_001][1] == "0.0025"


async def test_a_used_id_is_off_sale_and_approved_gets_a_new_id_of_ours(panel: Panel, alpha: Sandbox) -> None:
    """A reseller's script that orders 100001 must never buy something else."""
    await publish(panel, alpha, name="YouTube Views")
    assert set(sold(panel)) == {100_002}
    assert "YouTube Views" in panel.prices.shelf.unsold[100_001]
    (decided,) = await decide.approve("alpha", "1", **WHO)
    await panel.look()
    assert (decided.old_id, decided.new_id) == (100_001, 100_003)
    assert {number: name for number, (name, _) in sold(panel).items()} == {
        100_002: "Instagram Likes",
        100_003: "YouTube Views",
    }
    await publish(panel, alpha)
    await decide.approve("alpha", "1", **WHO)
    await panel.look()
    assert set(sold(panel)) == {100_002, 100_004}


async def test_a_rejected_hold_is_not_asked_again_until_something_else_is_published(
    panel: Panel, alpha: Sandbox
) -> None:
    await publish(panel, alpha, rate="5.80")
    await decide.reject("alpha", "1", **WHO)
    await panel.look()
    assert set(sold(panel)) == {100_002}
    assert (await publish(panel, alpha, rate="5.80", max="500")).changes[0].kind == "limits"
    (held,) = await learned_store.held()
    assert held.hold.text == "rejected: price rose from 2 to 5.8, by 190 %"
    await publish(panel, alpha, rate="5.00")
    assert panel.prices.shelf.unsold[100_001] == "alpha:1 takes no orders: price rose from 2 to 5, by 150 %"
    await publish(panel, alpha, rate="2.00")
    assert (hold_of(panel), await learned_store.held()) == (None, [])


async def test_what_was_rejected_stays_so_while_it_is_published_so_even_if_the_owner_allows_more(
    panel: Panel, alpha: Sandbox
) -> None:
    """An owner's no is not undone by a limit that was set for all."""
    await publish(panel, alpha, rate="5.80")
    await decide.reject("alpha", "1", **WHO)
    (held,) = await learned_store.held()
    before = {"1": held.row}
    fresh = [listing("1", "5.80", name=held.row.name, category=held.row.category)]
    allowed = compare(before, fresh, "alpha", learned={"1": Learned(hold=held.hold)}, max_rise_percent=Decimal(1000))
    assert allowed.holds == {}
    fresh = [listing("1", "5.70", name=held.row.name, category=held.row.category)]
    asked = compare(before, fresh, "alpha", learned={"1": Learned(hold=held.hold)}, max_rise_percent=Decimal(1000))
    assert asked.holds == {"1": None}


async def test_decisions_are_recorded_with_their_actor_and_reason(panel: Panel, alpha: Sandbox) -> None:
    await publish(panel, alpha, rate="5.80")
    await decide.reject("alpha", "1", **WHO)
    await decide.approve("alpha", "1", **WHO)
    rows = await tables.Decision.select().order_by(tables.Decision.id)
    assert [(row["verdict"], row["actor"], row["reason"]) for row in rows] == [
        ("rejected", "ann", "looked at it"),
        ("approved", "ann", "looked at it"),
    ]


async def test_what_is_not_held_cannot_be_decided(panel: Panel) -> None:
    for deed in (
        decide.approve("alpha", **WHO),
        decide.approve("alpha", "1", **WHO),
        decide.reject("alpha", "1", **WHO),
    ):
        with pytest.raises(NothingHeld):
            await deed
    assert await tables.Decision.count() == 0


async def test_a_held_catalogue_stays_in_force_and_is_let_through_once_when_approved(
    tmp_path: Path, database_url: str
) -> None:
    def many(rate: str) -> list[dict[str, Any]]:
        return [
            {"service": number, "name": f"Followers {number}", "category": "Instagram", "rate": rate, "min": 1}
            for number in range(1, 26)
        ]

    alpha = Sandbox(catalogue=many("2.00"))
    async with panel_over(tmp_path, database_url, {"alpha": alpha}) as panel:
        await sync(panel)
        alpha.set_catalogue(many("160"))
        held = (await sync(panel)).held
        assert held is not None
        assert held.startswith("prices rose: 25 of 25")
        assert (sold(panel), panel.prices.shelf.stopped[100_001]) == ({}, frozenset({"alpha"}))
        assert (await sync(panel)).held == held
        told = [(line.service, line.kind, line.now) for line in await store.changes() if line.kind != "new"]
        assert told == [("", "held", held)]
        await decide.approve("alpha", **WHO)
        assert (await sync(panel)).held is None
        assert (sold(panel)[100_001][1], hold_of(panel)) == ("200", None)
        alpha.set_catalogue(many("2.00"))
        held = (await sync(panel)).held
        assert held is not None
        assert held.startswith("prices fell")
        assert (sold(panel)[100_001][1], hold_of(panel)) == ("200", None)


async def test_an_approved_loss_of_most_services_is_over_after_one_sync(tmp_path: Path, database_url: str) -> None:
    alpha = Sandbox(catalogue=[{**goods()[0], "service": number} for number in range(1, 11)])
    async with panel_over(tmp_path, database_url, {"alpha": alpha}) as panel:
        await sync(panel)
        alpha.set_catalogue(alpha.rows[:2])
        assert (await sync(panel)).held
        assert (len(sold(panel)), hold_of(panel)) == (10, None)
        await decide.approve("alpha", **WHO)
        assert (await sync(panel)).held is None
        assert len(sold(panel)) == 2
        assert (await sync(panel)).held is None


async def test_a_refused_refill_is_offered_no_more_whatever_is_published(panel: Panel, alpha: Sandbox) -> None:
    service = panel.prices.shelf.get(100_001)
    assert service is not None
    assert service.terms(NOBODY).refill
    await cooldown.note_refusal("alpha", "1", refill=True)
    await publish(panel, alpha, max="500")
    service = panel.prices.shelf.get(100_001)
    assert service is not None
    assert not service.terms(NOBODY).refill


async def test_a_service_that_returns_under_its_name_is_sold_again_under_its_id(panel: Panel, alpha: Sandbox) -> None:
    alpha.set_catalogue(goods()[1:])
    assert (await sync(panel)).changes == ()
    assert [change.kind for change in (await sync(panel)).changes] == ["gone"]
    assert set(sold(panel)) == {100_002}
    assert [change.kind for change in (await publish(panel, alpha)).changes] == ["back"]
    assert set(sold(panel)) == {100_001, 100_002}


async def test_a_service_that_returns_under_another_name_waits_for_the_owner(panel: Panel, alpha: Sandbox) -> None:
    alpha.set_catalogue(goods()[1:])
    await sync(panel)
    await sync(panel)
    await publish(panel, alpha, name="Spotify Plays")
    assert set(sold(panel)) == {100_002}
    assert [held.row.service for held in await learned_store.held()] == ["1"]


async def two_held(panel: Panel, alpha: Sandbox, rates: tuple[str, str] = ("5.00", "9.00")) -> list[HeldListing]:
    rows = goods()
    alpha.set_catalogue([{**row, "rate": rate} for row, rate in zip(rows, rates, strict=True)])
    await sync(panel)
    return await learned_store.held("alpha")


async def test_all_rises_under_a_percentage_are_approved_at_once(panel: Panel, alpha: Sandbox) -> None:
    """One of 150 % and one of 350 %."""
    await two_held(panel, alpha)
    with pytest.raises(NothingHeld):
        await decide.approve_rises("alpha", under=Decimal(150), **WHO)
    decided = await decide.approve_rises("alpha", under=Decimal(151), **WHO)
    await panel.look()
    assert ([one.service for one in decided], set(sold(panel))) == (["1"], {100_001})


async def test_what_was_rejected_is_not_approved_with_many(panel: Panel, alpha: Sandbox) -> None:
    await two_held(panel, alpha)
    await decide.reject("alpha", "1", **WHO)
    assert [one.service for one in await decide.approve("alpha", **WHO)] == ["2"]
    for deed in (decide.approve("alpha", **WHO), decide.approve_rises("alpha", under=Decimal(1000), **WHO)):
        with pytest.raises(NothingHeld):
            await deed


async def test_what_was_ticked_is_approved_only_as_it_was_seen(panel: Panel, alpha: Sandbox) -> None:
    seen = {one.id: one.hold.text for one in await two_held(panel, alpha)}
    await two_held(panel, alpha, ("5.00", "19.00"))
    with pytest.raises(NothingHeld):
        await decide.approve_seen(seen, **WHO)
    assert len(await learned_store.held("alpha")) == 2
    seen = {one.id: one.hold.text for one in await learned_store.held("alpha")}
    assert len(await decide.approve_seen(seen, **WHO)) == 2
    with pytest.raises(NothingHeld):
        await decide.approve_seen({}, **WHO)


async def test_an_alarm_tells_how_many_services_and_orders_a_hold_stops(panel: Panel, alpha: Sandbox) -> None:
    """An order that was taken before waits as it did; nobody else is charged."""
    ann = await make_reseller()
    order = await accept_order(ann, service=100_001)
    await accept_order(ann, service=100_002)
    await publish(panel, alpha, rate="5.80")
    for shelf in (panel.prices.shelf, None):
        found = await standings(panel.upstreams, panel.prices.markup.fx, shelf)
        told = [one for one in alerts.alarms(await alerts.look(found, sync_ms=10**9)) if "held" in one.what]
        assert [(one.tone, one.what) for one in told] == [
            (alerts.Tone.BAD, "1 change of alpha held: 1 service off the list, 1 order waiting")
        ]
    await dispatch_all(panel)
    (waiting, *_) = (
        await tables.Event.select(tables.Event.text)
        .where(tables.Event.order_id == order.id)
        .order_by(tables.Event.id, ascending=False)
    )
    assert waiting["text"] == "waiting: alpha:1 takes no orders: price rose from 2 to 5.8, by 190 %"
    await decide.approve("alpha", **WHO)
    await panel.look()
    (alpha_now,) = await standings(panel.upstreams, panel.prices.markup.fx, panel.prices.shelf)
    assert alpha_now.stops.text == ""
