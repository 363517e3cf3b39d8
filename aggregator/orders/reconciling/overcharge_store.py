"""Takes a service that costs more than it lists off the routes, once a fresh catalogue does not explain it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from aggregator.catalog import learned_store
from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import Change, ChangeKind, HoldKind, Learned, ListingRow
from aggregator.catalog.syncing import holds
from aggregator.orders import overcharge
from aggregator.orders.overcharge import WINDOW_MS, ChargeSighting
from aggregator.storage import clock, signals, tables
from aggregator.storage.transaction import write

_SIGHTINGS = """
select a.id as attempt, a.order_id as "order", a.service, a.provider, a.cost_theirs, a.overcharge, a.currency,
a.overcharged_at as at, o.quantity, o.rate_per from attempts a join orders o on o.id = a.order_id
"""


class Overcharges(Struct, frozen=True):
    """What a provider took above its list within a day, unexplained: how many orders, since when, and the worst."""

    count: int
    since: int
    worst: ChargeSighting

    @property
    def text(self) -> str:
        """Both amounts of the worst."""
        return overcharge.tell_amounts(self.worst.charge, self.worst.expected, self.worst.currency)


async def sightings(provider: str) -> list[ChargeSighting]:
    """Of the last day, the oldest first."""
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await tables.Attempt.raw(
        f"{_SIGHTINGS} where a.provider = {{}} and a.overcharged_at >= {{}} order by a.overcharged_at",
        provider,
        clock.now() - WINDOW_MS,
    )
    return [_sighting(row) for row in rows]


async def by_provider() -> dict[str, Overcharges]:
    """Of the last day."""
    # SQL: it joins, and the tables name no foreign keys to Piccolo.
    rows = await tables.Attempt.raw(
        f"{_SIGHTINGS} where a.overcharged_at >= {{}} order by a.overcharged_at", clock.now() - WINDOW_MS
    )
    found: dict[str, list[ChargeSighting]] = {}
    for row in rows:
        found.setdefault(row["provider"], []).append(_sighting(row))
    return {name: _sum_up(seen) for name, seen in found.items()}


async def undecided() -> list[str]:
    """The provider of each service that takes more than it lists, as long as its owner has not decided."""
    found = await learned_store.held()
    return [one.row.provider for one in found if one.hold.kind is HoldKind.OVERCHARGED and not one.hold.rejected]


def _sum_up(seen: Sequence[ChargeSighting]) -> Overcharges:
    return Overcharges(len(seen), seen[0].at, max(seen, key=lambda one: one.share))


def _sighting(row: Mapping[str, Any]) -> ChargeSighting:
    return ChargeSighting(
        attempt=row["attempt"],
        order=row["order"],
        service=row["service"],
        expected=Decimal(row["cost_theirs"]),
        charge=Decimal(row["overcharge"]),
        currency=row["currency"],
        quantity=row["quantity"],
        package=row["rate_per"] == 1,
        at=row["at"],
    )


async def judge(provider: str, read_at: int) -> None:
    """Hold what takes more than it lists, now that its catalogue was asked for at a moment, whether it came or not."""
    if await sightings(provider):
        await write(lambda: _judge(provider, read_at))


async def _judge(provider: str, read_at: int) -> None:
    seen, digits = await sightings(provider), (await catalog_store.provider(provider)).charge_digits
    if any(one.at > read_at for one in seen):
        await catalog_store.set_provider(provider, sync_due_at=0)
    by_service: dict[str, list[ChargeSighting]] = {}
    for one in seen:
        if one.at <= read_at:
            by_service.setdefault(one.service, []).append(one)
    for row, learned in await learned_store.listed(provider, by_service):
        await _judge_service(row, learned, by_service[row.service], digits)


async def _judge_service(row: ListingRow, learned: Learned, seen: Sequence[ChargeSighting], digits: int) -> None:
    rates = [Decimal(rate) for rate in (row.rate, learned.agreed_rate_of(row)) if rate is not None]
    explained = [one for one in seen if overcharge.is_explained(one, max(rates, default=None), digits=digits)]
    await _forget(explained)
    dearest = overcharge.judge(one for one in seen if one not in explained)
    if dearest is None or (learned.hold is not None and not learned.hold.gives_way_to_overcharge):
        return
    hold = holds.overcharged(
        learned.hold.accepted if learned.hold is not None else row,
        stated=overcharge.plain(dearest.price),
        noise=overcharge.plain(dearest.noise(digits)),
    )
    if not await learned_store.begin_hold(row, learned, hold):
        return
    before = learned.hold.text if learned.hold is not None else ""
    await catalog_store.add_changes(row.provider, [Change(row.service, ChangeKind.HELD, before, hold.text, row.name)])
    await signals.raise_signal(signals.CATALOGUE)
    await signals.raise_signal(signals.WORK)


async def _forget(explained: Sequence[ChargeSighting]) -> None:
    """An ordinary rise: no alarm."""
    if explained:
        attempt = tables.Attempt
        these = attempt.id.is_in([one.attempt for one in explained])
        await attempt.update({attempt.overcharged_at: None}).where(these)
