"""A refusal that tells of how many units a quantity must be a multiple teaches the service its step."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aggregator.api.texts import text_of
from aggregator.api.views import Spelling
from aggregator.app import Panel
from aggregator.catalog import learned_store
from aggregator.catalog.shelf.shelf import NOBODY, Terms
from aggregator.errors import QuantityNoMultiple
from aggregator.orders.intake.place import Placer
from aggregator.orders.intake.types import Ask
from aggregator.resellers import accounts
from aggregator.resellers import store as reseller_store
from aggregator.resellers.model import digest
from pricing.money import SCALE
from providers.vocabulary import Fields
from tests.builders import accept_order, make_reseller, order_now
from tests.orders.panels import ScriptedPanel, dispatch_all, open_panel, outcomes_of


class SteppedPanel(ScriptedPanel):
    """Takes only multiples of a number, and says so in its words."""

    def __init__(self, rate: str, step: int, words: str, **changes: Any) -> None:
        super().__init__(rate, **changes)
        self.step, self.words = step, words

    async def _answer(self, asked: Mapping[str, str]) -> Any:
        if asked["action"] == "add" and int(asked["quantity"]) % self.step:
            return {"error": self.words.format(self.step)}
        return await super()._answer(asked)


def terms_of(panel: Panel) -> Terms:
    service = panel.prices.shelf.get(1)
    assert service is not None
    return service.terms(NOBODY)


def ask(quantity: int, runs: int = 1) -> Ask:
    extras: Fields = {} if runs == 1 else {"runs": str(runs), "interval": "5"}
    return Ask(service=1, link="https://x.example/u", quantity=str(quantity), extras=extras)


@pytest.mark.parametrize(
    "words", ["Quantity must be a multiple of {} (try 200)", "The quantity should be divisible by {}!"]
)
async def test_a_step_is_learned_shown_and_refused_by_us(tmp_path: Path, panel_database: str, words: str) -> None:
    """The order that met it goes to another provider, and no other meets it."""
    alpha, bravo = SteppedPanel("2.30", 100, words, min=50, max=1050), ScriptedPanel("2.40", min=50, max=20_000)
    async with open_panel(tmp_path, panel_database, {"alpha": alpha, "bravo": bravo}) as panel:
        new = await accounts.add("bob", currency="USD", funds=10 * SCALE)
        (caller,) = await reseller_store.callers([digest(new.key)])
        assert caller is not None
        order = await accept_order(await make_reseller(), quantity=150)
        await dispatch_all(panel)
        assert await outcomes_of(order.id) == [("alpha", "refused", "PARAMS"), ("bravo", "accepted", None)]
        await panel.look()
        terms = terms_of(panel)
        assert (terms.step, terms.minimum, terms.maximum) == (100, 100, 20_000)
        placer = Placer(lambda: panel.prices.shelf, panel.wake)
        for wrong in (ask(150), ask(150, runs=2)):
            with pytest.raises(QuantityNoMultiple) as caught:
                await placer.place(caller, wrong)
            told = {text_of(caught.value, spelling) for spelling in Spelling}
            assert told == {"Quantity must be a multiple of 100"}
        good = await order_now(await placer.place(caller, ask(300)))
        await dispatch_all(panel)
        assert await outcomes_of(good.id) == [("alpha", "accepted", None)]
        await panel.syncer.sync("alpha")
        assert (await learned_store.of_service("alpha", "1")).step == 100


async def test_a_step_that_no_quantity_fits_takes_the_service_off_the_list(tmp_path: Path, panel_database: str) -> None:
    async with open_panel(tmp_path, panel_database, {"alpha": ScriptedPanel("2.40", min=150, max=190)}) as panel:
        assert terms_of(panel).step == 1
        await learned_store.learn_step("alpha", "1", 100)
        await panel.look()
        assert "step of 100 leaves no quantity" in panel.prices.shelf.unsold[1]


async def test_an_order_taken_before_goes_where_its_quantity_is_taken(tmp_path: Path, panel_database: str) -> None:
    async with open_panel(
        tmp_path, panel_database, {"alpha": ScriptedPanel("2.30"), "bravo": ScriptedPanel("2.40")}
    ) as panel:
        await learned_store.learn_step("alpha", "1", 100)
        await panel.look()
        order = await accept_order(await make_reseller(), quantity=1050)
        await dispatch_all(panel)
        assert await outcomes_of(order.id) == [("bravo", "accepted", None)]
