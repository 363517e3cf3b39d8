"""What a provider's list of our orders proves of adds that nobody answered."""

from __future__ import annotations

import pytest

from aggregator.orders.sightings import Claim, Known, NotShown, Shown, Sighting, Unclear, judge
from providers.vocabulary import ListedOrder

LINK = "https://x.example/u"
EARLIER = Known({"5001": 50}, had_earlier=True)
"""One order of ours was taken before."""


def claim(attempt: int = 1, **changes: object) -> Claim:
    """An add of 1,000 units of their service 1, sent at 100."""
    usual: dict[str, object] = {
        "attempt": attempt, "service": "1", "link": LINK, "quantities": frozenset({1000}), "sent_at": 100,
    }  # fmt: skip
    return Claim(**{**usual, **changes})  # type: ignore[arg-type]  # a test's own words


def row(order: str, **changes: object) -> ListedOrder:
    usual: dict[str, object] = {"order": order, "service": "1", "link": LINK, "quantity": 1000}
    return ListedOrder(**{**usual, **changes})  # type: ignore[arg-type]  # as above


def verdict(*rows: ListedOrder, known: Known = EARLIER, claims: tuple[Claim, ...] = (claim(),)) -> Sighting:
    return judge(rows, claims, known)[1]


OURS = row("5001", link="https://x.example/earlier")


def test_one_unclaimed_order_like_it_is_it() -> None:
    assert verdict(row("5002"), OURS) == Shown("5002")


def test_our_reference_finds_it_whatever_else_stands_there() -> None:
    rows = (row("5003", reference="theirs"), row("5002", reference="ours", quantity=None), OURS)
    assert verdict(*rows, claims=(claim(reference="ours"),)) == Shown("5002")


def test_an_order_with_another_reference_is_not_it() -> None:
    assert verdict(row("5003", reference="theirs"), OURS, claims=(claim(reference="ours"),)) == NotShown()


def test_as_many_orders_as_adds_of_one_kind_are_they_the_older_to_the_older() -> None:
    told = judge([row("5003"), row("5002"), OURS], [claim(1), claim(2)], EARLIER)
    assert told == {1: Shown("5002"), 2: Shown("5003")}


@pytest.mark.parametrize(
    ("rows", "claims"),
    [
        ([row("5002")], (claim(1), claim(2))),
        ([row("5002"), row("5003")], (claim(1),)),
        ([row("5002")], (claim(1), claim(2, given_up=True))),
        ([row("5002", link="x.example/u/")], (claim(1),)),
        ([row("5002", service="one")], (claim(1),)),
        ([row("5002", quantity=None, link="elsewhere")], (claim(1),)),
        ([row("5002", quantity=10)], (claim(1, quantities=frozenset(), link="other"),)),
    ],
)
def test_what_might_be_it_proves_neither(rows: list[ListedOrder], claims: tuple[Claim, ...]) -> None:
    """Fewer than adds, more than adds, one that a given-up add may own, links and quantities spelled otherwise."""
    assert isinstance(verdict(*rows, OURS, claims=claims), Unclear)


def test_an_order_of_ours_or_one_that_was_there_before_is_not_it() -> None:
    assert verdict(row("5001"), row("4990"), known=EARLIER) == NotShown()


def test_a_list_that_stops_too_early_proves_nothing() -> None:
    """It does not show what was there before, or lacks what was taken since."""
    later = Known({"5001": 50, "5009": 150}, had_earlier=True)
    assert isinstance(verdict(row("5009"), known=later), Unclear)
    assert isinstance(verdict(OURS, known=later), Unclear)
    assert verdict(row("5009"), OURS, known=later) == NotShown()


def test_a_short_list_of_a_new_account_reaches_back_to_its_beginning() -> None:
    new = Known({}, had_earlier=False)
    assert verdict(known=new) == NotShown()
    assert isinstance(verdict(known=Known({}, had_earlier=True)), Unclear)
    others = [row(str(6000 + number), quantity=5) for number in range(10)]
    assert isinstance(verdict(*others, known=new), Unclear)
