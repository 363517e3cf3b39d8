"""How business goes: orders, revenue, cost and profit by day, and how each provider serves us and how long it lasts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.shelf.offers import NotForSale, currency_of
from aggregator.catalog.shelf.shelf import Shelf
from aggregator.catalog.upstream import balance_store
from aggregator.catalog.upstream.balance_store import DayRow
from aggregator.orders.model import WaitingRows
from aggregator.orders.reconciling import overcharge_store
from aggregator.orders.reconciling.overcharge_store import Overcharges
from aggregator.orders.reporting import provider_stats_store, stops
from aggregator.orders.reporting.provider_stats_store import Tries
from aggregator.orders.reporting.stops import StoppedSales
from aggregator.orders.settling import daily_totals_store
from aggregator.orders.settling.daily_totals import Day, day_of, round_percent
from aggregator.orders.upstream_ids import reuse_store
from aggregator.settings import ProviderSettings
from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS
from pricing.fx import FxTable, NoRate

TODAY_KEPT_MS = 15_000
"""How long the figures of a day that goes on are shown again."""
SPENT_DAYS, SPENT_KEPT_MS = 7, 300_000
LATE_MS = 120_000
NOBODY_WAITS = WaitingRows(0, None)


class ProviderStanding(Struct, frozen=True, kw_only=True):
    """A provider over the last 24 hours."""

    provider: ProviderSettings
    row: ProviderRow
    tries: Tries
    unsure: WaitingRows
    late_polls: WaitingRows
    elsewhere: WaitingRows = NOBODY_WAITS
    """Orders that went to an account of which nobody said that it is the one of today."""
    hours_left: int | None
    """How long its balance lasts at the pace of these hours; None where nothing was bought, or its worth is unknown."""
    clashes: WaitingRows = NOBODY_WAITS
    """Unsure ones that were given the id of an order that still runs."""
    overcharges: Overcharges | None = None
    """What it took above its list."""
    overcharged: int = 0
    """How many of its services get no orders since they take more than they list, until the owner decides."""
    drifts: Sequence[DayRow] = ()
    """The days on which its balance lost more than our orders explain, and that nobody has looked at; newest first."""
    stops: StoppedSales = StoppedSales()
    """What its changes beyond belief stop."""

    @property
    def name(self) -> str:
        return self.provider.profile.name

    @property
    def success_percent(self) -> int | None:
        return round_percent(self.tries.accepted, self.tries.sent)

    @property
    def latency_ms(self) -> int | None:
        return self.tries.answered_ms // self.tries.answered if self.tries.answered else None

    @property
    def resting(self) -> bool:
        return self.row.rest_until > clock.now()


class Business:
    """Reads figures, and remembers for a while what takes long to read."""

    def __init__(self) -> None:
        self._days: dict[int, tuple[int, Day]] = {}
        self._spent: tuple[int, Mapping[int, tuple[int, int]]] = (0, {})

    async def days(self, many: int) -> list[Day]:
        """The last days with today, oldest first. Those that are over are counted once, by whoever asks first."""
        today = day_of(clock.now())
        starts = [today - back * DAY_MS for back in reversed(range(many))]
        kept = await daily_totals_store.kept(starts[0])
        return [kept.get(start) or await self._day(start) for start in starts]

    async def spent(self) -> Mapping[int, tuple[int, int]]:
        """By reseller: orders of `SPENT_DAYS` days, and what they were charged less what they got back."""
        read_at, _ = self._spent
        if clock.now() - read_at > SPENT_KEPT_MS:
            self._spent = clock.now(), await provider_stats_store.spent_since(clock.now() - SPENT_DAYS * DAY_MS)
        return self._spent[1]

    async def _day(self, start: int) -> Day:
        if daily_totals_store.is_over(start):
            return await daily_totals_store.keep(start)
        read_at, day = self._days.get(start, (0, None))
        if day is None or clock.now() - read_at > TODAY_KEPT_MS:
            day = await daily_totals_store.count(start)
            self._days[start] = (clock.now(), day)
        return day


async def standings(
    providers: Iterable[ProviderSettings], fx: FxTable, shelf: Shelf | None = None
) -> list[ProviderStanding]:
    """Every provider of the configuration, in its order; the shelf tells what of ours is off the list."""
    now = clock.now()
    rows = await catalog_store.providers()
    tries, unsure = (
        await provider_stats_store.tries_since(now - DAY_MS),
        await provider_stats_store.unsure_by_provider(),
    )
    late, elsewhere = (
        await provider_stats_store.polls_before(now - LATE_MS),
        await provider_stats_store.elsewhere_by_provider(),
    )
    clashes = await reuse_store.clashes()
    overcharges, held = await overcharge_store.by_provider(), Counter(await overcharge_store.undecided())
    drifts, stopped = await balance_store.drifts(), await stops.by_provider(shelf)
    found = [_standing(provider, rows, tries, unsure, late, elsewhere, clashes, fx) for provider in providers]
    return [
        replace(
            one,
            overcharges=overcharges.get(one.name),
            overcharged=held[one.name],
            drifts=drifts.get(one.name, ()),
            stops=stopped.get(one.name, one.stops),
        )
        for one in found
    ]


def _standing(
    provider: ProviderSettings,
    rows: Mapping[str, ProviderRow],
    tries: Mapping[str, Tries],
    unsure: Mapping[str, WaitingRows],
    late: Mapping[str, WaitingRows],
    elsewhere: Mapping[str, WaitingRows],
    clashes: Mapping[str, WaitingRows],
    fx: FxTable,
) -> ProviderStanding:
    name = provider.profile.name
    row, tried = rows.get(name, ProviderRow(name=name)), tries.get(name, Tries())
    return ProviderStanding(
        provider=provider,
        row=row,
        tries=tried,
        unsure=unsure.get(name, NOBODY_WAITS),
        late_polls=late.get(name, NOBODY_WAITS),
        elsewhere=elsewhere.get(name, NOBODY_WAITS),
        hours_left=_hours_left(provider, row, tried.spent, fx),
        clashes=clashes.get(name, NOBODY_WAITS),
    )


def _hours_left(provider: ProviderSettings, row: ProviderRow, spent: int, fx: FxTable) -> int | None:
    if row.funds is None or not spent:
        return None
    try:
        worth = fx.worth(row.funds, currency_of(provider, row), margin_percent=provider.fx_margin_percent)
    except (NotForSale, NoRate, ValueError):
        return None
    return max(0, worth.units) * 24 // spent
