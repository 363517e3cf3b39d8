"""Two providers behind one service: the cheapest that can deliver gets the order, and in doubt nobody else does."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.flows.panels import Panel, Reseller
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider, process_of


@pytest.fixture
def ann(panel: Panel) -> Reseller:
    """A reseller with $100."""
    return panel.reseller(funds=100)


def test_the_cheaper_provider_gets_the_order(panel: Panel, ann: Reseller, alpha: Provider, bravo: Provider) -> None:
    """An order is sold by the cheapest price, bought there, delivered, and paid once."""
    panel.buy_from({"bravo": bravo, "alpha": alpha})
    panel.serve()

    order = ann.add()

    done = ann.wait_for(order, "COMPLETED")
    assert (done["charge"], done["remains"]) == (2.5, 0)
    assert ann.balance == Decimal("97.50")
    assert (len(alpha.taken), bravo.adds) == (1, [])
    assert panel.order(order)["provider"] == "alpha"


def test_a_provider_that_is_down_is_passed_over(panel: Panel, ann: Reseller, bravo: Provider, tmp_path: Path) -> None:
    """Nothing was sent to a dead provider, so the next may have the order; its reseller notices nothing."""
    with process_of(tmp_path) as (alpha, process):
        panel.buy_from({"alpha": alpha, "bravo": bravo})
        panel.serve()
        process.kill()

        order = ann.add()

        ann.wait_for(order, "COMPLETED")
    shown = panel.order(order)
    assert (shown["provider"], shown["charge"]) == ("bravo", "2.5")
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["not_sent", "accepted"]


def test_a_provider_without_our_funds_is_passed_over(
    panel: Panel, ann: Reseller, alpha: Provider, bravo: Provider
) -> None:
    """Whether the panel has seen the empty account or is refused for it: the order goes to the next."""
    panel.buy_from({"alpha": alpha, "bravo": bravo})
    panel.serve()
    alpha.steer("balance", balance="1.99")

    ann.wait_for(ann.add(), "COMPLETED")

    assert (alpha.taken, len(bravo.taken)) == ([], 1)
    assert ann.balance == Decimal("97.50")


def test_a_dearer_provider_loses_the_next_order(panel: Panel, ann: Reseller, alpha: Provider, bravo: Provider) -> None:
    """After a sync the price follows the provider that is cheapest now, which gets the order."""
    panel.buy_from({"alpha": alpha, "bravo": bravo})
    panel.serve()
    alpha.steer("rate", service=1, rate="2.45")
    panel.must("sync", "alpha")
    wait_until(lambda: ann.call("services")[0]["rate"] == 2.75)

    ann.wait_for(ann.add(), "COMPLETED")

    assert (alpha.adds, len(bravo.taken)) == ([], 1)
    assert ann.balance == Decimal("97.25")


def test_an_order_waits_rather_than_sell_below_the_margin(
    panel: Panel, ann: Reseller, alpha: Provider, bravo: Provider
) -> None:
    """A waiting order keeps its charge; a provider that rose above what it allows is no way for it to go."""
    panel.buy_from({"alpha": alpha, "bravo": bravo})
    panel.serve()
    for empty in (alpha, bravo):
        empty.steer("balance", balance="0")
    order = ann.add()
    wait_until(lambda: "out of funds" in str(panel.order(order)["history"]))
    alpha.steer("rate", service=1, rate="2.45")
    panel.must("sync", "alpha")
    alpha.steer("balance", balance="100")
    wait_until(lambda: "alpha: costs 2.45, above" in str(panel.order(order)["history"]))

    bravo.steer("balance", balance="100")

    assert ann.wait_for(order, "COMPLETED")["charge"] == 2.5
    assert (alpha.taken, len(bravo.taken)) == ([], 1)


def test_an_order_whose_answer_is_lost_is_nobody_elses(
    panel: Panel, ann: Reseller, alpha: Provider, bravo: Provider
) -> None:
    """However the answer is lost, the provider may have the order: it stays unsure, and keeps its money."""
    panel.set_pace(add_timeout_seconds=1.5, unsure_in_flight=9)
    panel.buy_from({"alpha": alpha, "bravo": bravo})
    panel.serve()

    orders = [ann.add(fate) for fate in ("lost", "lostno", "drop", "error500")]

    wait_until(lambda: [panel.state(order) for order in orders] == ["unsure"] * 4)
    ann.wait_for(ann.add(), "COMPLETED")
    assert [panel.state(order) for order in orders] == ["unsure"] * 4
    assert {ann.status(order)["status"] for order in orders} == {"PENDING"}
    assert ann.balance == Decimal("87.50")
    assert (len(alpha.adds), bravo.adds) == (5, [])
    assert [row["order"] for row in panel.must("orders", "unsure")] == orders[::-1]
