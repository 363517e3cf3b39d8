"""What holds on catalogues and services stop until their owner decides: how many services, and how many orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from msgspec import Struct

from aggregator.catalog import learned_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.shelf.shelf import Shelf
from aggregator.orders.model import WaitingRows
from aggregator.orders.reporting import provider_stats_store


class StoppedSales(Struct, frozen=True, kw_only=True):
    """At one provider."""

    changes: int = 0
    """Services of it that it changed beyond belief, and that take no orders until the owner decides."""
    services: int = 0
    """Services of ours that are off the list, since nobody else offers them."""
    orders: WaitingRows = WaitingRows(0, None)
    """Queued ones for these."""

    @property
    def text(self) -> str:
        """What is stopped; empty where nothing is."""
        told = [_count(self.services, "service"), _count(self.orders.count, "order")]
        return f"{told[0]} off the list, {told[1]} waiting" if self.services else ""


async def by_provider(shelf: Shelf | None = None) -> dict[str, StoppedSales]:
    """Without a shelf, by the ids that services were imported under."""
    held = [one.row for one in await learned_store.held() if one.hold.waits]
    changes = Counter(row.provider for row in held)
    stopped = await _imported((row.provider, row.service) for row in held) if shelf is None else shelf.stopped
    waiting = await provider_stats_store.queued_for(list(stopped))
    names = {*changes, *(name for providers in stopped.values() for name in providers)}
    return {name: _sum_up(changes[name], [one for one in stopped if name in stopped[one]], waiting) for name in names}


async def _imported(refs: Iterable[tuple[str, str]]) -> dict[int, frozenset[str]]:
    ids = await catalog_store.imported()
    return {ids[ref]: frozenset({ref[0]}) for ref in refs if ref in ids}


def _sum_up(changes: int, ours: list[int], waiting: Mapping[int, WaitingRows]) -> StoppedSales:
    found = [waiting[service] for service in ours if service in waiting]
    since = min((one.since for one in found if one.since is not None), default=None)
    return StoppedSales(changes=changes, services=len(ours), orders=WaitingRows(sum(one.count for one in found), since))


def _count(many: int, word: str) -> str:
    return f"1 {word}" if many == 1 else f"{many:,} {word}s"
