"""Every provider is out of our funds: orders wait, nothing is cancelled but by the reseller, and then they leave."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.flows.panels import Panel, Reseller
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider


@pytest.fixture
def ann(panel: Panel, alpha: Provider, bravo: Provider) -> Reseller:
    """A reseller of a panel whose providers are both without funds."""
    for empty in (alpha, bravo):
        empty.steer("balance", balance="0")
    panel.buy_from({"alpha": alpha, "bravo": bravo})
    panel.serve()
    return panel.reseller(funds=100)


def test_waiting_orders_leave_when_one_provider_has_funds_again(
    panel: Panel, ann: Reseller, alpha: Provider, bravo: Provider
) -> None:
    """The owner tops up one account, and every waiting order is delivered from there."""
    orders = [ann.add() for _ in range(3)]
    wait_until(lambda: [is_out_of_funds(panel, order) for order in orders], all)

    bravo.steer("balance", balance="100")

    for order in orders:
        ann.wait_for(order, "COMPLETED")
    assert (alpha.taken, len(bravo.taken)) == ([], 3)
    assert ann.balance == Decimal("92.50")


def test_a_reseller_may_cancel_an_order_that_waits(panel: Panel, ann: Reseller, alpha: Provider) -> None:
    """The money is back with the answer, and the order never leaves."""
    order = ann.add()

    reply = ann.call("cancel", order=order)

    assert ann.balance == 100
    assert ann.status(order)["status"] == "CANCELLED"
    assert reply == {"order": order, "cancel": 1}
    alpha.steer("balance", balance="100")
    ann.wait_for(ann.add(), "COMPLETED")
    assert len(alpha.adds) == 1


def is_out_of_funds(panel: Panel, order: int) -> bool:
    """Whether the owner is told that the order waits for that."""
    shown = panel.order(order)
    return shown["state"] == "queued" and "out of funds" in str(shown["history"])
