"""What a provider's list of our orders proves of adds that nobody answered."""

from __future__ import annotations

import pytest

from aggregator.orders.unsure.sightings import (
    MOST_REMEMBERED,
    Claim,
    First,
    Known,
    Lists,
    NotShown,
    Shown,
    Sighting,
    Unclear,
    judge,
)
from providers.vocabulary import ListedOrder

LINK = "https://x.example/u"
SENT = {"4999": 30, "5000": 40, "5001": 50}
EARLIER = Known(SENT, had_earlier=True, first=First("4999", 0, 30))
"""Three orders of ours were taken before, one after the other."""


def claim(attempt: int = 1, **changes: object) -> Claim:
    """An add of 1,000 units of their service 1, sent at 100."""
    usual: dict[str, object] = {
        "attempt": attempt,
        "service": "1",
        "link": LINK,
        "quantities": frozenset({1000}),
        "sent_at": 100,
    }
    return Claim(**{**usual, **changes})  # type: ignore[arg-type]  # a test's own words


def row(order: str, **changes: object) -> ListedOrder:
    usual: dict[str, object] = {"order": order, "service": "1", "link": LINK, "quantity": 1000}
    return ListedOrder(**{**usual, **changes})  # type: ignore[arg-type]  # as above


def ours(*more: str) -> list[ListedOrder]:
    """The rows of what we know."""
    return [row(order, link=f"https://x.example/{order}") for order in (*SENT, *more)]


def verdict(*rows: ListedOrder, known: Known = EARLIER, claims: tuple[Claim, ...] = (claim(),)) -> Sighting:
    return judge([*rows, *ours()], claims, known)[1]


def is_unclear(sighting: Sighting, why: str) -> bool:
    return isinstance(sighting, Unclear) and why in sighting.reason


def test_one_unclaimed_order_like_it_is_it() -> None:
    assert verdict(row("5002")) == Shown("5002")


def test_our_reference_finds_it_whatever_else_stands_there() -> None:
    rows = (row("5003", reference="theirs"), row("5002", reference="ours", quantity=None))
    assert verdict(*rows, claims=(claim(reference="ours"),)) == Shown("5002")


@pytest.mark.parametrize(
    "told", ["0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5bd9cb469fa16570867", " 0f8fad5bd9cb469fa165"]
)
def test_our_reference_is_known_in_another_spelling_or_cut_off(told: str) -> None:
    """Called another order's, ours would be bought twice."""
    mine = claim(reference="0f8fad5bd9cb469fa16570867728950e")
    assert verdict(row("90", reference=told, quantity=5, link="cut"), claims=(mine,)) == Shown("90")


def test_a_short_piece_of_our_reference_proves_neither() -> None:
    mine = claim(reference="0f8fad5bd9cb469fa16570867728950e")
    known = told_known()
    assert isinstance(judge([row("5002", reference="0f8fad5b", link="x"), *told_rows()], (mine,), known)[1], Unclear)


def told_known() -> Known:
    """Of what we know the list tells our references."""
    return Known(SENT, had_earlier=True, references={"5001": "mine-1"}, first=First("4999", 0, 30))


def told_rows() -> list[ListedOrder]:
    return [*ours()[:-1], row("5001", link="https://x.example/5001", reference="mine-1")]


def test_an_order_with_another_reference_is_not_it_where_the_list_tells_ours() -> None:
    mine, theirs = claim(reference="ours"), row("5003", reference="theirs")
    assert judge([theirs, *told_rows()], (mine,), told_known())[1] == NotShown()
    assert not isinstance(verdict(theirs, claims=(mine,)), NotShown), "it may be a number of their own"


def test_the_reference_of_another_add_is_not_ours() -> None:
    claims = (claim(reference="one"), claim(2, reference="two", link="https://x.example/v"))
    assert judge([row("5002", reference="two"), *ours()], claims, EARLIER) == {1: NotShown(), 2: Shown("5002")}


def test_our_reference_on_the_order_of_another_attempt_is_told() -> None:
    rows = [*ours()[:-1], row("5001", reference="ours")]
    assert is_unclear(judge(rows, (claim(reference="ours"),), EARLIER)[1], "belongs to another attempt")


def test_as_many_orders_as_adds_of_one_kind_are_they_the_older_to_the_older() -> None:
    told = judge([row("5003"), row("5002"), *ours()], [claim(1), claim(2)], EARLIER)
    assert told == {1: Shown("5002"), 2: Shown("5003")}


def test_an_order_that_two_adds_may_have_placed_is_neithers() -> None:
    """A drip-feed's quantity is not told, so that an order of one run looks like both."""
    drip = claim(2, quantities=frozenset())
    told = judge([row("5002"), *ours()], [claim(), drip], EARLIER)
    assert all(is_unclear(sighting, "another add") for sighting in told.values())


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
        ([row("5002", quantity=1100)], (claim(1),)),
        ([row("5002", quantity=1100, link="x.example")], (claim(1),)),
        ([row("5002", quantity=1100, service="one")], (claim(1),)),
    ],
)
def test_what_might_be_it_proves_neither(rows: list[ListedOrder], claims: tuple[Claim, ...]) -> None:
    """Fewer than adds, more than adds, one that a given-up add may own, links and quantities spelled otherwise."""
    assert isinstance(verdict(*rows, claims=claims), Unclear)


def test_an_order_of_ours_or_one_that_was_there_before_is_not_it() -> None:
    assert verdict(row("4990", quantity=1000)) == NotShown()


