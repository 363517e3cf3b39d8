"""Suggestions of what is the same thing, each under the id that it would be sold by: one list for every door."""

from __future__ import annotations

from itertools import count

from msgspec import Struct

from aggregator.catalog import learned_store, store
from aggregator.catalog.matching.matched import matches
from aggregator.catalog.matching.matching import Suggestion
from aggregator.catalog.matching.suggestion_toml import write_blocks
from aggregator.catalog.shelf.prices import Prices
from aggregator.catalog.upstream.upstreams import Upstreams
from aggregator.errors import CannotBeDone
from aggregator.settings import FIRST_IMPORTED_ID, ServicesFile


class NoFreeId(CannotBeDone):
    """Every id that services.toml may give is used."""


class Proposal(Struct, frozen=True):
    """A suggestion, and the id that it would be sold by: the one that its first offer has, else one that is free."""

    number: int
    suggestion: Suggestion

    @property
    def refs(self) -> str:
        """What tells it from every other, also when the list is made again."""
        return ",".join(sorted(f"{offer.provider}:{offer.service}" for offer in self.suggestion.offers))


async def proposals(prices: Prices, upstreams: Upstreams, *, limit: int | None = None) -> list[Proposal]:
    """The surest first; what services.toml names already is left alone."""
    found = (await matches(prices, upstreams))[:limit]
    imported = await store.imported()
    free = count(next_id(prices.services, await learned_store.highest_sold_id()))
    kept = (imported.get((one.offers[0].provider, one.offers[0].service)) for one in found)
    return [Proposal(number or next(free), one) for number, one in zip(kept, found, strict=True)]


async def blocks(found: list[Proposal]) -> str:
    """The proposals as [[service]] blocks."""
    return write_blocks([(one.number, one.suggestion) for one in found], await store.imported())


async def block_of_each(found: list[Proposal]) -> list[str]:
    """Each proposal as a block of its own."""
    imported = await store.imported()
    return [write_blocks([(one.number, one.suggestion)], imported) for one in found]


def next_id(file: ServicesFile, sold: int) -> int:
    """An id that was ever sold keeps its meaning, though it may no longer stand in the file. Raises `NoFreeId`."""
    used = [number for number in file.taken if number < FIRST_IMPORTED_ID]
    number = max([*used, sold, 0]) + 1
    if number >= FIRST_IMPORTED_ID:
        raise NoFreeId(f"no id below {FIRST_IMPORTED_ID} is free")
    return number
