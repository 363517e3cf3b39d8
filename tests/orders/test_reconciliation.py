"""What a balance lost against what our orders should have cost: pure sums, case by case."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec import convert

from aggregator.catalog.upstream.balance_store import Judgement, Move
from aggregator.orders.reconciling.reconciliation import Debit, ExpectedRefund, Period, Purchase, debit_of, judge
from aggregator.orders.state import Outcome
from tests.builders import attempt_of

OPENED, LOOKED = 1_000_000, 2_000_000
PERIOD = Period(opened_at=OPENED, looked_at=LOOKED, known_from=500_000, grace_ms=1_000)


def move(at: int, before: str, after: str, *, since: int | None = None) -> Move:
    """Times in seconds after the first look."""
    begun = at - 10 if since is None else since
    return Move(since=OPENED + begun * 1000, at=OPENED + at * 1000, before=Decimal(before), after=Decimal(after))


def debit(at: int, cost: str, *, order: int = 1, ended: int | None = None) -> Debit:
    over = at + 1 if ended is None else ended
    return Debit(order=order, cost=Decimal(cost), begun=OPENED + at * 1000, ended=OPENED + over * 1000)


def back(at: int, amount: str, *, since: int, order: int = 9) -> ExpectedRefund:
    return ExpectedRefund(order=order, amount=Decimal(amount), since=OPENED + since * 1000, at=OPENED + at * 1000)


def seen(
    moves: list[Move],
    debits: list[Debit] | None = None,
    refunds: list[ExpectedRefund] | None = None,
    period: Period = PERIOD,
) -> Judgement:
    return judge(period, moves, debits or [], refunds or [])


def drift(
    moves: list[Move],
    debits: list[Debit] | None = None,
    refunds: list[ExpectedRefund] | None = None,
    period: Period = PERIOD,
) -> str | None:
    over = seen(moves, debits, refunds, period).drift
    return None if over is None else f"{over.normalize():f}"


BOUGHT = [debit(20, "2.4")]
PAID = move(30, "100.00", "97.60")


@pytest.mark.parametrize(
    ("moves", "debits", "refunds", "expected"),
    [
        pytest.param([PAID], BOUGHT, [], None, id="an order, charged as listed"),
        pytest.param([move(30, "100.00", "97.50")], BOUGHT, [], "0.1", id="more than it lists"),
        pytest.param([PAID, move(50, "97.60", "92.60")], BOUGHT, [], "5", id="something else was bought"),
        pytest.param([], BOUGHT, [], None, id="charged nothing"),
        pytest.param([PAID], BOUGHT, [back(60, "2.4", since=40)], "2.4", id="called off, and kept the money"),
        pytest.param([PAID, move(55, "97.60", "100.00")], BOUGHT, [back(60, "2.4", since=40)], None, id="came back"),
        pytest.param([PAID, move(70, "97.60", "147.60")], BOUGHT, [], None, id="topped up"),
        pytest.param(
            [PAID, move(70, "97.60", "147.60"), move(90, "147.60", "146.60")],
            BOUGHT,
            [],
            "1",
            id="topped up, then taken",
        ),
        pytest.param(
            [move(70, "100.00", "147.60", since=10)],
            BOUGHT,
            [back(90, "2.4", since=75)],
            "2.4",
            id="bought and topped up in one look, then kept the money",
        ),
        pytest.param(
            [PAID, move(70, "97.60", "145.20")],
            [*BOUGHT, debit(69, "2.4")],
            [],
            None,
            id="bought and topped up in one look",
        ),
        pytest.param(
            [PAID, move(90, "97.60", "147.60", since=80)],
            BOUGHT,
            [back(60, "2.4", since=40)],
            "2.4",
            id="kept the money, then topped up",
        ),
        pytest.param(
            [PAID, move(35, "97.60", "147.60", since=31)],
            BOUGHT,
            [back(60, "2.4", since=40)],
            "2.4",
            id="topped up, then kept the money",
        ),
        pytest.param(
            [PAID, move(55, "97.60", "150.00")],
            BOUGHT,
            [back(60, "2.4", since=40)],
            None,
            id="topped up and came back in one look",
        ),
        pytest.param(
            [PAID, move(50, "97.60", "0"), move(60, "0", "97.60")], BOUGHT, [], None, id="shown wrongly for a moment"
        ),
        pytest.param(
            [PAID, move(55, "97.60", "98.32")], BOUGHT, [back(60, "0.72", since=40)], None, id="a part came back"
        ),
        pytest.param([PAID], BOUGHT, [back(60, "0.72", since=40)], "0.72", id="a part was kept"),
        pytest.param([move(30, "100.00", "97.60")], [], [], "2.4", id="ordered by hand"),
    ],
)
def test_a_day(moves: list[Move], debits: list[Debit], refunds: list[ExpectedRefund], expected: str | None) -> None:
    assert drift(moves, debits, refunds) == expected


def test_both_sums_and_the_orders_are_named_those_that_were_given_back_first() -> None:
    """What was lost leaves top-ups apart; the newest orders come first among the others."""
    told = seen(
        [PAID, move(70, "97.60", "147.60"), move(90, "147.60", "140.00")],
        [debit(20, "2.4", order=1), debit(80, "2.6", order=2), debit(85, "2.4", order=3)],
        [back(95, "2.4", since=90, order=1)],
    )
    assert (f"{told.lost:.2f}", f"{told.due:.2f}", told.orders) == ("10.00", "5.00", (1, 3, 2))


def test_no_more_orders_are_named_than_anybody_reads() -> None:
    told = seen([PAID], [debit(number, "0.1", order=number) for number in range(1, 200)])
    assert told.orders == tuple(range(199, 149, -1))


@pytest.mark.parametrize(
    ("before", "after", "cost", "orders", "expected"),
    [
        ("100.00", "98.76", "1.2345", 1, None),
        ("100.00", "87.60", "1.2345", 10, None),  # each rounded up by half a last digit
        ("100.00", "87.50", "1.2345", 10, "0.155"),
        ("100000", "98765", "123.44", 10, None),  # a currency without decimals
        ("100000", "98700", "123.44", 10, "65.6"),
        ("1000", "997.6", "2.4", 1, None),  # leaves zeros out
        ("1000", "997.5", "2.4", 1, "0.1"),
        ("100", "76", "2.40000001", 10, None),  # converted, and rounded by us
    ],
)
def test_what_rounding_explains_is_no_difference(
    before: str, after: str, cost: str, orders: int, expected: str | None
) -> None:
    moves = [move(90, before, after)]
    assert drift(moves, [debit(20 + number, cost, order=number) for number in range(orders)]) == expected


def test_what_may_have_been_charged_counts_as_charged() -> None:
    """Unsure, on its way at the first look or at the last: only what is lost beside all of them is a difference."""
    doubtful = [debit(-5, "1", ended=5), debit(995, "2", ended=1_030)]
    assert drift([move(990, "100.00", "97.00")], doubtful) is None
    assert drift([move(990, "100.00", "96.90")], doubtful) == "0.1"


def test_an_order_from_before_the_day_explains_nothing() -> None:
    assert drift([move(990, "100.00", "97.00")], [debit(-60, "3", ended=-30)]) == "3"


def test_where_orders_are_charged_late_those_of_the_day_before_may_be() -> None:
    late = Period(opened_at=OPENED, looked_at=LOOKED, known_from=0, grace_ms=1_000, debit_lag_ms=86_400_000)
    assert drift([move(990, "100.00", "97.00")], [debit(-60, "3", ended=-30)], period=late) is None


def test_a_word_that_is_too_young_says_nothing_yet() -> None:
    """Money may lag behind it; it counts with the next judgement."""
    word = [back(1_000, "2.4", since=40)]
    assert drift([PAID], BOUGHT, word) is None
    later = Period(opened_at=OPENED, looked_at=LOOKED + 5_000, known_from=500_000, grace_ms=1_000)
    assert drift([PAID], BOUGHT, word, period=later) == "2.4"


def test_what_came_back_just_before_the_day_is_not_missed_in_it() -> None:
    """Its word was heard after midnight. Where nothing came in before, it is missed all the same."""
    word = [back(5, "2.4", since=-100)]
    before = move(-40, "97.60", "100.00")
    assert drift([before], [], word) is None
    hidden = move(-40, "100.00", "99.00")
    assert drift([hidden], [debit(-45, "3.4", order=2)], word) is None
    assert drift([], [], word) == "2.4"


def test_what_may_have_come_back_when_nobody_looked_is_not_missed() -> None:
    assert drift([], [], [back(5, "2.4", since=-600)]) is None


def test_a_refund_whose_word_comes_after_the_day_explains_what_rose_in_it() -> None:
    """And is not missed in the day of its word."""
    rise = move(990, "97.60", "100.00")
    word = back(1_020, "2.4", since=900)
    assert seen([PAID, rise], BOUGHT, [word]).lost == 0
    following = Period(opened_at=LOOKED, looked_at=LOOKED + 900_000, known_from=OPENED, grace_ms=1_000)
    assert drift([PAID, rise], BOUGHT, [word], period=following) is None


@pytest.mark.parametrize(
    ("outcome", "upstream", "counts"),
    [
        (Outcome.ACCEPTED, "5001", True),
        (Outcome.CALLED_OFF, "5001", True),
        (Outcome.UNSURE, None, True),
        (Outcome.PLACING, None, True),
        (Outcome.WRITTEN_OFF, None, True),
        (Outcome.ABSENT, "5001", True),
        (Outcome.ABSENT, None, False),
        (Outcome.REFUSED, None, False),
        (Outcome.NOT_SENT, None, False),
    ],
)
def test_whatever_may_have_been_taken_may_have_cost(outcome: Outcome, upstream: str | None, *, counts: bool) -> None:
    attempt = attempt_of(outcome=outcome, upstream_order=upstream, deadline_at=5, answered_at=9)
    found = debit_of(convert(attempt, Purchase, from_attributes=True))
    assert (found is not None) is counts
    assert found is None or (found.cost, found.ended) == (Decimal("2.5"), 5)
