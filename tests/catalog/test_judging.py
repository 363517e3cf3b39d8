"""Which change of a price, a type or a meaning waits for the owner: pure, on two catalogues."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from aggregator.catalog.model import Learned, ListingRow
from aggregator.catalog.syncing.diff import Difference, compare
from aggregator.catalog.syncing.holds import is_another_service
from providers.vocabulary import Listing, ServiceType
from tests.catalog.goods import listing, row


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
