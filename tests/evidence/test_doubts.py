"""What an owner reads where no verdict is given, where the borders lie, and how far a sum may be off."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aggregator.orders.unsure import evidence
from aggregator.orders.unsure.evidence import (
    Account,
    AccountReading,
    BalanceVerdict,
    Doubtful,
    OrderCost,
    Sum,
    TakenAdds,
    UnsureAdd,
    Void,
)
from providers.vocabulary import Phase
from tests.builders import attempt_of, order_of, progress_of

CENT = Decimal("0.01")
SEEN = Account(digits=2, charge_digits=2)


def adds(*costs: str, sure_price: bool = True) -> list[UnsureAdd]:
    return [
        UnsureAdd(attempt=number, cost=Decimal(cost), sure_price=sure_price) for number, cost in enumerate(costs, 1)
    ]


def missing(amount: str, *, back: str = "0") -> Sum:
    return Sum(Decimal(amount), CENT, Decimal(back))


@pytest.mark.parametrize(
    ("account", "total", "candidates", "unobserved", "said"),
    [
        (SEEN, missing("-10.5"), adds("2.40"), "0", Void("10.5 more are there than should be: somebody paid in")),
        (
            Account(digits=2, risen=Decimal("2.40")),
            missing("0", back="1.10"),
            adds("2.40"),
            "0",
            Doubtful("2.4 came in, 1.1 of it from orders"),
        ),
        (SEEN, missing("0"), adds(*["9.99"] * 9), "0", Doubtful("9 adds are unsure at once")),
        (SEEN, missing("2.40"), adds("2.40", "2.40"), "0", Doubtful("2.4 are missing: 2 explanations")),
        (
            SEEN,
            missing("0"),
            adds("2.40"),
            "2.40",
            Doubtful("a payment of 2.4 or less may have come in unseen"),
        ),
        (
            SEEN,
            missing("0.30"),
            adds("0.30", "0.09"),
            "0",
            Doubtful("the balance is shown too coarsely to tell so many apart"),
        ),
        (
            SEEN,
            missing("2.40"),
            adds("2.40", sure_price=False),
            "0",
            Doubtful("a price has changed, or its catalogue is older than the order"),
        ),
    ],
)
def test_the_owner_reads_why_nothing_was_decided(
    account: Account, total: Sum, candidates: list[UnsureAdd], unobserved: str, said: BalanceVerdict
) -> None:
    assert evidence.weigh(account, total, candidates, unobserved=Decimal(unobserved)) == said


@pytest.mark.parametrize(
    ("costs", "tell"),
    [
        (("3.9", "0.1"), True),
        (("3.89", "0.1"), False),
        (("9.9", "0.09"), False),
        (("5", "2.9", "0.1"), True),
        (("5", "2.89", "0.1"), False),
    ],
)
def test_adds_are_told_apart_only_where_all_sums_could_be_seen(costs: tuple[str, ...], tell: bool) -> None:
    """All costs together a hundred times what the sums may be off, and the smallest ten times what one may."""
    verdict = evidence.weigh(SEEN, missing(costs[0]), adds(*costs))
    assert verdict == TakenAdds(frozenset({1})) if tell else isinstance(verdict, Doubtful)


@pytest.mark.parametrize(("hidden", "tell"), [("2.384", True), ("2.385", False)])
def test_a_payment_of_just_what_an_add_cost_hides_it(hidden: str, tell: bool) -> None:
    """Down to what the sum may be off: half a digit for the charge, a digit for the balance."""
    verdict = evidence.weigh(SEEN, missing("0"), adds("2.40"), unobserved=Decimal(hidden))
    assert isinstance(verdict, TakenAdds if tell else Doubtful)


def test_the_longest_ago_in_the_dark_grow_together() -> None:
    account = Account(seen=Decimal(1), seen_at=0)
    for number in range(1, evidence.MOST_UNOBSERVED + 2):
        account = evidence.look(account, Decimal(1), number * 10, unobserved_ms=5)
    assert len(account.unobserved) == evidence.MOST_UNOBSERVED
    assert account.unobserved[:2] == ((0, 20), (20, 30))
    assert account.unobserved[-1] == (evidence.MOST_UNOBSERVED * 10, evidence.MOST_UNOBSERVED * 10 + 10)
    again = evidence.look(account, Decimal(1), 1_000, unobserved_ms=5)
    assert again.unobserved[:2] == ((0, 30), (30, 40))


@pytest.mark.parametrize(
    ("begun", "over", "cost"), [(0, 9, "0"), (0, 10, "5"), (20, 30, "5"), (21, 30, "0"), (12, 13, "5"), (0, 99, "5")]
)
def test_what_may_have_been_charged_in_the_dark_is_unseen(begun: int, over: int, cost: str) -> None:
    account = Account(unobserved=((10, 20), (11, 12)))
    assert evidence.unseen(account, [(begun, over, Decimal(5))]) == Decimal(cost)


def test_a_sum_that_is_off_by_as_much_as_it_may_be_is_in_order() -> None:
    """A cent too many at a balance shown in cents, and a payment of a cent: both are what rounding makes."""
    assert evidence.weigh(SEEN, missing("-0.01"), adds("2.40")) == TakenAdds(frozenset())
    risen = Account(digits=2, charge_digits=2, risen=CENT)
    assert evidence.weigh(risen, missing("0"), adds("2.40")) == TakenAdds(frozenset())


def test_as_many_adds_as_allowed_are_still_weighed() -> None:
    several = adds(*(f"{100 * 2**number}" for number in range(evidence.MOST_CANDIDATES)))
    assert evidence.weigh(SEEN, missing("0"), several) == TakenAdds(frozenset())


BEFORE = AccountReading(Decimal(100), {"1": OrderCost("open:5", Decimal(5)), "2": OrderCost("open:7", Decimal(7))}, 0)


def added_up(now: dict[str, OrderCost], bases: dict[str, Decimal] | None = None) -> Sum:
    account = Account(baseline=BEFORE, digits=2, charge_digits=4)
    total = evidence.add_up(account, AccountReading(Decimal(90), now, 1), bases or {})
    assert isinstance(total, Sum)
    return total


def test_each_charge_that_is_reckoned_in_may_be_off_by_half_a_digit() -> None:
    """A new order is one charge, one that changed is two, before and after; the balance shows its last digit."""
    half = Decimal("0.00005")
    assert added_up({}) == Sum(Decimal(10), CENT, Decimal(0))
    new = {"3": OrderCost("open:4", Decimal(4))}
    assert added_up(new) == Sum(Decimal(6), CENT + half, Decimal(0))
    changed = {"1": OrderCost("partial:2:60", Decimal(2))}
    assert added_up(changed) == Sum(Decimal(13), CENT + 2 * half, Decimal(3))
    assert added_up(new | changed).noise == CENT + 3 * half


def test_what_several_orders_gave_back_adds_up() -> None:
    """Of one that is new since the baseline it is what it cost at first less what is kept."""
    changed = {"1": OrderCost("partial:2:60", Decimal(2)), "2": OrderCost("cancelled:0:100", Decimal(0))}
    assert added_up(changed) == Sum(Decimal(20), CENT + 4 * Decimal("0.00005"), Decimal(10))
    new = {"3": OrderCost("partial:4:10", Decimal(4))}
    assert added_up(new, {"3": Decimal(6)}).given_back == Decimal(2)
    assert added_up(new).given_back == Decimal(0)
    known = {"1": OrderCost("partial:2:60", Decimal(2))}
    assert added_up(known, {"1": Decimal(50)}).given_back == Decimal(3), "the baseline knew better what it cost"


def test_which_order_nobody_can_price_is_named() -> None:
    now = AccountReading(Decimal(100), {"2": OrderCost("cancelled:7:100", None)}, 1)
    told = evidence.add_up(Account(baseline=BEFORE, digits=2), now, {})
    assert told == Doubtful("nobody can say what order 2 there costs now")


@pytest.mark.parametrize(
    ("phase", "remains", "told"),
    [
        (Phase.PENDING, 100, "open:2.5"),
        (Phase.IN_PROGRESS, 40, "open:2.5"),
        (Phase.PAUSED, 40, "open:2.5"),
        (Phase.COMPLETED, 0, f"{Phase.COMPLETED}:2.5:0"),
        (Phase.PARTIAL, 40, f"{Phase.PARTIAL}:2.5:40"),
    ],
)
def test_while_it_runs_only_its_charge_counts_then_also_what_is_left(phase: Phase, remains: int, told: str) -> None:
    progress = progress_of(phase, remains, "2.5")
    assert evidence.stand(order_of(), attempt_of(highest_charge="2.5"), progress, by_remains=False).told == told
