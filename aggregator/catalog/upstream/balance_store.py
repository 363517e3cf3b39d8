"""The rows of what each provider's balance said, look by look, and of what our orders do not explain of it.

A day (UTC) goes from its first look to that of the next one, so that no movement lies between two days. Amounts are
plain decimals in the provider's currency, times milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.storage import clock
from aggregator.storage.clock import DAY_MS
from aggregator.storage.id_ranges import drop_before
from aggregator.storage.tables import BalanceDay, BalanceMove
from providers.vocabulary import Funds

MOVES_KEPT_MS = 8 * DAY_MS


class BalanceLook(Struct, frozen=True, kw_only=True):
    """A balance as it was read between two moments."""

    funds: Funds
    begun: int
    ended: int


class Move(Struct, frozen=True, kw_only=True):
    """A balance that was another one at the next look."""

    since: int
    at: int
    before: Decimal
    after: Decimal

    @property
    def came_in(self) -> Decimal:
        """Negative where it fell."""
        return self.after - self.before


class DayRow(Struct, frozen=True, kw_only=True):
    """A day of a provider's balance, with the newest judgement of it."""

    id: int
    provider: str
    currency: str | None
    opened_at: int
    looked_at: int
    balance: Decimal
    judged_at: int | None = None
    lost: Decimal | None = None
    """What the balance lost, top-ups apart."""
    due: Decimal | None = None
    """What our orders there should have cost, after the refunds that the provider's words stand for."""
    drift: Decimal | None = None
    """What was lost beyond that; None where it is no more than noise."""
    noise: Decimal | None = None
    orders: str = "[]"
    accepted: Decimal | None = None
    """The difference that somebody has looked at."""
    told_at: int | None = None

    @property
    def concerned(self) -> list[int]:
        """Ids of the orders that may have to do with it, likely ones first."""
        return msgspec.json.decode(self.orders, type=list[int])

    @property
    def is_open(self) -> bool:
        """Whether there is a difference that nobody has looked at, or one that grew since."""
        if self.drift is None:
            return False
        return self.accepted is None or self.drift > self.accepted + (self.noise or Decimal(0))

    @property
    def text(self) -> str:
        currency = f" {self.currency}" if self.currency else ""
        lost, due = (plain(amount or Decimal(0)) + currency for amount in (self.lost, self.due))
        return f"lost {lost} since {clock.tell(self.opened_at)[:16]}Z, our orders should have cost {due}"


class Judgement(Struct, frozen=True, kw_only=True):
    """What a day of a balance comes to against our orders."""

    lost: Decimal
    due: Decimal
    noise: Decimal
    orders: tuple[int, ...] = ()

    @property
    def drift(self) -> Decimal | None:
        """What was lost beyond what was due; None where that may be noise."""
        over = self.lost - self.due
        return over if over > self.noise else None


def plain(amount: Decimal) -> str:
    """Without an exponent, and without zeros at its end."""
    return f"{amount.normalize():f}"


def day_of(moment: int) -> int:
    return moment // DAY_MS


async def note(provider: str, look: BalanceLook) -> None:
    """Take in a look, inside the transaction of the caller.

    One that began before the last one had ended is left out: nobody knows which of the two balances is the newer.
    """
    last = await _newest(provider)
    if last is None or _is_other_currency(last, look):
        await _open(provider, look, currency=look.funds.currency)
    elif look.begun >= last.looked_at and await _extend(last, look) and day_of(look.ended) > day_of(last.opened_at):
        await _open(provider, look, currency=look.funds.currency or last.currency)


def _is_other_currency(last: DayRow, look: BalanceLook) -> bool:
    return None not in (last.currency, look.funds.currency) and last.currency != look.funds.currency


async def _open(provider: str, look: BalanceLook, *, currency: str | None) -> None:
    balance = f"{look.funds.balance:f}"
    row = BalanceDay(provider=provider, currency=currency, opened_at=look.ended, looked_at=look.ended, balance=balance)
    await BalanceDay.insert(row).on_conflict((BalanceDay.provider, BalanceDay.opened_at), "DO NOTHING")


