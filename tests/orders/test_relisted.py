"""What a list says of an add by a row whose id is another order's: only what cannot be that order's own row."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.orders.unsure import relisted
from aggregator.orders.unsure.sightings import Claim, Shown, Unclear
from providers.vocabulary import ListedOrder


def claim(attempt: int, link: str = "new", **changes: Any) -> Claim:
    usual: dict[str, Any] = {"service": "1", "quantities": frozenset({100}), "sent_at": 9}
    return Claim(**{**usual, "attempt": attempt, "link": link, **changes})


def row(order: str, link: str = "new", quantity: int | None = 100, **changes: Any) -> ListedOrder:
    return ListedOrder(order=order, service="1", link=link, quantity=quantity, **changes)


OLD = {"77": claim(1, "old"), "78": claim(2, "old")}
MINE = claim(5)
GIVEN = claim(5, given="77")


@pytest.mark.parametrize(
    ("rows", "claims", "running", "restarted", "verdict"),
    [
        ([row("77")], [GIVEN], "", False, Shown("77")),
        ([row("77")], [MINE], "", False, Shown("77")),
        ([row("77", "old")], [MINE], "", False, None),
        ([row("77", "other")], [MINE], "", False, None),
        ([row("77", quantity=None)], [MINE], "", False, None),
        ([row("77")], [claim(5, quantities=frozenset())], "", False, None),
        ([row("77")], [GIVEN], "77", False, Unclear),
        ([row("77")], [MINE], "77", False, None),
        ([row("78")], [GIVEN], "", False, Unclear),
        ([row("77"), row("78")], [GIVEN], "", False, Shown("77")),
        ([row("77"), row("78")], [MINE], "", False, Unclear),
        ([row("77"), row("99")], [MINE], "", False, Unclear),
        ([row("77")], [MINE, claim(6)], "", False, Unclear),
        ([row("77", "x", reference="r")], [claim(5, reference="r")], "", False, Shown("77")),
        ([row("77", "old")], [claim(5, "old")], "", False, None),
        ([row("77", "old")], [claim(5, "old")], "", True, Unclear),
        ([row("77", "old")], [claim(5, "old", given="77")], "", False, Unclear),
        ([row("99")], [MINE], "", False, None),
        ([], [GIVEN], "", False, Unclear),
    ],
)
def test_what_a_row_with_an_old_id_says(
    rows: list[ListedOrder], claims: list[Claim], running: str, restarted: bool, verdict: Any
) -> None:
    told = relisted.judge(rows, claims, OLD, frozenset({running}), restarted=restarted).get(5)
    assert isinstance(told, Unclear) if verdict is Unclear else told == verdict


def test_what_was_given_up_gets_no_verdict() -> None:
    assert relisted.judge([row("77")], [claim(5, given_up=True)], OLD, frozenset(), restarted=False) == {}
