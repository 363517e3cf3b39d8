"""The panel of the examples, and the reseller who sees what they say: its services, its orders, its money."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from aggregator.api.guide.examples import EarlierOrder, Examples, SoldService, examples
from aggregator.api.views import Status
from aggregator.ledger import book
from aggregator.orders.following import progress_store
from aggregator.orders.settling.settle import settle
from aggregator.orders.settling.settlement import Announce
from aggregator.resellers import accounts
from aggregator.resellers.model import Reseller
from aggregator.storage.tables import Signal
from pricing.money import Rate, parse_units
from providers.sandbox import Sandbox
from providers.vocabulary import Phase, ServiceType
from tests.api.served import NO_LIMIT, PACE, Client, Served
from tests.builders import accept_order, activate, order_now
from tests.catalog.panels import panel_over
from tests.providers.sandbox_server import serving

MARKUP = "[default]\npercent = 0\nmin_margin_percent = 0\n"
LINK = "https://instagram.com/username"
NEXT_ORDER = 12345
OURS = "import_rest = false\n" + "".join(
    f'[[service]]\nid = {sold.id}\noffers = ["alpha:{9000 + sold.id}"]\n' for sold in examples().service
)


def goods(sold: SoldService) -> dict[str, Any]:
    """A service of the examples as the provider behind it publishes it."""
    return {
        "service": 9000 + sold.id,
        "name": sold.name,
        "category": sold.category,
        "type": sold.type.value,
        "rate": sold.rate,
        "min": str(sold.min),
        "max": str(sold.max),
        "refill": sold.refill,
        "cancel": sold.cancel,
        "dripfeed": sold.dripfeed,
    }


@asynccontextmanager
async def story(folder: Path, database_url: str) -> AsyncIterator[tuple[Served, Client]]:
    """The panel over HTTP, and its reseller with the orders and the balance of the examples."""
    told = examples()
    sandbox = Sandbox(catalogue=[goods(sold) for sold in told.service], speed=0)
    texts = {"services": OURS, "markup": MARKUP, "aggregator": PACE + NO_LIMIT}
    async with panel_over(folder, database_url, {"alpha": sandbox}, **texts) as panel:
        await panel.syncer.sync("alpha")
        await panel.look()
        async with (
            serving(panel.asgi(with_api=True)) as url,
            httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as http,
        ):
            served = Served(panel, sandbox, http, url)
            client = await served.reseller("anna", "1000000")
            await _live_through(told)
            yield served, client


async def _live_through(told: Examples) -> None:
    anna = await accounts.named("anna")
    await Signal.raw("insert into sqlite_sequence (name, seq) values ('orders', {})", told.order[0].id - 1)
    for order in told.order:
        await _place(anna, order, next(sold for sold in told.service if sold.id == order.service))
    await Signal.raw("update sqlite_sequence set seq = {} where name = 'orders'", NEXT_ORDER - 1)
    left = parse_units(told.balance) - await book.balance(anna.id)
    await accounts.adjust("anna", left, note="what the examples have", actor="test")


async def _place(anna: Reseller, told: EarlierOrder, sold: SoldService) -> None:
    rate = Rate.parse(sold.rate, "USD", 1 if sold.type.is_package else 1000)
    units = told.quantity * told.runs
    fields = {"min": "100"} if sold.type is ServiceType.SUBSCRIPTIONS else {}
    order = await accept_order(
        anna,
        service=sold.id,
        type=sold.type.value,
        link=LINK,
        quantity=units,
        runs=told.runs,
        fields=fields,
        rate=rate.units,
        rate_per=rate.per,
        charge=rate.cost(units).units,
    )
    assert order.id == told.id
    if told.state is Status.PENDING:
        return
    await activate(order)
    remains = told.remains or 0
    active = await order_now(order.id)
    if told.state is Status.IN_PROGRESS:
        announced = Announce(Phase.IN_PROGRESS, remains, told.runs_done, told.start_count, delivery_seen=True)
        await progress_store.keep([(active, announced)], [])
    else:
        assert await settle(active, remains, note="as told", start_count=told.start_count)
