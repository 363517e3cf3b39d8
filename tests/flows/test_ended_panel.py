"""A panel that is killed or asked to end while its orders are on their way: none is bought twice, no money is lost."""

from __future__ import annotations

from decimal import Decimal

from tests.flows.panels import Panel
from tests.flows.processes import wait_until
from tests.flows.sandboxes import Provider, provider


def test_orders_whose_panel_was_killed_wait_for_a_decision(any_panel: Panel, alpha: Provider) -> None:
    """Nobody knows whether the provider has them: neither sent again nor refunded until the owner has looked."""
    panel, ann = any_panel, any_panel.reseller(funds=100)
    panel.set_pace(add_timeout_seconds=1, settle_seconds=600)
    panel.buy_from({"alpha": alpha})
    serving = panel.serve()
    taken, never = ann.add("lost"), ann.add("lostno")
    wait_until(lambda: len(alpha.adds) == 2)

    serving.kill()
    panel.serve()

    wait_until(lambda: {panel.state(taken), panel.state(never)} == {"unsure"})
    early = panel.run("orders", "absent", never)
    assert (early.code, "too early to tell" in early.document["error"]) == (1, True)
    [order] = alpha.taken
    panel.must("orders", "found", taken, order["order"], "--reason", "seen in their panel")
    ann.wait_for(taken, "COMPLETED")
    assert (len(alpha.adds), ann.balance) == (2, Decimal(95))
    panel.set_pace(add_timeout_seconds=1, settle_seconds=0.1)
    wait_until(lambda: panel.run("orders", "absent", never).code == 0)
    wait_until(lambda: len(alpha.adds) == 3)
    wait_until(lambda: [attempt["outcome"] for attempt in panel.order(never)["attempts"]] == ["absent", "unsure"])
    assert (panel.state(never), len(alpha.adds), ann.balance) == ("unsure", 3, Decimal(95))


def test_what_is_written_off_is_refunded_and_may_still_be_found(panel: Panel, alpha: Provider) -> None:
    """The reseller has the money back and keeps it; an order that turns up later is the owner's cost."""
    ann = panel.reseller(funds=100)
    panel.set_pace(add_timeout_seconds=1, settle_seconds=0.1)
    panel.buy_from({"alpha": alpha})
    panel.serve()
    order = ann.add("lost/partial/300")
    wait_until(lambda: panel.state(order) == "unsure")

    wait_until(lambda: panel.run("orders", "write-off", order, "--reason", "they do not answer").code == 0)

    assert ann.wait_for(order, "CANCELLED")["remains"] == 1000
    assert ann.balance == 100
    panel.must("orders", "found", order, alpha.taken[0]["order"])
    wait_until(lambda: panel.sql("select 1 from attempts where last_charge is not null"))
    assert ann.status(order)["status"] == "CANCELLED"
    assert ann.balance == 100


def test_a_panel_that_is_asked_to_end_waits_for_its_answers(any_panel: Panel) -> None:
    """A deployment in the middle of adds leaves no order unsure, and what had not left leaves after it."""
    panel, ann = any_panel, any_panel.reseller(funds=100)
    with provider(seconds=0.5) as alpha:
        panel.buy_from({"alpha": alpha})
        serving = panel.serve()
        orders = [ann.add() for _ in range(8)]
        wait_until(lambda: "placing" in {panel.state(order) for order in orders})

        assert serving.terminate() == 0

        assert {panel.state(order) for order in orders} <= {"queued", "active", "completed"}
        panel.serve()
        for order in orders:
            ann.wait_for(order, "COMPLETED")
        assert len(alpha.adds) == len({add["link"] for add in alpha.adds}) == 8
