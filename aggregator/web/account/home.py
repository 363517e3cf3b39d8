"""Where a reseller arrives: what there is to spend, what runs, and what to do next."""

from __future__ import annotations

from aggregator.ledger import book
from aggregator.orders import mine_store
from aggregator.orders.mine_store import Mine
from aggregator.resellers import keys
from aggregator.web.account.orders import rows_of
from aggregator.web.section import Section
from aggregator.web.visit import Page, Visit, Who

NEWEST = 8

section = Section()


@section.get("/home", Who.RESELLER)
async def home(visit: Visit) -> Page:
    found = await mine_store.find(visit.reseller, Mine(), limit=NEWEST)
    return visit.render(
        "account/home.html", balance=await book.balance(visit.reseller), counts=await mine_store.count(visit.reseller),
        rows=rows_of(visit, found), has_key=any(key.live for key in await keys.of_reseller(visit.reseller)),
    )  # fmt: skip