async def _extend(last: DayRow, look: BalanceLook) -> bool:
    """Whether the look follows the last one; False where another one came first."""
    now = f"{look.funds.balance:f}"
    changes: dict[Any, Any] = {
        BalanceDay.looked_at: look.ended,
        BalanceDay.balance: now,
        BalanceDay.currency: last.currency or look.funds.currency,
    }
    same = (BalanceDay.id == last.id) & (BalanceDay.looked_at == last.looked_at)
    if not await BalanceDay.update(changes).where(same).returning(BalanceDay.id):
        return False
    if look.funds.balance != last.balance:
        before = f"{last.balance:f}"
        await BalanceMove.insert(
            BalanceMove(provider=last.provider, since=last.looked_at, at=look.ended, before=before, after=now)
        )
    return True


async def _newest(provider: str) -> DayRow | None:
    there = BalanceDay.select().where(BalanceDay.provider == provider)
    rows = await there.order_by(BalanceDay.opened_at, ascending=False).limit(1)
    return _as_day(rows[0]) if rows else None


async def days(provider: str, *, since: int) -> list[DayRow]:
    """The days that went on after a moment, the oldest first."""
    went_on = (BalanceDay.provider == provider) & (BalanceDay.looked_at >= since)
    rows = await BalanceDay.select().where(went_on).order_by(BalanceDay.opened_at)
    return [_as_day(row) for row in rows]


async def moves(provider: str, *, since: int, until: int) -> list[Move]:
    """What the balance did between two moments, the oldest first."""
    between = (BalanceMove.provider == provider) & (BalanceMove.at > since) & (BalanceMove.at <= until)
    rows = await BalanceMove.select().where(between).order_by(BalanceMove.at, BalanceMove.id)
    return [msgspec.convert(dict(row), Move, strict=False) for row in rows]


async def claim(day: DayRow, *, pause_ms: int) -> bool:
    """Take the judgement of a day, where none was made for so long: one process does it."""
    now = clock.now()
    is_due = BalanceDay.judged_at.is_null() | (BalanceDay.judged_at <= now - pause_ms)
    mine = (BalanceDay.id == day.id) & is_due
    return bool(await BalanceDay.update({BalanceDay.judged_at: now}).where(mine).returning(BalanceDay.id))


async def keep(day: DayRow, judged: Judgement) -> bool:
    """Keep a judgement; whether it is a difference that was not told of yet."""
    drift = judged.drift
    await BalanceDay.update(
        {
            BalanceDay.lost: plain(judged.lost),
            BalanceDay.due: plain(judged.due),
            BalanceDay.noise: plain(judged.noise),
            BalanceDay.drift: None if drift is None else plain(drift),
            BalanceDay.orders: msgspec.json.encode(judged.orders).decode(),
        }
    ).where(BalanceDay.id == day.id)
    if drift is None:
        return False
    untold = (BalanceDay.id == day.id) & BalanceDay.told_at.is_null()
    return bool(await BalanceDay.update({BalanceDay.told_at: clock.now()}).where(untold).returning(BalanceDay.id))


async def drifts() -> Mapping[str, Sequence[DayRow]]:
    """By provider: the days with a difference that nobody has looked at, the newest first."""
    found: dict[str, list[DayRow]] = {}
    drifted = BalanceDay.select().where(BalanceDay.drift.is_not_null())
    for row in await drifted.order_by(BalanceDay.opened_at, ascending=False):
        day = _as_day(row)
        if day.is_open:
            found.setdefault(day.provider, []).append(day)
    return found


async def accept_drifts(provider: str) -> list[DayRow]:
    """Somebody has looked at them: they are closed until a difference grows. Which they were."""
    closed = []
    for day in (await drifts()).get(provider, ()):
        same = (BalanceDay.id == day.id) & (BalanceDay.drift == plain(day.drift or Decimal(0)))
        if (
            await BalanceDay.update({BalanceDay.accepted: plain(day.drift or Decimal(0))})
            .where(same)
            .returning(BalanceDay.id)
        ):
            closed.append(day)
    return closed


async def drop_old_moves(_: int, *, most: int) -> int:
    """Forget what was judged long ago; how many rows."""
    return await drop_before(BalanceMove, clock.now() - MOVES_KEPT_MS, column="at", most=most)


async def drop_old_days(before: int, *, most: int) -> int:
    """Forget days from before a moment; how many."""
    return await drop_before(BalanceDay, before, column="opened_at", most=most)


async def rename_provider(old: str, new: str) -> None:
    for table in (BalanceDay, BalanceMove):
        await table.delete().where(table.provider == new)
        await table.update({table.provider: new}).where(table.provider == old)


def _as_day(row: Mapping[str, Any]) -> DayRow:
    return msgspec.convert(dict(row), DayRow, strict=False)
