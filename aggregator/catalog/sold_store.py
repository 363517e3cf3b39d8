"""What was ever told to be for sale: an id once sold works for ever."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aggregator.catalog.aliases import Sold
from aggregator.settings import FIRST_IMPORTED_ID, OfferRef
from aggregator.storage.lists import among
from aggregator.storage.statements import run
from aggregator.storage.tables import ShelfLine


async def sold(numbers: Sequence[int]) -> Sold:
    """Which of the imported ids were, and every id of a [[service]] with the listings behind it."""
    these, values = among("service", numbers)
    ids = await run(f"select service from shelf_lines where {these}", values)
    blocks = await ShelfLine.select(ShelfLine.service, ShelfLine.offers).where(ShelfLine.service < FIRST_IMPORTED_ID)
    return Sold(
        imported=frozenset(row["service"] for row in ids),
        blocks={row["service"]: _refs(row["offers"]) for row in blocks},
    )


def _refs(offers: str) -> list[OfferRef]:
    """From "provider:service" in a JSON list."""
    return [OfferRef(*one.split(":", 1)) for one in msgspec.json.decode(offers or "[]", type=list[str])]
