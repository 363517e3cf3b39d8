"""An add was not taken, says the balance, only where it was read at once and has not moved both ways since."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from aggregator.orders import evidence
from aggregator.orders.evidence import Account, Candidate, Glance, Reading, Sum, Taken
from aggregator.orders.evidence_store import suggest
from tests.builders import order_now
from tests.evidence.inquiries import deciders, inquiry, looks_at
from tests.orders.panels import poll

CENT = Decimal("0.01")


async def test_a_credit_of_just_what_it_cost_hides_no_order(tmp_path: Path, panel_database: str) -> None:
    """Paid in before anybody looked again: bought twice, if the balance alone were believed."""
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        order = await case.order("lost")
        case.alpha.set_balance("1000")
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert ((await order_now(order.id)).state, await deciders(order)) == ("unsure", [])
        assert case.taken(order) == 1


async def test_where_the_balance_was_not_read_at_once_it_only_suggests(tmp_path: Path, panel_database: str) -> None:
    """Its balance could not be read just then: what came in and went out meanwhile nobody knows."""
    async with inquiry(tmp_path, panel_database, offers={}) as case:
        await case.settle_down()
        case.alpha.set_mode("unbalanced")
        order = await case.order("lostno", quantity=700)
        case.alpha.set_mode("up")
        await case.panel.syncer.sync("alpha")

        await case.look(6)

        assert ((await order_now(order.id)).state, await deciders(order)) == ("unsure", [])
        looks = await looks_at(order)
        assert looks[-1].verdict == "absent"
        assert "at once" in str(looks[-1].told["why"])
        assert "compare" in str(suggest(looks))
