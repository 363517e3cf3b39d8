"""Each comparison about the dishonest provider finds what it is there for, and nothing in books that agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.chaos import checker, mallory
from tests.chaos.checker import Evidence
from tests.chaos.figures import Figures
from tests.chaos.mallory import Known
from tests.chaos.upstreams import Add


def add(number: int = 1, **changes: Any) -> Add:
    """An order of 1,000 units at 1.87 that mallory took, delivered and kept the price of."""
    usual: dict[str, Any] = {
        "provider": "mallory",
        "link": f"l-{number}",
        "accepted": True,
        "upstream_order": str(999 + number),
        "undelivered": 0,
        "quantity": "1000",
        "kept": Decimal("1.87"),
        "listed": Decimal("1.87"),
        "denied": 1000,
    }
    return Add(**(usual | changes))


def known(
    *adds: Add, cost: str = "1.87", alarms: tuple[str, ...] = (), told: str = "", undelivered: int = 0, **attempt: Any
) -> Known:
    """One order for each add, with one attempt, a history of one line and no refund."""
    orders = [
        {"id": n, "link": one.link, "quantity": 1000, "charge": 200, "undelivered": undelivered}
        for n, one in enumerate(adds, start=1)
    ]
    usual = {"outcome": "accepted", "last_charge": "1.87", "cost_theirs": "1.87", "stated_charges": None}
    attempts: dict[int, list[dict[str, Any]]] = {
        n: [{"provider": one.provider, "upstream_order": one.upstream_order, **usual, **attempt}]
        for n, one in enumerate(adds, start=1)
    }
    truth: dict[str, list[Add]] = {}
    for one in adds:
        truth.setdefault(one.link, []).append(one)
    evidence = Evidence([], orders, attempts, {n: [] for n in attempts}, [], truth, [])
    units = int(Decimal(cost).scaleb(8))
    return Known(evidence, Figures(units, list(alarms)), {n: [told] for n in attempts})


def test_books_that_agree_are_nobodys_fault() -> None:
    assert mallory.compare(known(add()), strict=True) == []
    assert checker.refund_errors(known(add()).evidence) == []
    assert mallory.taken(known(add(), add(2, accepted=False)).evidence) == 1


LOST = ("The balance of mallory lost 2.5 USD since then, our orders should have cost 1.87 USD",)
TAKES_MORE = ("mallory takes more than it lists for 1 service",)
CHARGES = "mallory charges 2.5 USD where 1.87 was expected"
GROSS = "mallory charges 3 USD where 1.87 was expected"
KEPT_MORE, KEPT_ALL = add(kept=Decimal("2.5")), add(undelivered=1000)
FOUND: list[tuple[Known, str]] = [
    (known(add(), cost="1.86"), "costs_are_what_was_kept"),
    (known(add(), cost="1.88"), "costs_are_what_was_kept"),
    (known(KEPT_MORE, cost="2.6"), "costs_are_what_was_kept"),
    (known(add(provider="alpha", kept=Decimal("1.5"))), "costs_are_what_was_kept"),
    (known(KEPT_MORE, last_charge="2.5"), "overcharges_are_held"),
    (known(add(kept=Decimal(3)), last_charge="3", told=GROSS, alarms=LOST), "overcharges_are_held"),
    (
        known(
            *(add(n, kept=Decimal("2.5")) for n in (1, 2, 3)), cost="7", last_charge="2.5", told=CHARGES, alarms=LOST
        ),
        "overcharges_are_held",
    ),
    (known(add(), outcome="called_off"), "revivals_are_told"),
    (known(KEPT_MORE, cost="2.5"), "drifts_are_alarming"),
    (known(KEPT_ALL, undelivered=1000), "drifts_are_alarming"),
    (known(add(), outcome="called_off", told="at the owner's cost"), "drifts_are_alarming"),
    (known(add(), add(2, upstream_order="1000"), cost="3.74"), "ids_given_again_are_told"),
]


@pytest.mark.parametrize(("run", "comparison"), FOUND, ids=lambda one: one if isinstance(one, str) else "")
def test_what_is_not_known_is_found(run: Known, comparison: str) -> None:
    assert comparison in {fault.partition(":")[0] for fault in mallory.compare(run, strict=True)}


@pytest.mark.parametrize(
    "run",
    [
        known(KEPT_MORE, cost="2.5", last_charge="2.5", told=CHARGES, alarms=LOST),
        known(add(kept=Decimal(3)), cost="3", last_charge="3", told=GROSS, alarms=(*LOST, *TAKES_MORE)),
        known(
            add(), outcome="called_off", told="mallory delivers an attempt given up, at the owner's cost", alarms=LOST
        ),
        known(KEPT_MORE, cost="2.5", alarms=LOST),
        known(KEPT_MORE, alarms=LOST),
        known(KEPT_ALL, cost="0", undelivered=1000, alarms=LOST),
        known(KEPT_ALL, cost="0", undelivered=1000, told="settled by decision"),
        known(add(kept=Decimal(0), undelivered=1000), cost="0", undelivered=1000),
        known(add(), add(2, upstream_order="1000"), cost="3.74", told="written off by decision"),
        known(add(), add(2, upstream_order="1000"), cost="1", told="written off by decision"),
    ],
)
def test_what_is_known_is_no_fault(run: Known) -> None:
    assert mallory.compare(run, strict=True) == []


def test_every_comparison_is_tried_and_those_that_hold_are_of_all() -> None:
    assert {comparison for _, comparison in FOUND} == {one.__name__ for one in mallory.ALL}
    assert set(mallory.HELD) <= set(mallory.ALL)


def test_what_it_called_off_and_delivered_may_have_been_paid_back_or_not() -> None:
    """The panel may have heard the first word or only the last; a half of it nobody ever said."""
    run = known(add()).evidence
    for paid, fault in ((0, False), (200, False), (100, True)):
        run.entries[1][:] = [{"target": "wallet:1", "amount": paid}]
        assert bool(checker.refund_errors(run)) is fault
