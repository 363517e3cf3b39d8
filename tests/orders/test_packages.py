"""A package is ordered as its provider takes it: of a fixed number of units with that number, else without one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from aggregator.orders import attempt_store
from aggregator.orders.dispatching.submit import submission_of
from tests.builders import accept_order, make_reseller
from tests.orders.panels import ScriptedPanel, dispatch, open_panel, outcomes_of


class StrictPanel(ScriptedPanel):
    """Refuses quantities outside its limits, as panels do, and keeps what it was asked for."""

    def __init__(self, rate: str, **changes: Any) -> None:
        super().__init__(rate, **changes)
        self.adds: list[Mapping[str, str]] = []

    async def _answer(self, asked: Mapping[str, str]) -> Any:
        if asked["action"] == "add":
            self.adds.append(asked)
            if not self.rows[0]["min"] <= int(asked.get("quantity", 1)) <= self.rows[0]["max"]:
                return {"error": f"Quantity less than minimal {self.rows[0]['min']}"}
        return await super()._answer(asked)


@pytest.mark.parametrize(("units", "sent"), [(1000, "1000"), (1, None)])
async def test_a_package_of_a_fixed_number_is_taken(
    tmp_path: Path, panel_database: str, units: int, sent: str | None
) -> None:
    alpha = StrictPanel("2.40", type="Package", min=units, max=units)
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}) as panel:
        order = await accept_order(await make_reseller(), type="Package", quantity=1, rate_per=1)
        await dispatch(panel)
        assert await outcomes_of(order.id) == [("alpha", "accepted", None)]
        assert [one.get("quantity") for one in alpha.adds] == [sent]
        (attempt,) = await attempt_store.of_order(order.id)
        again = submission_of(order, attempt, None)
        assert (again.package_units, again.quantity) == (units if sent else None, 1)


async def test_what_is_sold_by_the_thousand_is_ordered_by_its_quantity(tmp_path: Path, panel_database: str) -> None:
    alpha = StrictPanel("2.40", type="Package", min=10, max=5000)
    more = 'ranged_packages = "default"'
    async with open_panel(tmp_path, panel_database, {"alpha": alpha}, more=more) as panel:
        order = await accept_order(await make_reseller())
        await dispatch(panel)
        assert await outcomes_of(order.id) == [("alpha", "accepted", None)]
        assert [one.get("quantity") for one in alpha.adds] == ["1000"]
