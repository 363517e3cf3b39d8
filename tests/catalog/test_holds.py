"""Which change of a provider's service waits for the owner, what is in force meanwhile, and how the wait ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aggregator.app import Panel
from aggregator.catalog import cooldown, decide, learned_store, store
from aggregator.catalog.decide import NothingHeld
from aggregator.catalog.diff import Difference, compare
from aggregator.catalog.holds import is_another_service
from aggregator.catalog.learned_store import HeldListing
from aggregator.catalog.model import Learned, ListingRow
from aggregator.catalog.shelf import NOBODY, ShelfService
from aggregator.catalog.sync import SyncReport
from aggregator.orders import alarms
from aggregator.orders.business import standings
from aggregator.storage import tables
from providers.sandbox import Sandbox
from providers.vocabulary import Listing, ServiceType
from tests.builders import accept_order, make_reseller
from tests.catalog.goods import listing, row
from tests.catalog.panels import panel_over
from tests.orders.panels import dispatch_all

WHO = {"actor": "ann", "reason": "looked at it"}


def changed(before: str, now: str, **told: Any) -> Difference:
    """One service whose price moved."""
    return compare({"101": row(rate=before)}, [listing("101", now, **told)], "alpha")


@pytest.mark.parametrize(
    ("before", "now", "reason"),
    [
        ("2", "2.9", None),
        ("2", "4", None),
        ("2", "4.02", "price rose from 2 to 4.02, by 101 %"),
        ("2", "5.8", "price rose from 2 to 5.8, by 190 %"),
        ("2", "0.39", None),
        ("2", "0.206", None),
        ("2", "0.203", "price fell from 2 to 0.203, by 90 %"),
        ("2", "0.2", "price fell from 2 to 0.2, by 90 %"),
        ("2", "0.196", "price fell from 2 to 0.196, by 90 %"),
        ("2", "0.19", None),
        ("2", "0.02", "price fell from 2 to 0.02, by 99 %"),
        ("2", "0.01", None),
        ("2", "0.002", "price fell from 2 to 0.002, by 100 %"),
    ],
)
def test_a_price_beyond_the_ordinary_waits_for_the_owner(before: str, now: str, reason: str | None) -> None:
    hold = changed(before, now).holds.get("101")
    assert (hold.text if hold else None) == reason


def test_how_much_a_price_may_rise_is_the_owners_to_say() -> None:
    fresh = [listing("101", "2.02")]
    for most, held in ((Decimal(1), False), (Decimal("0.9"), True), (Decimal(0), True)):
        difference = compare({"101": row(rate="2")}, fresh, "alpha", max_rise_percent=most)
        assert bool(difference.holds) is held


@pytest.mark.parametrize(
    ("now", "held"),
    [("19.5", False), ("19.6", True), ("20.4", True), ("20.5", False), ("200", True), ("2000", True), ("300", False)],
)
def test_a_rise_by_a_factor_is_held_whatever_rise_is_allowed(now: str, held: bool) -> None:
    """So many times the price is the price of so many times the units."""
    difference = compare({"101": row(rate="2")}, [listing("101", now)], "alpha", max_rise_percent=Decimal(1_000_000))
    assert bool(difference.holds) is held


@pytest.mark.parametrize("now", ["6", "0.2"])
def test_another_type_of_the_same_unit_is_compared_all_the_same(now: str) -> None:
    fresh = [listing("101", now, type=ServiceType.CUSTOM_COMMENTS)]
    assert compare({"101": row(rate="2")}, fresh, "alpha").holds["101"] is not None


def test_prices_in_another_currency_are_compared_with_none() -> None:
    """Of a provider whose balance changed its currency nothing is sold before the owner agrees."""
    hold = changed("2", "5.8").holds["101"]
    for count in (19, 20):
        learned = {"0": Learned(hold=hold)}
        difference = compare(
            prices(count, "2"), published(count, "50000", count), "alpha", learned=learned, same_currency=False
        )
        assert (difference.held, difference.holds) == (None, {"0": None})


def test_small_rises_of_a_held_price_are_measured_from_the_price_that_was_approved() -> None:
    first = changed("2", "5.8").holds["101"]
    again = compare({"101": row(rate="5.8")}, [listing("101", "6")], "alpha", learned={"101": Learned(hold=first)})
    hold = again.holds["101"]
    assert hold is not None
    assert hold.text == "price rose from 2 to 6, by 200 %"


def test_a_price_that_is_back_ends_its_hold_by_itself() -> None:
    hold = changed("2", "5.8").holds["101"]
    back = compare({"101": row(rate="5.8")}, [listing("101", "2.1")], "alpha", learned={"101": Learned(hold=hold)})
    assert back.holds == {"101": None}
    assert [change.kind for change in back.changes] == ["cheaper", "held"]


def test_a_hold_that_stays_the_same_makes_no_noise() -> None:
    hold = changed("2", "5.8").holds["101"]
    again = compare({"101": row(rate="5.8")}, [listing("101", "5.8")], "alpha", learned={"101": Learned(hold=hold)})
    assert (again.rows, again.changes, again.holds) == ([], [], {})


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Instagram Followers [HQ]", "TikTok Followers [HQ]"),
        ("Instagram Followers [HQ]", "Instagram Likes [HQ]"),
        ("Premium Accounts 30 Days", "Custom Logo Design"),
        ("𝐈𝐧𝐬𝐭𝐚𝐠𝐫𝐚𝐦 Followers", "YouTube Subscribers"),
    ],
)
def test_an_id_that_is_used_again_is_another_service(was: str, now: str) -> None:
    assert is_another_service(row(name=was), row(name=now))


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("Instagram Followers", "INSTAGRAM FOLLOWERS 🔥"),
        ("Instagram Followers [R30]", "𝐈𝐧𝐬𝐭𝐚𝐠𝐫𝐚𝐦 Followers [R30] [Updated]"),
        ("IG Followers 10k/day", "Instagram Followers 20k/day"),
        ("Followers 7", "Followers, slow"),
        ("🔥🔥🔥", "⭐"),
    ],
)
def test_a_name_that_is_polished_names_the_same_service(was: str, now: str) -> None:
    assert not is_another_service(row(name=was), row(name=now))


def test_what_is_sold_by_the_package_is_another_service_than_what_is_sold_by_the_thousand() -> None:
    package = row(name="Instagram Followers", type=ServiceType.PACKAGE)
    assert is_another_service(row(name="Instagram Followers"), package)


def prices(count: int, rate: str) -> dict[str, ListingRow]:
    return {str(number): row(f"alpha:{number}", rate) for number in range(count)}


def published(moved: int, rate: str, count: int) -> list[Listing]:
    return [listing(str(number), rate if number < moved else "2") for number in range(count)]


@pytest.mark.parametrize(
    ("moved", "count", "rate", "held"),
    [
        (7, 20, "3.1", "prices rose: 7 of 20 changed by more than 50 %, 7 of them up"),
        (7, 20, "0.9", "prices fell: 7 of 20 changed by more than 50 %"),
        (6, 20, "3.1", None),
        (7, 20, "3", None),
        (19, 19, "3.1", None),
    ],
)
def test_many_prices_that_jump_at_once_are_not_believed(moved: int, count: int, rate: str, held: str | None) -> None:
    """A currency or a unit may have changed; of a handful each is judged by itself."""
    difference = compare(prices(count, "2"), published(moved, rate, count), "alpha")
    assert difference.held == held
    if held:
        assert (difference.rows, difference.changes, difference.holds) == ([], [], {})


def test_many_ids_that_mean_other_services_are_not_believed() -> None:
    old = {str(number): row(f"alpha:{number}", name=f"Instagram Likes {number}") for number in range(20)}
    fresh = [listing(str(number), name=f"YouTube Views {number}") for number in range(20)]
    assert compare(old, fresh, "alpha").held == "ids mean other services for 20 of 20"


def test_an_approved_catalogue_is_believed_but_for_ids_that_mean_other_services() -> None:
    fresh = [*published(19, "9", 19), listing("19", "9", name="YouTube Views")]
    difference = compare(prices(20, "2"), fresh, "alpha", approved=True)
    assert (difference.held, len(difference.rows), list(difference.holds)) == (None, 20, ["19"])


def test_what_an_approved_catalogue_lost_is_withdrawn_at_once() -> None:
    """Counted on, it would look as if the catalogue shrank again at the next sync."""
    difference = compare(prices(20, "2"), published(0, "2", 5), "alpha", approved=True)
    assert [row.withdrawn for row in difference.rows] == [True] * 15


# What follows runs against a sandbox, on both databases.


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
        told = [one for one in alarms.alarms(await alarms.look(found, sync_ms=10**9)) if "held" in one.what]
        assert [(one.tone, one.what) for one in told] == [
            (alarms.Tone.BAD, "1 change of alpha held: 1 service off the list, 1 order waiting")
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
