"""How business goes: orders, revenue, cost and profit by day, and how each provider serves us and how long it lasts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from aggregator.catalog import store as catalog_store
from aggregator.catalog.model import ProviderRow
from aggregator.catalog.offers import NotForSale, currency_of
from aggregator.orders import business_store
from aggregator.orders.business_store import Tries, Waiting
from aggregator.settings import ProviderSettings
from aggregator.storage import clock
from pricing.fx import FxTable, NoRate

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
KEPT_MS, KEPT_TODAY_MS = HOUR_MS, 15_000
"""How long the figures of a day that is over are kept, as what is delivered late changes them; and those of today."""
SPENT_DAYS, SPENT_KEPT_MS = 7, 300_000
LATE_MS = 120_000
NOBODY_WAITS = Waiting(0, None)


class Day(Struct, frozen=True, kw_only=True):
    """A day in UTC; money in whole 1e-8 of the panel's currency."""

    start: int
    """Milliseconds since 1970."""
    orders: int
    charged: int
    revenue: int
    """Of the orders that ended, less what was paid back late; so with the cost."""
    cost: int

    @property
    def profit(self) -> int:
        return self.revenue - self.cost

    @property
    def margin_percent(self) -> int | None:
        """Of the revenue, in whole percent; None without any."""
        return round_percent(self.profit, self.revenue)


class Standing(Struct, frozen=True, kw_only=True):
    """A provider over the last 24 hours."""

    provider: ProviderSettings
    row: ProviderRow
    tries: Tries
    unsure: Waiting
    late_polls: Waiting
    hours_left: int | None
    """How long its balance lasts at the pace of these hours; None where nothing was bought, or its worth is unknown."""

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
        """The last days with today, oldest first."""
        today = clock.now() // DAY_MS * DAY_MS
        return [await self._day(today - back * DAY_MS, today) for back in reversed(range(many))]

    async def spent(self) -> Mapping[int, tuple[int, int]]:
        """By reseller: orders of `SPENT_DAYS` days, and what they were charged less what they got back."""
        read_at, _ = self._spent
        if clock.now() - read_at > SPENT_KEPT_MS:
            self._spent = clock.now(), await business_store.spent_since(clock.now() - SPENT_DAYS * DAY_MS)
        return self._spent[1]

    async def _day(self, start: int, today: int) -> Day:
        read_at, day = self._days.get(start, (0, None))
        if day is not None and clock.now() - read_at < (KEPT_MS if start < today else KEPT_TODAY_MS):
            return day
        orders, charged = await business_store.ordered(start, start + DAY_MS)
        day = Day(
            start=start, orders=orders, charged=charged, revenue=await business_store.earned(start, start + DAY_MS),
            cost=await business_store.costs(start, start + DAY_MS),
        )  # fmt: skip
        self._days[start] = (clock.now(), day)
        return day


async def standings(providers: Iterable[ProviderSettings], fx: FxTable) -> list[Standing]:
    """Every provider of the configuration, in its order."""
    now = clock.now()
    rows = await catalog_store.providers()
    tries, unsure = await business_store.tries_since(now - DAY_MS), await business_store.unsure_by_provider()
    late = await business_store.polls_before(now - LATE_MS)
    return [_standing(provider, rows, tries, unsure, late, fx) for provider in providers]


def _standing(
    provider: ProviderSettings, rows: Mapping[str, ProviderRow], tries: Mapping[str, Tries],
    unsure: Mapping[str, Waiting], late: Mapping[str, Waiting], fx: FxTable,
) -> Standing:  # fmt: skip
    name = provider.profile.name
    row, tried = rows.get(name, ProviderRow(name=name)), tries.get(name, Tries())
    return Standing(
        provider=provider, row=row, tries=tried, unsure=unsure.get(name, NOBODY_WAITS),
        late_polls=late.get(name, NOBODY_WAITS), hours_left=_hours_left(provider, row, tried.spent, fx),
    )  # fmt: skip


def _hours_left(provider: ProviderSettings, row: ProviderRow, spent: int, fx: FxTable) -> int | None:
    if row.funds is None or not spent:
        return None
    try:
        worth = fx.worth(row.funds, currency_of(provider, row), margin_percent=provider.fx_margin_percent)
    except (NotForSale, NoRate, ValueError):
        return None
    return max(0, worth.units) * 24 // spent


def round_percent(part: int, whole: int) -> int | None:
    """In whole percent, halves away from zero; None of nothing."""
    if whole <= 0:
        return None
    doubled = (abs(part) * 200 + whole) // (2 * whole)
    return doubled if part >= 0 else -doubled
