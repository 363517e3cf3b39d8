"""Suggestions of what is the same thing, each under the id that it would be sold by: one list for every door."""

from __future__ import annotations

from msgspec import Struct

from aggregator.catalog import learned_store, store
from aggregator.catalog.blocks import write_blocks
from aggregator.catalog.matched import matches
from aggregator.catalog.matching import Suggestion
from aggregator.catalog.prices import Prices
from aggregator.catalog.upstreams import Upstreams
from aggregator.settings import FIRST_IMPORTED_ID, ServicesFile


class NoFreeId(Exception):
    """Every id that services.toml may give is used."""


class Proposal(Struct, frozen=True):
    """A suggestion, and the first id that is free for it."""

    number: int
    suggestion: Suggestion

    @property
    def refs(self) -> str:
        """What tells it from every other, also when the list is made again."""
        return ",".join(sorted(f"{offer.provider}:{offer.service}" for offer in self.suggestion.offers))


async def proposals(prices: Prices, upstreams: Upstreams, *, limit: int | None = None) -> list[Proposal]:
    """The surest first; what services.toml names already is left alone."""
    found = (await matches(prices, upstreams))[:limit]
    first = next_id(prices.services, await learned_store.highest_sold_id())
    return [Proposal(number, one) for number, one in enumerate(found, start=first)]


async def blocks(found: list[Proposal]) -> str:
    """The proposals as [[service]] blocks."""
    return write_blocks([(one.number, one.suggestion) for one in found], await store.imported())


async def block_of_each(found: list[Proposal]) -> list[str]:
    """Each proposal as a block of its own."""
    imported = await store.imported()
    return [write_blocks([(one.number, one.suggestion)], imported) for one in found]


def next_id(file: ServicesFile, sold: int) -> int:
    """An id that was ever sold keeps its meaning, though it may no longer stand in the file. Raises `NoFreeId`."""
    used = [entry.id for entry in file.services if entry.id < FIRST_IMPORTED_ID]
    number = max([*used, sold, 0]) + 1
    if number >= FIRST_IMPORTED_ID:
        raise NoFreeId(f"no id below {FIRST_IMPORTED_ID} is free")
    return number