@pytest.mark.parametrize(
    "sent",
    [
        {"5001": 50},
        {"5000": 40, "5001": 50},
        {"5001": 30, "5000": 40, "5002": 50},
        {"x1": 30, "x2": 40, "x3": 50},
    ],
)
def test_ids_that_were_not_seen_to_rise_prove_nothing(sent: dict[str, int]) -> None:
    """Too few, out of order, or no numbers: a higher one may be old, a lower one ours."""
    mine = [row(order, link="https://x.example/mine") for order in sent]
    for order in ("4990", "5003"):
        assert is_unclear(judge([row(order), *mine], (claim(),), Known(sent, had_earlier=True))[1], "younger")


def test_an_order_of_ours_that_was_on_its_way_at_the_same_time_says_nothing_of_lower_ids() -> None:
    """Sent before the add and answered after it: the add may well have got the number before."""
    sent = {**SENT, "5009": 99}
    known = Known(sent, had_earlier=True, given={"5009": 101}, first=First("4999", 0, 30))
    assert judge([row("5008"), *ours("5009")], (claim(),), known)[1] == Shown("5008")


def listed(*orders: str, newest: int = 0, more: Lists = Lists()) -> Lists:  # noqa: B008  # a value
    return more.with_list(orders, newest)


def plainly(lists: Lists) -> Known:
    """Nothing of ours is known, lists apart."""
    return Known({}, had_earlier=False, lists=lists)


def test_what_a_list_read_before_the_add_did_not_show_is_younger() -> None:
    assert judge([row("b"), row("a")], (claim(),), plainly(listed("a"))) == {1: Shown("b")}
    assert judge([row("a")], (claim(),), plainly(listed("a"))) == {1: NotShown()}
    late = plainly(listed("a", newest=1))
    assert is_unclear(judge([row("b")], (claim(),), late)[1], "younger"), "the list was read after the add had begun"


def test_what_came_between_two_lists_is_older_than_an_add_after_the_second() -> None:
    lists = listed("a", "b", newest=4, more=listed("a"))
    assert judge([row("b")], (claim(3),), plainly(lists)) == {3: Shown("b")}
    assert judge([row("b")], (claim(5),), plainly(lists)) == {5: NotShown()}


def test_an_old_order_that_a_cut_off_list_left_out_is_not_new() -> None:
    before = [str(number) for number in range(100, 110)]
    known = plainly(listed(*before))
    assert is_unclear(judge([row("99")], (claim(),), known)[1], "younger")
    assert judge([row("110")], (claim(),), known)[1] == Shown("110")


def test_lists_too_long_to_remember_are_not() -> None:
    many = [str(number) for number in range(MOST_REMEMBERED + 1)]
    assert listed(*many) == Lists()
    anew = listed("x", newest=9, more=listed(*many[:-1]))
    assert (anew.since, anew.first_seen) == (9, {"x": 9})


HOUR = 3_600_000


@pytest.mark.parametrize(
    ("placed", "said"),
    [
        ((2 * HOUR, 2 * HOUR + 999), Shown("7")),
        ((HOUR, HOUR + 999), Shown("7")),
        ((HOUR - 1_000, HOUR - 1), "younger"),
        ((HOUR - 600_000, HOUR - 599_001), "younger"),
        ((0, 999), NotShown()),
        ((-HOUR, 3 * HOUR), "younger"),
    ],
)
def test_a_date_proves_what_clocks_cannot_be_wrong_about(placed: tuple[int, int], said: Sighting | str) -> None:
    """Ten minutes before is perhaps the provider's clock; without a zone a day is nothing."""
    told = judge([row("7", placed=placed)], (claim(sent_at=HOUR),), plainly(Lists()))[1]
    assert is_unclear(told, said) if isinstance(said, str) else told == said


def test_an_order_that_is_nobodys_makes_the_account_not_ours_alone() -> None:
    theirs = row("5003", link="https://x.example/theirs", quantity=5)
    assert is_unclear(verdict(row("5002"), theirs), "not ours alone")
    assert verdict(row("5002"), row("4000", link="theirs", quantity=5)) == Shown("5002"), "older than our first there"
    given_up = claim(9, link="https://x.example/theirs", quantities=frozenset({5}), given_up=True)
    assert verdict(row("5002"), theirs, claims=(claim(), given_up)) == Shown("5002"), "an add of ours given up"


def test_a_list_that_stops_too_early_proves_nothing() -> None:
    """It does not show what was there before, or lacks what was taken since."""
    later = Known({**SENT, "5009": 150}, had_earlier=True)
    since = row("5009", link="https://x.example/5009")
    assert isinstance(judge([since], (claim(),), Known({"5009": 150}, had_earlier=True))[1], Unclear)
    assert isinstance(verdict(known=later), Unclear)
    assert verdict(since, known=later) == NotShown()


def test_a_list_that_lacks_the_newest_of_before_proves_nothing() -> None:
    """It lags behind, or shows only some: what it does not show may be there."""
    assert isinstance(verdict(known=Known(SENT, had_earlier=True, newest_earlier="5055")), Unclear)
    assert verdict(known=Known(SENT, had_earlier=True, newest_earlier="5001")) == NotShown()


def test_a_short_list_of_a_new_account_reaches_back_to_its_beginning() -> None:
    new = Known({}, had_earlier=False)
    assert judge([], (claim(),), new) == {1: NotShown()}
    assert isinstance(judge([], (claim(),), Known({}, had_earlier=True))[1], Unclear)
    others = [row(str(6000 + number), quantity=5, link="theirs") for number in range(10)]
    assert isinstance(judge(others, (claim(),), new)[1], Unclear)
