"""What a provider lists, by category: counted by the database, of which a page shows some services of some."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from aggregator.catalog.model import MISSING_BEFORE_WITHDRAWN, ListingRow
from aggregator.storage.parameters import in_list
from aggregator.storage.sql import execute
from providers.vocabulary import ServiceType

_LISTED = f"provider = {{}} and missing < {MISSING_BEFORE_WITHDRAWN}"  # a number of ours
_RANGED = "flaw is null and minimum > 1 and (maximum is null or maximum <> minimum)"
"""As `providers.vocabulary.is_ranged_package` has it, of a package."""
_PACKAGES = [kind.value for kind in ServiceType if kind.is_package]


class Listed(Struct, frozen=True):
    """A category of a provider, and how many services it lists there."""

    name: str
    count: int


async def categories(provider: str) -> list[Listed]:
    """In the order in which the provider lists them."""
    # SQL: in the order of the first of each group.
    rows = await execute(
        f"select category as name, count(*) as count from listings where {_LISTED} group by category order by min(id)",
        provider,
    )
    return [msgspec.convert(dict(row), Listed) for row in rows]


async def samples(provider: str, names: Sequence[str], *, each: int) -> list[ListingRow]:
    """The first services of each of these categories."""
    these, values = in_list("category", names)
    # SQL: a window function.
    rows = await execute(
        "select * from (select listings.*, row_number() over (partition by category order by id) as place"
        f" from listings where {_LISTED} and {these}) as placed where place <= {{}} order by id",
        provider,
        values,
        each,
    )
    return [msgspec.convert(dict(row), ListingRow, strict=False) for row in rows]


async def ranged_packages(provider: str) -> tuple[int, ListingRow | None]:
    """How many of its packages take a range of quantities, and the first of them."""
    these, values = in_list("type", _PACKAGES)
    # SQL: one column is compared with another.
    where = f"{_LISTED} and {_RANGED} and {these}"
    counted = await execute(f"select count(*) as n from listings where {where}", provider, values)
    rows = await execute(f"select * from listings where {where} order by id limit 1", provider, values)
    first = msgspec.convert(dict(rows[0]), ListingRow, strict=False) if rows else None
    return int(counted[0]["n"]), first
