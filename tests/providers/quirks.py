"""What the quirks of other panels are tried with: an adapter that gets these replies, and an order to settle."""

from __future__ import annotations

from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any

from aggregator.orders.settling.settlement import Rules, Settlement, decide
from providers.dialect import Dialect
from providers.errors import ProviderError
from providers.registry import find_preset
from providers.vocabulary import Listing, Phase, Progress, Refill, RefillPhase, ServiceType, Submission
from tests.builders import attempt_of, order_of, stated_twice
from tests.providers.panel_server import Canned, PanelServer, adapter_of, panel_server, profile_of

ORDER = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/p", quantity=100)
ROW = {"service": 1, "name": "Followers", "type": "Default", "category": "Photo", "rate": "1", "min": "1", "max": "9"}
NOW = 10_000_000


class Asked:
    """One panel that says these things in turn, and what our adapter makes of them."""

    def __init__(self, *said: Any, preset: str = "perfectpanel", **settings: Any) -> None:
        self._replies = [one if isinstance(one, Canned) else Canned(body=one) for one in said]
        self.dialect: Dialect = find_preset(preset).dialect
        self._preset = preset
        self._settings = settings
        self.panel: PanelServer

    async def ask(self, action: str, *arguments: Any) -> Any:
        """The result of a call, or the error that it raised."""
        async with AsyncExitStack() as stack:
            self.panel = await stack.enter_async_context(panel_server(*self._replies))
            profile = profile_of(self.panel.url, self.dialect, **self._settings)
            adapter = await stack.enter_async_context(adapter_of(profile, self._preset))
            try:
                return await getattr(adapter, action)(*arguments)
            except ProviderError as error:
                return error


async def listing(**row: Any) -> Listing:
    """The service that a row with these fields becomes."""
    (found,) = await listings({**ROW, **row})
    return found


async def listings(*rows: Any) -> list[Listing]:
    found = await Asked(list(rows)).ask("services")
    assert isinstance(found, list), found
    return found


async def add(reply: Any, **settings: Any) -> Any:
    """How an `add` with this reply ends: a `Placement`, or the error."""
    return await Asked(reply, **settings).ask("add", ORDER)


async def status(reply: Any, **settings: Any) -> Progress:
    """What this reply says of order 5."""
    found = await Asked(reply, **settings).ask("statuses", ["5"])
    progress = found["5"]
    assert isinstance(progress, Progress), progress
    return progress


async def several(*replies: Any, ids: str = "5 6", **settings: Any) -> Any:
    """What these replies say of several orders."""
    return await Asked(*replies, parallel=1, **settings).ask("statuses", ids.split())


async def refill(reply: Any) -> Refill | ProviderError:
    found = await Asked(reply).ask("refill", "5")
    assert isinstance(found, (Refill, ProviderError))
    return found


async def refill_phase(reply: Any) -> RefillPhase | None:
    found = (await Asked(reply).ask("refill_statuses", ["3"])).get("3")
    return found if isinstance(found, RefillPhase) else None


def settle(
    progress: Progress, *, means: Any = "full", confirm_ms: int = 0, charge: str = "2.5", **order: Any
) -> Settlement:
    """What follows for an order of 1,000 units that costs 2.50 there; `charge` = what was stated while it was open."""
    attempt = attempt_of(stated_charges=stated_twice(charge) if charge else None)
    return decide(order_of(**order), attempt, progress, rules=Rules(means, confirm_ms), now=NOW)


def told(phase: Phase, remains: int | None = None, charge: str | None = None, **more: Any) -> Progress:
    return Progress(phase=phase, remains=remains, charge=None if charge is None else Decimal(charge), **more)
