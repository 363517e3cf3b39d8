"""Where a reseller arrives: what there is to spend, what runs, and what to do next."""

from __future__ import annotations

from litestar import Controller, get

from aggregator.ledger import book
from aggregator.orders.reporting import reseller_orders_store
from aggregator.orders.reporting.reseller_orders_store import Mine
from aggregator.resellers import keys
from aggregator.web.account.orders import rows_of
from aggregator.web.dependencies import Parts, SellerId
from aggregator.web.responses import Page, page

NEWEST = 8


class HomeController(Controller):
    path = "/home"

    @get()
    async def home(self, parts: Parts, seller_id: SellerId) -> Page:
        found = await reseller_orders_store.find(seller_id, Mine(), limit=NEWEST)
        return page(
            "account/home.html",
            balance=await book.balance(seller_id),
            counts=await reseller_orders_store.count(seller_id),
            rows=rows_of(parts, found),
            has_key=any(key.live for key in await keys.of_reseller(seller_id)),
        )
