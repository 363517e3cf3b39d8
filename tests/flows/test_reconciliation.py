"""A provider whose balance does not fit our orders is told of while all goes on, restarts and top-ups included."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.flows.panels import Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider


def move(alpha: Provider, amount: str) -> None:
    """So much comes in at the provider, or is taken."""
    alpha.steer("balance", balance=str(Decimal(alpha.steer("state")["balance"]) + Decimal(amount)))


def drifts(panel: Panel) -> list[Any]:
    return list(panel.must("providers")[0]["drifts"])


def wait_for_drift(panel: Panel, expected: str) -> Any:
    (row,) = wait_until(lambda: drifts(panel), lambda rows: [row["drift"] for row in rows] == [expected])
    return row


def looked_on(panel: Panel) -> None:
    """Until the balance was judged by a look that is younger than this."""
    newest = "select max(looked_at) as at, max(judged_at) as judged from balance_days"
    (now,) = panel.sql(newest)
    wait_until(lambda: panel.sql(newest)[0]["judged"] or 0, lambda judged: judged > now["at"] + 500)


@pytest.fixture
def quick(any_panel: Panel, alpha: Provider) -> Panel:
    """It buys from alpha, and judges its balance every other second."""
    any_panel.set_pace(settle_seconds=0.2)
    any_panel.buy_from({"alpha": alpha})
    any_panel.serve()
    return any_panel


def test_what_is_taken_beside_our_orders_is_told_with_both_sums(quick: Panel, alpha: Provider) -> None:
    ann = quick.reseller()
    order = ann.add()
    ann.wait_for(order, "COMPLETED")
    looked_on(quick)
    assert drifts(quick) == []
    move(alpha, "-8")
    row = wait_for_drift(quick, "8")
    assert (row["lost"], row["due"], row["orders"]) == ("10", "2", [order])

    quick.served[-1].kill()
    move(alpha, "50")
    quick.serve()
    looked_on(quick)
    ann.wait_for(ann.add(), "COMPLETED")
    wait_for_drift(quick, "8")

    quick.must("providers", "looked", "alpha", "balance", "--reason", "I ordered by hand")
    assert drifts(quick) == []
    move(alpha, "-1")
    wait_for_drift(quick, "9")


def test_what_was_called_off_and_kept_is_told(quick: Panel, alpha: Provider) -> None:
    """Cancelled, charge 0: the sandbox pays back, and somebody takes just that again."""
    ann = quick.reseller()
    kept = ann.add("cancel")
    ann.wait_for(kept, "CANCELLED")
    looked_on(quick)
    assert drifts(quick) == []
    move(alpha, "-2")
    row = wait_for_drift(quick, "2")
    assert (row["lost"], row["due"], row["orders"][0]) == ("2", "0", kept)
