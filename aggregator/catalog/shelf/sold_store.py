"""What was ever told to be for sale: an id once sold works for ever."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import msgspec

from aggregator.catalog.shelf.aliases import OnceSold
from aggregator.settings import FIRST_IMPORTED_ID, OfferRef
from aggregator.storage.parameters import in_list
from aggregator.storage.sql import execute
from aggregator.storage.tables import ShelfLine
from aggregator.storage.transaction import off_loop
from aggregator.storage.upsert import EACH


async def sold(numbers: Sequence[int]) -> OnceSold:
    """Which of the imported ids were, and every id of a [[service]] with the listings behind it."""
    wanted = iter(numbers)
    imported: set[int] = set()
    while some := list(islice(wanted, EACH)):
        these, values = in_list("service", some)
        # SQL: rows of any number come as one parameter, so that the text is prepared once.
        imported.update(
            row["service"] for row in await execute(f"select service from shelf_lines where {these}", values)
        )
    blocks = await ShelfLine.select(ShelfLine.service, ShelfLine.offers).where(ShelfLine.service < FIRST_IMPORTED_ID)
    refs = await off_loop(lambda: {row["service"]: _refs(row["offers"]) for row in blocks})
    return OnceSold(imported=frozenset(imported), blocks=refs)


def _refs(offers: str) -> list[OfferRef]:
    """From "provider:service" in a JSON list."""
    return [OfferRef(*one.split(":", 1)) for one in msgspec.json.decode(offers or "[]", type=list[str])]
