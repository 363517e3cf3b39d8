"""What a fresh catalogue changes, and when it is not believed at all."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.catalog.model import ListingRow
from aggregator.catalog.syncing.diff import Difference, compare
from providers.vocabulary import Listing
from tests.catalog.goods import listing, row


def kept(count: int, **told: Any) -> dict[str, ListingRow]:
    """A catalogue of so many services as it stood after the last good answer."""
    return {str(number): row(f"alpha:{number}", **told) for number in range(count)}


def listed(count: int) -> list[Listing]:
    return [listing(str(number)) for number in range(count)]


def kinds(difference: Difference) -> dict[str, str]:
    return {change.service: change.kind for change in difference.changes}


def test_an_unchanged_catalogue_writes_nothing() -> None:
    """A sync every quarter of an hour touches only what changed."""
    difference = compare(kept(10), listed(10), "alpha")
    assert (difference.rows, difference.changes, difference.held) == ([], [], None)


def test_everything_is_new_at_the_first_sight() -> None:
    difference = compare({}, listed(3), "alpha")
    assert [found.service for found in difference.rows] == ["0", "1", "2"]
    assert kinds(difference) == {"0": "new", "1": "new", "2": "new"}


@pytest.mark.parametrize(
    ("before", "after", "held"), [(100, 70, False), (100, 69, True), (10, 7, False), (10, 6, True)]
)
def test_a_catalogue_that_lost_more_than_30_percent_is_held(before: int, after: int, held: bool) -> None:
    """A provider's hiccup must not take the shelf away."""
    difference = compare(kept(before), listed(after), "alpha")
    assert (difference.held is not None) is held
    if held:
        assert (difference.rows, difference.changes) == ([], [])
        assert str(before) in str(difference.held)
        assert str(after) in str(difference.held)


def test_a_share_of_a_handful_says_nothing() -> None:
    """Whoever sells four things may stop selling three."""
    assert compare(kept(4), listed(1), "alpha").held is None


def test_what_was_withdrawn_long_ago_does_not_count_as_lost() -> None:
    """A provider that shrank slowly is not held for ever."""
    old = kept(100)
    old |= {str(number): row(f"alpha:{number}", missing=2) for number in range(50, 100)}
    assert compare(old, listed(50), "alpha").held is None


def test_a_service_that_is_missing_once_is_still_sold() -> None:
    difference = compare(kept(10), listed(9), "alpha")
    assert [(found.service, found.missing, found.withdrawn) for found in difference.rows] == [("9", 1, False)]
    assert difference.changes == []


def test_a_service_that_is_missing_twice_is_withdrawn() -> None:
    old = kept(10) | {"9": row("alpha:9", missing=1)}
    difference = compare(old, listed(9), "alpha")
    assert [(found.service, found.withdrawn) for found in difference.rows] == [("9", True)]
    assert kinds(difference) == {"9": "gone"}


def test_a_withdrawn_service_is_not_counted_on_for_ever() -> None:
    old = kept(10) | {"9": row("alpha:9", missing=2)}
    assert compare(old, listed(9), "alpha").rows == []


def test_a_service_that_returns_is_sold_again() -> None:
    old = kept(10) | {"8": row("alpha:8", missing=1), "9": row("alpha:9", missing=2)}
    difference = compare(old, listed(10), "alpha")
    assert {found.service: found.missing for found in difference.rows} == {"8": 0, "9": 0}
    assert kinds(difference) == {"9": "back"}


def test_of_two_rows_with_one_id_the_later_wins() -> None:
    fresh = [listing("7", "1"), listing("7", "2")]
    assert [(found.service, found.rate) for found in compare({}, fresh, "alpha").rows] == [("7", "2")]


@pytest.mark.parametrize(("now", "kind"), [("2.1", "dearer"), ("1.5", "cheaper")])
def test_a_new_price_is_told_with_the_old_one(now: str, kind: str) -> None:
    difference = compare({"101": row(rate="2")}, [listing("101", now)], "alpha")
    (change,) = difference.changes
    assert (change.kind, change.before, change.now) == (kind, "2", now)


@pytest.mark.parametrize("spelled", ["2", "2.0", "2.00000000", "0.2e1"])
def test_another_spelling_of_the_same_price_is_no_change(spelled: str) -> None:
    assert compare({"101": row(rate="2.00")}, [listing("101", spelled)], "alpha").rows == []


def test_whatever_else_changed_is_told_one_by_one() -> None:
    fresh = [listing("101", minimum=500, name="Followers, slow")]
    changes = compare({"101": row(name="Followers")}, fresh, "alpha").changes
    assert [(change.kind, change.before, change.now) for change in changes] == [
        ("renamed", "Followers", "Followers, slow"),
        ("limits", "100-10000", "500-10000"),
    ]


def test_a_price_that_became_unreadable_is_a_change_not_a_sale() -> None:
    fresh = [listing("101", None, flaw="no price")]
    difference = compare({"101": row()}, fresh, "alpha")
    assert [(found.rate, found.flaw) for found in difference.rows] == [(None, "no price")]
    assert kinds(difference) == {"101": "gone"}
