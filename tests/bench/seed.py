"""Fills a panel: a catalogue, resellers with funds, orders whose status can be asked for."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from aggregator.catalog import store as catalog_store
from aggregator.catalog.syncing.diff import as_row
from aggregator.orders.intake import accept_store
from aggregator.resellers import accounts
from aggregator.storage.transaction import write
from pricing.money import SCALE
from providers.vocabulary import Listing, ServiceType
from tests.builders import new_order, open_database

RESELLERS = 100
FUNDS = 10_000_000 * SCALE


class Seeded(Struct, frozen=True):
    """Who can call, and about which orders of the first reseller."""

    keys: list[str]
    orders: list[int]
    service: int = 100_001


async def seed(database: str, *, services: int, orders: int, resellers: int = RESELLERS) -> Seeded:
    """Fill an empty database and close it again."""
    async with open_database(database):
        await write(lambda: _catalogue(services))
        added = [await accounts.add(f"reseller-{n}", currency="USD", funds=FUNDS) for n in range(resellers)]
        first = added[0].reseller.id
        placed: list[int] = []
        while len(placed) < orders:
            batch = [new_order(first, service=100_001) for _ in range(min(2_000, orders - len(placed)))]
            placed += [
                done.order for done in await accept_store.accept(batch) if isinstance(done, accept_store.Accepted)
            ]
        return Seeded([one.key for one in added], placed)


async def _catalogue(services: int) -> None:
    rows = [as_row(listing(number), "alpha") for number in range(1, services + 1)]
    await catalog_store.ensure_providers(["alpha"])
    await catalog_store.put_listings(rows)
    await catalog_store.give_ids("alpha", [row.service for row in rows])


def listing(number: int) -> Listing:
    """A service as panels name them."""
    name = f"Instagram Followers | Max 100K | Day 5K | No Refill | Real Mixed | Instant Start [{number}]"
    return Listing(
        service=str(number),
        name=name,
        category=f"Instagram Followers [{number % 60}]",
        type=ServiceType.DEFAULT,
        rate=Decimal(100 + number % 900).scaleb(-2),
        minimum=100,
        maximum=100_000,
        refill=number % 2 == 0,
        cancel=number % 3 == 0,
        dripfeed=False,
    )
