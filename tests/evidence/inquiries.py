"""A panel whose adds at one sandbox are not answered, and the time that passes until evidence is believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.app import Panel
from aggregator.audit.run import audit
from aggregator.orders import attempt_store
from aggregator.orders.model import Attempt, Order
from aggregator.orders.unsure import evidence_store
from aggregator.orders.unsure.evidence_store import Look
from aggregator.resellers.model import Reseller
from aggregator.storage import clock, decisions, tables
from providers.sandbox import Sandbox
from tests.builders import accept_order, make_reseller
from tests.orders.panels import dispatch_all, open_panel, poll, sandbox

BALANCE_DECIDES = "balance_decides = true"
WAYS: dict[str, tuple[dict[str, Any], str]] = {
    "reference": ({"honours": "request_id"}, 'reference_param = "request_id"\nreference_dedupes = true'),
    "list": ({"lists_orders": True}, 'order_list = "orders"\ndebits_late = true'),
    "balance": ({}, BALANCE_DECIDES),
    "nothing": ({"debits_late": 3600}, "debits_late = true"),
}
"""What the sandbox offers, and what its owner says of it."""
MINUTE = 60_000
PACE = "unsure_in_flight = 9\nconfirm_seconds = 0\nbreaker_seconds = 0.001"


class Inquiry(Struct, frozen=True):
    """A panel, the one provider that it buys from, and a reseller."""

    panel: Panel
    alpha: Sandbox
    ann: Reseller

    async def order(self, fate: str = "", *, quantity: int = 1000) -> Order:
        """Order for a link of its own, which tells the sandbox what to do, and send it out."""
        units = {"quantity": quantity, "charge": quantity * 300_000}
        link = f"https://x.example/{quantity}/{fate}"
        order = await accept_order(self.ann, link=link, link_key=link, **units)
        await dispatch_all(self.panel)
        return order

    async def look(self, times: int = 1) -> None:
        """Look at alpha as often, a minute between each look and the next."""
        for _ in range(times):
            await time_passes()
            await self.panel.syncer.sync_if_due("alpha")
            await self.panel.syncer.read_balance("alpha")
            await self.panel.investigator.run_once("alpha")

    async def settle_down(self) -> None:
        """Everything that runs is known, and the account there has a baseline."""
        await self.panel.syncer.sync("alpha")
        await poll(self.panel)
        await self.look(2)

    def taken(self, order: Order) -> int:
        """How often the sandbox took an order: the truth."""
        return sum(seen.accepted for seen in self.alpha.orders if seen.link == order.link)


@asynccontextmanager
async def inquiry(
    folder: Path, url: str, *, offers: dict[str, Any], more: str = BALANCE_DECIDES
) -> AsyncIterator[Inquiry]:
    """A panel over one sandbox; at the end every promise holds."""
    alpha = sandbox(**offers)
    async with open_panel(folder, url, {"alpha": alpha}, pace=PACE, more=more) as panel:
        yield Inquiry(panel, alpha, await make_reseller())
        assert [finding for finding in await audit() if finding.broken] == []


async def time_passes() -> None:
    """A minute goes by: deadlines are over, what was seen is older, and the next look is due."""
    for statement in (
        f"update attempts set created_at = created_at - {MINUTE}, deadline_at = deadline_at - {MINUTE}",
        f"update attempts set answered_at = answered_at - {MINUTE}",
        f"update observations set at = at - {MINUTE}",
        "update baselines set due_at = 0",
    ):
        await tables.Signal.raw(statement)
    for row in await tables.Provider.select():
        changes: dict[Any, Any] = {
            tables.Provider.balance_at: (row["balance_at"] or clock.now()) - MINUTE,
            tables.Provider.synced_at: (row["synced_at"] or clock.now()) - MINUTE,
        }
        await tables.Provider.update(changes).where(tables.Provider.name == row["name"])
    for row in await tables.Observation.select():
        facts = msgspec.json.decode(row["facts"])
        if "at_once" in facts:
            aged = msgspec.json.encode({**facts, "at": facts["at"] - MINUTE}).decode()
            await tables.Observation.update({tables.Observation.facts: aged}).where(tables.Observation.id == row["id"])
    await _age_accounts()


async def _age_accounts() -> None:
    """The readings that are kept grow older, too."""
    for row in await tables.Baseline.select():
        kept, _ = await evidence_store.account(row["provider"])
        older = {
            name: None if reading is None else _older(reading)
            for name, reading in (("baseline", kept.baseline), ("last", kept.last))
        }
        await evidence_store.put_account(row["provider"], _replace(kept, **older), due_at=0)


def _older(reading: Any) -> Any:
    return _replace(reading, at=reading.at - MINUTE)


def _replace(value: Any, **changes: Any) -> Any:
    return type(value)(**{**{name: getattr(value, name) for name in value.__struct_fields__}, **changes})


async def attempts_of(order: Order) -> list[Attempt]:
    return await attempt_store.of_order(order.id)


async def looks_at(order: Order) -> list[Look]:
    """What was seen of the order's newest attempt."""
    newest = (await attempts_of(order))[-1]
    return (await evidence_store.observed([newest.id]))[newest.id]


async def deciders(order: Order) -> list[tuple[str, str]]:
    """Who decided what about an order."""
    return [(row.actor, row.verdict) for row in await decisions.about("order", order.id)]
