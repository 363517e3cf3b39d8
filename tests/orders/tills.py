"""A provider over HTTP that keeps our money, as honestly as a test wants, and the time until it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from aggregator.app import Panel
from aggregator.catalog.upstream import balance_store
from aggregator.catalog.upstream.balance_store import DayRow
from aggregator.storage import tables
from tests.orders.panels import ScriptedPanel

MINUTE = 60_000
_TIMES = {
    "balance_days": ("opened_at", "looked_at", "judged_at"),
    "balance_moves": ("since", "at"),
    "due_refunds": ("since", "at"),
    "attempts": ("created_at", "answered_at", "deadline_at", "whole_at"),
    "orders": ("sight_at",),
}


class Till(ScriptedPanel):
    """Takes 2.40 for each order of 1,000, unless it takes `more`; a test moves what else it moves."""

    def __init__(self, funds: str = "100.00") -> None:
        super().__init__("2.40")
        self.funds = Decimal(funds)
        self.more = Decimal(0)
        self.currency = "USD"

    async def _answer(self, asked: Mapping[str, str]) -> Any:
        if asked["action"] == "balance":
            return {"balance": f"{self.funds:f}", "currency": self.currency}
        return await super()._answer(asked)

    async def _add(self) -> Any:
        answer = await super()._add()
        if self.answer_to_add is None:
            self.funds -= Decimal("2.40") + self.more
        return answer


async def minutes_pass(minutes: int = 1) -> None:
    """Everything that was seen is so much older."""
    for table, columns in _TIMES.items():
        older = ", ".join(f"{column} = {column} - {minutes * MINUTE}" for column in columns)
        await tables.Signal.raw(f"update {table} set {older}")


async def reconcile(panel: Panel, provider: str = "alpha") -> list[DayRow]:
    """Some minutes later the balance is read and judged; the differences that nobody has looked at."""
    await minutes_pass(10)
    assert await panel.syncer.read_balance(provider)
    settings = panel.upstreams.settings(provider)
    assert settings is not None
    await panel.reconciler.run_once(settings)
    return list((await balance_store.drifts()).get(provider, ()))


async def differences(panel: Panel, provider: str = "alpha") -> list[str]:
    """How much more was lost than our orders explain."""
    return [f"{day.drift:.2f}" for day in await reconcile(panel, provider)]
