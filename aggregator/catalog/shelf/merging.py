"""What becomes of the ids that resellers use when several services are sold as one, and what gets worse for whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from aggregator.catalog.shelf.shelf import NOBODY, ShelfService, Terms
from aggregator.catalog.traits import Traits, read_traits
from aggregator.settings import ConfigurationError, Fault, ServiceEntry, ServicesFile

_CODE_LENGTH = 2


class Fate(Struct, frozen=True, kw_only=True):
    """One id that can be ordered today, once its service is sold as another one."""

    number: int
    name: str
    """As it is sold today."""
    alias: bool
    """It stands for the other service from then on; False: it is the id that the service keeps."""
    worse: tuple[str, ...]
    """What its resellers lose, a few words each; empty where nothing."""


def fates(today: Iterable[ShelfService], merged: ShelfService) -> list[Fate]:
    """Of everything that is sold today and would be sold as `merged`."""
    return [
        Fate(number=one.id, name=one.name, alias=one.id != merged.id, worse=tuple(_worse(one, merged))) for one in today
    ]


def _worse(one: ShelfService, merged: ShelfService) -> Iterator[str]:
    before, now = one.terms(NOBODY), merged.terms(NOBODY)
    flags = (
        ("refill", before.refill, now.refill),
        ("cancel", before.cancel, now.cancel),
        ("drip-feed", before.dripfeed, now.dripfeed),
    )
    yield from (f"no {name} any more" for name, had, has in flags if had and not has)
    yield from _narrower(before, now)
    if now.price.rate.units > before.price.rate.units:
        yield f"costs {now.price.rate}, not {before.price.rate}"
    lost = _lost(read_traits(one.name, one.category), read_traits(merged.name, merged.category))
    if lost:
        yield f"its name does not say {', '.join(sorted(map(_said, lost)))} any more"


def _narrower(before: Terms, now: Terms) -> Iterator[str]:
    if now.minimum > before.minimum:
        yield f"from {now.minimum} on, not from {before.minimum}"
    if now.maximum < before.maximum:
        yield f"up to {now.maximum}, not up to {before.maximum}"


def _said(word: str) -> str:
    """A country's code as people write it."""
    return word.upper() if len(word) == _CODE_LENGTH else word


def _lost(before: Traits, now: Traits) -> set[str]:
    """What one name promises and the other does not: a country, a quality, a guarantee."""
    lost = set((before.places | before.qualities | before.senses) - (now.places | now.qualities | now.senses))
    if before.refill and not now.refill:
        lost.add("refill")
    elif before.refill_days is not None and before.refill_days != now.refill_days:
        lost.add(f"{before.refill_days} days of refill" if before.refill_days else "refill for ever")
    return lost


def refuse_mixed_types(
    file: str, services: ServicesFile, types: Mapping[tuple[str, str], str], *, known: Iterable[ServiceEntry] = ()
) -> None:
    """An id that was sold as one type of order cannot stand for another: raises `ConfigurationError`.

    `types` of listings by provider and their id; blocks that stand in `known` as they are here are not judged again.
    """
    old = {(one.id, one.type, one.offers) for one in known}
    faults = [
        fault
        for entry in services.services
        if (entry.id, entry.type, entry.offers) not in old
        for fault in mixed_types(file, entry, types)
    ]
    if faults:
        raise ConfigurationError(faults)


def mixed_types(file: str, entry: ServiceEntry, types: Mapping[tuple[str, str], str]) -> list[Fault]:
    """A fault for each offer of another order type than its service, which is its own `type` or the first offer's."""
    kinds = {ref: types[ref.provider, ref.service] for ref in entry.offers if (ref.provider, ref.service) in types}
    wanted = entry.type.value if entry.type is not None else next(iter(kinds.values()), None)
    return [
        Fault(
            file,
            entry.offers_line,
            f"service {entry.id}: {ref.provider}:{ref.service} is of type {kind}, the service is {wanted}:"
            " sell it by itself",
        )
        for ref, kind in kinds.items()
        if kind != wanted
    ]
