"""What is missing from an account tells which lost adds were taken, or it tells nothing: never anything wrong."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.orders.state import OrderState
from aggregator.orders.unsure import evidence
from aggregator.orders.unsure.evidence import (
    Account,
    AccountReading,
    Doubtful,
    OrderCost,
    Sum,
    TakenAdds,
    UnsureAdd,
    Void,
)
from providers.vocabulary import Phase
from tests.builders import attempt_of, order_of, progress_of
from tests.evidence.accounts import tally

ROUNDS = 400


@pytest.mark.parametrize("decimals", [2, 4, 5])
@pytest.mark.parametrize("unsure", [1, 2, 3, 4])
def test_no_verdict_is_wrong_whatever_else_happens_there(decimals: int, unsure: int) -> None:
    """Orders are bought and cut short, also lost ones, the owner pays in: most are told, all of them right."""
    told, wrong = tally(decimals * 10 + unsure, ROUNDS, decimals=decimals, unsure=unsure)
    assert wrong == 0
    assert told > ROUNDS // 2


def weigh(missing: str, *costs: str, digits: int = 2, risen: str = "0", back: str = "0", taken: int = 0) -> object:
    """The verdict on adds 1, 2, ... that cost so much, the first few of them known to be taken."""
    account = Account(digits=digits, charge_digits=digits, risen=Decimal(risen))
    candidates = [
        UnsureAdd(attempt=number, cost=Decimal(cost), taken=number <= taken) for number, cost in enumerate(costs, 1)
    ]
    total = Sum(Decimal(missing), Decimal(1).scaleb(-digits), Decimal(back))
    return evidence.weigh(account, total, candidates)


@pytest.mark.parametrize(
    ("missing", "costs", "taken"),
    [
        ("0", ["2.40"], set()),
        ("2.40", ["2.40"], {1}),
        ("2.41", ["2.40"], {1}),
        ("5.10", ["2.40", "5.10"], {2}),
        ("7.50", ["2.40", "5.10"], {1, 2}),
        ("0.01", ["2.40", "5.10"], set()),
    ],
)
def test_what_is_missing_was_spent_on_them(missing: str, costs: list[str], taken: set[int]) -> None:
    assert weigh(missing, *costs) == TakenAdds(frozenset(taken))


@pytest.mark.parametrize(
    ("missing", "costs"),
    [
        ("1.20", ["2.40"]),
        ("2.40", ["2.40", "2.40"]),
        ("5.00", ["2.00", "3.00", "5.00"]),
        ("0", ["0.01"]),
        ("0.30", ["0.30", "0.05"]),
        ("2.40", ["2.40"] + ["9.99"] * 8),
    ],
)
def test_what_may_be_explained_otherwise_is_no_verdict(missing: str, costs: list[str]) -> None:
    """Half a price, two of one price, sums that meet, costs too small to see, too many at once."""
    assert isinstance(weigh(missing, *costs), Doubtful)


def test_more_than_there_should_be_spoils_the_baseline() -> None:
    assert isinstance(weigh("-10", "2.40"), Void)


def test_money_that_came_in_unexplained_is_no_verdict() -> None:
    """A deposit may hide what an order cost; what orders gave back is no deposit."""
    assert isinstance(weigh("0", "2.40", risen="2.40"), Doubtful)
    assert weigh("0", "2.40", risen="2.40", back="2.40") == TakenAdds(frozenset())


def test_an_order_once_known_to_be_taken_stays_so() -> None:
    """Were it paid back since, nothing would fit: it is not called absent."""
    assert weigh("7.50", "2.40", "5.10", taken=1) == TakenAdds(frozenset({1, 2}))
    assert isinstance(weigh("0", "2.40", taken=1), Doubtful)


def test_a_changed_price_leaves_only_the_case_in_which_it_does_not_matter() -> None:
    account = Account(digits=2, charge_digits=2)
    old = [UnsureAdd(attempt=1, cost=Decimal("2.40"), sure_price=False)]
    assert isinstance(evidence.weigh(account, Sum(Decimal("2.40"), Decimal("0.01"), Decimal(0)), old), Doubtful)
    assert evidence.weigh(account, Sum(Decimal(0), Decimal("0.01"), Decimal(0)), old) == TakenAdds(frozenset())


@given(balances=st.lists(st.integers(0, 10**9), min_size=1, max_size=20))
def test_what_came_in_is_never_overstated(balances: list[int]) -> None:
    """Looks see no more than what really came in between the first and the last of them."""
    account = Account()
    for number, cents in enumerate(balances):
        account = evidence.look(account, Decimal(cents).scaleb(-2), number, unobserved_ms=1)
    rises = sum(max(0, after - before) for before, after in pairwise(balances))
    assert Decimal(0) <= account.risen <= Decimal(rises).scaleb(-2)


CLEAN = AccountReading(Decimal(100), {"5001": OrderCost("open:2.5", Decimal("2.5"))}, 0)


@pytest.mark.parametrize(
    ("balance", "now", "missing"),
    [
        ("97.60", {}, "2.40"),
        ("101.00", {"5001": OrderCost("partial:1.5:400", Decimal("1.5"))}, "0"),
        ("97.00", {"5001": OrderCost("open:2.5", Decimal("2.5")), "5002": OrderCost("open:3", Decimal(3))}, "0"),
        ("100", {"5001": OrderCost("open:2.5", None)}, "0"),
    ],
)
def test_orders_that_are_known_are_reckoned_in(balance: str, now: dict[str, OrderCost], missing: str) -> None:
    """One gave back, one is new, of one nobody can say what it costs, but it has not changed."""
    total = evidence.add_up(Account(baseline=CLEAN, digits=2), AccountReading(Decimal(balance), now, 1), {})
    assert isinstance(total, Sum)
    assert total.missing == Decimal(missing)


def test_a_change_that_nobody_can_put_a_price_on_is_no_verdict() -> None:
    now = AccountReading(Decimal(100), {"5001": OrderCost("cancelled:2.5:1000", None)}, 1)
    assert isinstance(evidence.add_up(Account(baseline=CLEAN, digits=2), now, {}), Doubtful)


PARTIAL = {"state": OrderState.PARTIAL, "undelivered": 300, "ended_at": 1}


@pytest.mark.parametrize(
    ("phase", "charge", "order", "by_remains", "net"),
    [
        (Phase.IN_PROGRESS, "2.5", {}, False, "2.5"),
        (Phase.COMPLETED, "2.5", {}, False, "2.5"),
        (Phase.PENDING, "0", {}, False, None),
        (Phase.PENDING, None, {}, False, None),
        (Phase.UNKNOWN, "2.5", {}, False, None),
        (Phase.PARTIAL, "1.75", PARTIAL, False, "1.75"),
        (Phase.PARTIAL, "2.5", PARTIAL, True, "1.75"),
        (Phase.PARTIAL, "2.5", PARTIAL, False, None),
        (Phase.PARTIAL, "2.5", {**PARTIAL, "quantity": 1001}, True, None),
        (Phase.PARTIAL, "1.75", {}, False, None),
        (Phase.CANCELLED, "0", {"state": OrderState.CANCELLED, "undelivered": 1000, "ended_at": 1}, False, "0"),
    ],
)
def test_what_is_kept_of_a_charge(
    phase: Phase, charge: str | None, order: dict[str, object], by_remains: bool, net: str | None
) -> None:
    """Net where it was reduced; of a gross one what our own settlement knows exactly; else nobody can say."""
    stood = evidence.stand(
        order_of(**order), attempt_of(highest_charge="2.5"), progress_of(phase, 300, charge), by_remains=by_remains
    )
    assert stood.net == (None if net is None else Decimal(net))


def test_what_came_in_while_nobody_looked_is_no_verdict() -> None:
    """It may be just what a lost order cost: then nothing is missing, and yet the order was taken."""
    account = evidence.look(Account(), Decimal(100), 0, unobserved_ms=30)
    account = evidence.look(account, Decimal(100), 60, unobserved_ms=30)
    lost = [UnsureAdd(attempt=1, cost=Decimal("2.40"))]
    nothing = Sum(Decimal(0), Decimal("0.01"), Decimal(0))
    unobserved = evidence.unseen(account, [(20, 50, Decimal("2.40"))])
    assert isinstance(evidence.weigh(account, nothing, lost, unobserved=unobserved), Doubtful)
    watched = evidence.unseen(account, [(70, 80, Decimal("2.40"))])
    assert evidence.weigh(account, nothing, lost, unobserved=watched) == TakenAdds(frozenset())


def test_where_all_were_taken_no_payment_can_have_hidden_one() -> None:
    assert evidence.weigh(
        Account(digits=2, charge_digits=2),
        Sum(Decimal("2.40"), Decimal("0.01"), Decimal(0)),
        [UnsureAdd(attempt=1, cost=Decimal("2.40"))],
        unobserved=Decimal(50),
    ) == TakenAdds(frozenset({1}))


def test_what_came_back_unseen_may_hide_a_payment() -> None:
    """A refund that fell together with a purchase was no rise; a payment of the same amount then looks like it."""
    back = Sum(Decimal(0), Decimal("0.01"), Decimal("2.40"))
    lost = [UnsureAdd(attempt=1, cost=Decimal("2.40"))]
    assert isinstance(evidence.weigh(Account(digits=2, charge_digits=2), back, lost), Doubtful)


def test_where_looks_were_missed_fewer_verdicts_are_given_and_none_is_wrong() -> None:
    told, wrong = tally(61, ROUNDS, decimals=4, unsure=2, missed=0.2)
    assert wrong == 0
    assert ROUNDS // 3 < told < ROUNDS
