"""An add that nobody answered settles by itself where something proves what became of it, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.orders.unsure import resolve
from tests.builders import order_now
from tests.evidence.inquiries import WAYS, attempts_of, deciders, inquiry, looks_at
from tests.orders.panels import move_providers, poll

ENDS = {
    ("reference", "lost"): ("accepted", [("rule:reference", "found")]),
    ("reference", "lostno"): ("accepted", [("rule:reference", "found")]),
    ("list", "lost"): ("accepted", [("rule:list", "found")]),
    ("list", "lostno"): ("absent", [("rule:list", "absent")]),
    ("balance", "lost"): ("unsure", []),
    ("balance", "lostno"): ("absent", [("rule:balance", "absent")]),
    ("nothing", "lost"): ("unsure", []),
    ("nothing", "lostno"): ("unsure", []),
}
"""What becomes of the attempt, and by whose decision."""


@pytest.mark.parametrize(("way", "fate"), ENDS)
async def test_it_ends_as_the_evidence_has_it(tmp_path: Path, panel_database: str, way: str, fate: str) -> None:
    """Taken or not, the provider never has the same order twice, and the books are in order."""
    offers, more = WAYS[way]
    async with inquiry(tmp_path, panel_database, offers=offers, more=more) as case:
        await case.order()
        await case.settle_down()
        order = await case.order(fate, quantity=700)

        await case.look(5)

        first = (await attempts_of(order))[0]
        assert (first.outcome, await deciders(order)) == ENDS[way, fate]
        assert case.taken(order) == (1 if first.outcome == "accepted" or fate == "lost" else 0)


async def test_what_the_balance_knows_to_be_taken_waits_for_its_id(tmp_path: Path, panel_database: str) -> None:
    """The owner is told, and even his own word that it is absent is a decision of his, not of a rule."""
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        order = await case.order("lost")

        await case.look(6)

        looks = await looks_at(order)
        assert looks[-1].verdict == "accepted"
        assert (looks[-1].told["missing"], looks[-1].told["baseline"]) == ("2.4", "1000")
        assert (await order_now(order.id)).state == "unsure"


async def test_nothing_is_believed_before_it_can_be_seen(tmp_path: Path, panel_database: str) -> None:
    """A provider may show an order later than it took it."""
    offers, more = WAYS["list"]
    async with inquiry(tmp_path, panel_database, offers=offers, more=more) as case:
        order = await case.order("lostno")
        await case.panel.investigator.run_once("alpha")
        assert await looks_at(order) == []
        await case.look()
        assert (await order_now(order.id)).state == "unsure"


async def test_a_balance_that_stood_still_only_suggests_unless_the_owner_lets_it_decide(
    tmp_path: Path, panel_database: str
) -> None:
    """Nobody has said that this provider debits at once: its silence is no proof, and nothing is sent again."""
    async with inquiry(tmp_path, panel_database, offers={}, more="") as case:
        await case.settle_down()
        order = await case.order("lostno", quantity=777)
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert (await order_now(order.id)).state == "unsure"


async def test_two_at_once_are_told_apart_by_what_they_cost(tmp_path: Path, panel_database: str) -> None:
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        there, not_there = await case.order("lost", quantity=1234), await case.order("lostno", quantity=777)
        await case.panel.syncer.sync("alpha")

        await case.look(5)

        assert (await order_now(there.id)).state == "unsure"
        assert await deciders(not_there) == [("rule:balance", "absent")]
        assert case.taken(there) == 1


async def test_two_that_cost_the_same_are_not_told_apart(tmp_path: Path, panel_database: str) -> None:
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        orders = [await case.order(f"{number}/{fate}") for number, fate in enumerate(("lost", "lostno"))]
        await case.panel.syncer.sync("alpha")

        await case.look(5)

        assert [(await order_now(order.id)).state for order in orders] == ["unsure", "unsure"]
        assert "2 explanations" in str((await looks_at(orders[0]))[-1].told["why"])


async def test_a_payment_in_between_ends_all_reckoning(tmp_path: Path, panel_database: str) -> None:
    """A deposit of just what a lost order cost must not make it look as if it was never taken."""
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        order = await case.order("lost")
        await case.panel.syncer.read_balance("alpha")
        await case.look()
        case.alpha.set_balance("1000")

        await case.look(5)

        assert (await order_now(order.id)).state == "unsure"
        assert await deciders(order) == []


async def test_orders_that_run_meanwhile_are_reckoned_in(tmp_path: Path, panel_database: str) -> None:
    """One was paid back in part, one was bought since: what is missing is still told to the cent."""
    async with inquiry(tmp_path, panel_database, offers={"balance_decimals": 2}) as case:
        running = await case.order("partial/300")
        await case.settle_down()
        order = await case.order("lostno", quantity=500)
        await case.order(quantity=900)
        await poll(case.panel)
        await poll(case.panel)
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert (await order_now(running.id)).undelivered == 300
        assert await deciders(order) == [("rule:balance", "absent")]


@pytest.mark.parametrize("way", ["reference", "list"])
async def test_a_provider_that_is_down_proves_nothing(tmp_path: Path, panel_database: str, way: str) -> None:
    """A look-up that fails, or a repeat that is refused, leaves the order as it was."""
    offers, more = WAYS[way]
    async with inquiry(tmp_path, panel_database, offers=offers, more=more) as case:
        await case.settle_down()
        order = await case.order("lost")
        for mode in ("down", "html", "refuse:Not enough funds on balance"):
            case.alpha.set_mode(mode)
            await case.look(2)
        assert ((await order_now(order.id)).state, await deciders(order)) == ("unsure", [])
        case.alpha.set_mode("up")
        await case.look(2)
        assert (await order_now(order.id)).state == "active"


async def test_another_account_is_never_asked_to_repeat(tmp_path: Path, panel_database: str) -> None:
    """The owner moves the provider to another key: there, the same reference would be a new order."""
    offers, more = WAYS["reference"]
    async with inquiry(tmp_path, panel_database, offers=offers, more=more) as case:
        order = await case.order("lost")
        case.alpha._panel.key = "another"  # its account changes hands
        text = (tmp_path / "providers.toml").read_text().replace('key = "sandbox"', 'key = "another"')
        await move_providers(case.panel, tmp_path, text)

        await case.look(3)

        assert ((await order_now(order.id)).state, len(case.alpha.orders)) == ("unsure", 1)


async def test_the_owner_may_decide_first(tmp_path: Path, panel_database: str) -> None:
    """What he found is followed at once; the rules have nothing left to say."""
    offers, more = WAYS["list"]
    async with inquiry(tmp_path, panel_database, offers=offers, more=more) as case:
        order = await case.order("lost")
        await resolve.found(order.id, "1000", actor="owner", reason="seen there")
        await case.look(3)
        assert await deciders(order) == [("owner", "found")]
