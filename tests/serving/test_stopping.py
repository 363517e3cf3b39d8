"""A panel that must end waits once for all that is slow: adds, rounds of loops and pages end beside each other."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from aggregator.orders.state import OrderState
from aggregator.workers import Loop
from providers.sandbox import Sandbox
from tests.api.served import NO_LIMIT, PACE, SERVICES, goods
from tests.builders import accept_order, make_reseller, order_now
from tests.catalog.panels import panel_over

IMPATIENT = f"{PACE}add_timeout_seconds = 1\n{NO_LIMIT}"


class Held(Sandbox):
    """A provider that answers an add when it is let, and everything else at once."""

    def __init__(self) -> None:
        super().__init__(catalogue=goods(), speed=0)
        self.asked = asyncio.Event()
        self.released = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        first = await receive()

        async def again() -> Any:
            nonlocal first
            told, first = first, None
            return told or await receive()

        if b"action=add" in first.get("body", b""):
            self.asked.set()
            await self.released.wait()
        await super().__call__(scope, again, send)


class Releasing(Loop):
    """Lets the provider answer when it is told to end itself."""

    def __init__(self, held: Held) -> None:
        super().__init__("other", self._idle, pause=60)
        self._held = held

    async def _idle(self) -> None:
        """There is nothing to do."""

    def end(self) -> None:
        self._held.released.set()
        super().end()


async def test_loops_are_ended_while_adds_are_still_in_flight(tmp_path: Path, database_url: str) -> None:
    """An add that is answered only after the other loops were told to end is still heard."""
    held = Held()
    async with panel_over(tmp_path, database_url, {"alpha": held}, services=SERVICES, aggregator=IMPATIENT) as panel:
        await panel.syncer.sync("alpha")
        await panel.look()
        order = await accept_order(await make_reseller())
        await panel.start_working()
        panel.workers.start(Releasing(held))
        await held.asked.wait()
        await panel.finish_work()
        assert (await order_now(order.id)).state is OrderState.ACTIVE
