"""A panel that lists orders as a test says, answers an add only where it is told to, and whose balance stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.orders.model import Order
from aggregator.resellers.model import Reseller
from tests.builders import accept_order, make_reseller, order_now
from tests.evidence.inquiries import PACE, attempts_of, deciders, looks_at, time_passes
from tests.orders.panels import ScriptedPanel, dispatch_all, open_panel

NO_ANSWER = {"ok": "maybe"}
LISTS = 'order_list = "orders"\ndebits_late = true'


class ListingPanel(ScriptedPanel):
    """Its list is whatever stands in `listed`, the newest first."""

    def __init__(self, **changes: Any) -> None:
        super().__init__("2.40", **changes)
        self.listed: list[dict[str, Any]] = []
        self.asked = 0
        """How often the list was read."""

    async def _answer(self, asked: Mapping[str, str]) -> Any:
        if asked["action"] != "orders":
            return await super()._answer(asked)
        self.asked += 1
        return list(self.listed)

    def show(self, order: int | str, link: str, *, quantity: int = 1000, **told: Any) -> None:
        """One more order in the list, above the others."""
        row = {"order": order, "service": 1, "link": link, "quantity": str(quantity), **told}
        self.listed.insert(0, row)


class Listing:
    """Our panel, which buys from one that lists orders, and a reseller."""

    def __init__(self, panel: Panel, alpha: ListingPanel, ann: Reseller) -> None:
        self.panel = panel
        self.alpha = alpha
        self.ann = ann

    async def buy(self, link: str) -> Order:
        """An order that it takes, and lists from then on."""
        order = await self._send(link)
        self.alpha.show(str((await attempts_of(order))[-1].upstream_order), link)
        return order

    async def lose(self, link: str) -> Order:
        """An order of which it says neither yes nor no."""
        self.alpha.answer_to_add = NO_ANSWER
        order = await self._send(link)
        self.alpha.answer_to_add = None
        assert (await order_now(order.id)).state == "unsure"
        return order

    async def _send(self, link: str) -> Order:
        order = await accept_order(self.ann, link=link, link_key=link)
        await dispatch_all(self.panel)
        return order

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            await time_passes()
            await self.panel.investigator.run_once("alpha")

    async def settled_by(self, order: Order) -> list[str]:
        """Who decided about it."""
        return [actor for actor, _ in await deciders(order)]

    async def told_of(self, order: Order) -> str:
        """Why the last look at the list decided nothing."""
        return str((await looks_at(order))[-1].told["why"])


@asynccontextmanager
async def listing(folder: Path, url: str, *, more: str = LISTS) -> AsyncIterator[Listing]:
    """At the end every promise holds."""
    alpha = ListingPanel()
    async with open_panel(folder, url, {"alpha": alpha}, pace=PACE, more=more) as panel:
        yield Listing(panel, alpha, await make_reseller())
        assert [finding for finding in await audit() if finding.broken] == []
