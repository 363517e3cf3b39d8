"""Which of our ids stand for another service: an id once sold works for ever, whoever delivers it now.

An imported id whose listing a [[service]] names, an id that a [[service]] lists as an alias, and the id of a
[[service]] that was taken out of the file: each becomes an alias of the service that has its listing now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from aggregator.settings import OfferRef, ServiceEntry

Imported = Mapping[tuple[str, str], int]
"""(provider, their id) -> the id of ours that its listing was given at its import."""
NONE: Mapping[int, int] = MappingProxyType({})


class OnceSold(Struct, frozen=True, kw_only=True):
    """What was for sale once, as far as it matters to aliases."""

    imported: frozenset[int] = frozenset()
    """Imported ids whose listings a [[service]] names now."""
    blocks: Mapping[int, Sequence[OfferRef]] = {}
    """Ids of [[service]] blocks -> the listings behind them when they were told last."""


def find_aliases(entries: Sequence[ServiceEntry], imported: Imported, sold: OnceSold) -> dict[int, int]:
    """Alias -> the id of the service that it stands for; `entries` in the order of their file."""
    ids = {entry.id for entry in entries}
    found: dict[int, int] = {}
    of_listings = ((number, target) for number, target in own_ids(entries, imported) if number in sold.imported)
    for alias, target in (*of_listings, *_stated(entries, imported)):
        if alias not in ids:
            found.setdefault(alias, target)
    for alias, target in _retired(entries, imported, sold.blocks):
        if alias not in ids:
            found.setdefault(alias, found.get(target, target))
    return found


def own_ids(entries: Iterable[ServiceEntry], imported: Imported) -> Iterator[tuple[int, int]]:
    """The imported id of each listing that a service names, with the id of that service; in the order of the file."""
    for entry in entries:
        for ref in entry.offers:
            number = imported.get((ref.provider, ref.service))
            if number is not None:
                yield number, entry.id


def _stated(entries: Iterable[ServiceEntry], imported: Imported) -> Iterator[tuple[int, int]]:
    """What `aliases` says, but for ids that an import has given another meaning already."""
    taken = set(imported.values())
    yield from ((alias, entry.id) for entry in entries for alias in entry.aliases if alias not in taken)


def _retired(
    entries: Sequence[ServiceEntry], imported: Imported, blocks: Mapping[int, Sequence[OfferRef]]
) -> Iterator[tuple[int, int]]:
    """Ids that stand in the file no more: who names one of their listings now, else the first listing by itself."""
    by_listing: dict[OfferRef, int] = {}
    for entry in entries:
        for ref in entry.offers:
            by_listing.setdefault(ref, entry.id)
    for number, refs in blocks.items():
        heirs = [by_listing.get(ref) or imported.get((ref.provider, ref.service)) for ref in refs]
        heir = next((one for one in heirs if one is not None and one != number), None)
        if heir is not None:
            yield number, heir
