"""When an account may be read, which readings fit our books, and which prices still stand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from aggregator.catalog.model import ListingRow, ProviderRow
from aggregator.orders.attempt_store import Followed
from aggregator.orders.model import Attempt
from aggregator.orders.state import Outcome
from aggregator.orders.unsure.books import Books, price_stands, synced_since
from aggregator.orders.unsure.evidence import AccountReading, OrderCost
from providers.vocabulary import Funds, Phase
from tests.builders import attempt_of, order_of, progress_of


def known(**changes: Any) -> Followed:
    """An order that the poller has seen."""
    return Followed(attempt_of(**{"last_charge": "2.5", **changes}), order_of())


def nameless(**changes: Any) -> Attempt:
    return attempt_of(**{"id": 9, "outcome": Outcome.UNSURE, "upstream_order": None, **changes})


def books(*orders: Followed, lost: tuple[Attempt, ...] = (), placing: bool = False) -> Books:
    return Books(orders, lost, placing)


@pytest.mark.parametrize(
    ("ours", "quiet"),
    [
        (books(), True),
        (books(known()), True),
        (books(placing=True), False),
        (books(known(), lost=(nameless(),)), False),
        (books(known(), known(id=2, last_charge=None)), False),
        (books(known(last_charge=None, outcome=Outcome.CALLED_OFF)), True),
    ],
)
def test_a_baseline_waits_until_nothing_moves_and_the_poller_has_seen_each_order(ours: Books, quiet: bool) -> None:
    assert ours.quiet is quiet


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (books(known()), books(known()), True),
        (books(known(), known(id=2)), books(known(id=2), known()), True),
        (books(known()), books(known(last_charge="9")), True),
        (books(known()), books(known(id=2)), False),
        (books(known()), books(), False),
        (books(lost=(nameless(),)), books(), False),
        (books(placing=True), books(), False),
    ],
)
def test_what_was_bought_while_an_account_was_read_is_noticed(one: Books, other: Books, same: bool) -> None:
    assert one.same_as(other) is same
    assert other.same_as(one) is same


@pytest.mark.parametrize(
    ("ours", "stated", "agree"),
    [
        (books(), "EUR", True),
        (books(), None, True),
        (books(known()), None, True),
        (books(known()), "USD", True),
        (books(known()), "EUR", False),
        (books(known(), known(currency="EUR")), None, False),
        (books(known(), lost=(nameless(currency="EUR"),)), "USD", False),
    ],
)
def test_amounts_of_two_currencies_are_never_one_sum(ours: Books, stated: str | None, agree: bool) -> None:
    assert ours.agree_on_currency(Funds(Decimal(100), stated)) is agree


def test_what_each_order_cost_at_first_is_the_most_that_was_stated() -> None:
    ours = books(known(highest_charge="2.6"), known(id=2, upstream_order="5002", cost_theirs="4"))
    assert ours.orders == ["5001", "5002"]
    assert ours.bases == {"5001": Decimal("2.6"), "5002": Decimal(4)}


def test_each_order_stands_as_its_provider_says() -> None:
    """A charge that stays gross is kept net where cancelled units are told by what remains, and only there."""
    ours = Books([known(outcome=Outcome.CALLED_OFF, highest_charge="2.5")], [], placing=False)
    progress = {"5001": progress_of(Phase.CANCELLED, 1000, "2.5")}
    assert ours.standings(progress, by_remains=True)["5001"].net == Decimal(0)
    assert ours.standings(progress, by_remains=False)["5001"].net is None


def test_what_was_sent_since_the_baseline_may_have_been_charged_until_its_deadline() -> None:
    ours = books(
        known(created_at=99, deadline_at=120),
        known(id=2, created_at=100, deadline_at=130, highest_charge="2.6"),
        lost=(nameless(created_at=101, deadline_at=140, cost_theirs="7"), nameless(id=10, created_at=98)),
    )
    assert ours.sent_since(100) == [(100, 130, Decimal("2.6")), (101, 140, Decimal(7))]


CLEAN = AccountReading(Decimal(100), {"5001": OrderCost("open:2.5", Decimal("2.5"))}, 1_000)


@pytest.mark.parametrize(
    ("ours", "why"),
    [
        (books(), None),
        (books(known(created_at=5)), None),
        (books(known(upstream_order="5002", created_at=1_000)), None),
        (books(known(upstream_order="5002", created_at=999)), "an order from before the baseline came to light"),
        (books(lost=(nameless(created_at=1_000),)), None),
        (books(lost=(nameless(created_at=999),)), "the baseline is younger than an unsure add"),
        (books(lost=(nameless(created_at=999, outcome=Outcome.ABSENT),)), None),
    ],
)
def test_a_baseline_that_missed_something_is_worth_nothing(ours: Books, why: str | None) -> None:
    """What was given up before it was taken is in its balance already."""
    assert ours.contradict(CLEAN) == why


@pytest.mark.parametrize(
    ("synced_at", "created", "fresh"),
    [(None, [], False), (5, [], True), (5, [5], True), (5, [6], False), (5, [5, 6], False), (5, [1, 2], True)],
)
def test_a_catalogue_is_as_new_as_its_last_good_answer(synced_at: int | None, created: list[int], fresh: bool) -> None:
    row = ProviderRow(name="alpha", synced_at=synced_at)
    assert synced_since(row, [nameless(created_at=moment) for moment in created]) is fresh


def listing(rate: str | None, *, currency: str | None = "USD", kind: str = "Default") -> ListingRow:
    return ListingRow(
        provider="alpha",
        service="1",
        name="",
        category="",
        type=kind,
        rate=rate,
        currency=currency,
        minimum=1,
        maximum=None,
        refill=None,
        cancel=None,
        dripfeed=None,
        description="",
        flaw=None,
        missing=0,
    )


@pytest.mark.parametrize(
    ("listed", "stands"),
    [
        (listing("2.5"), True),
        (listing("2.5", currency=None), True),
        (listing("2.5", currency="EUR"), False),
        (listing(None), False),
        (None, False),
        (listing("2.50025001"), True),
        (listing("2.50025002"), False),
        (listing("2.49974999"), True),
        (listing("2.49974998"), False),
        (listing("0.0025", kind="Package"), True),
        (listing("2.5", kind="Package"), False),
    ],
)
def test_a_price_stands_while_the_catalogue_asks_what_was_expected(listed: ListingRow | None, stands: bool) -> None:
    """1,000 units for 2.50: a ten-thousandth and the last digit that is kept are noise, more is another price."""
    assert price_stands(attempt_of(), 1000, listed) is stands


def test_the_price_of_what_is_listed_as_a_package_and_sold_by_the_thousand_is_that_of_1000() -> None:
    assert price_stands(attempt_of(), 1000, listing("2.5", kind="Package"), package=False)
    assert not price_stands(attempt_of(), 1000, listing("0.0025", kind="Package"), package=False)
