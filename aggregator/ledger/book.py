"""The ledger's only writer: an entry of the double-entry journal and the balances it moves.

It writes in the transaction of the caller, so that money moves with what it is for, or not at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct
from piccolo.query import Query

from aggregator.ledger.entries import Entry, EntryKind, adjusted, charged, reference_in_sql, wallet
from aggregator.storage import clock, tables
from aggregator.storage.engine import is_sqlite, is_unique_violation
from aggregator.storage.parameters import NewRows, in_list, values_table
from aggregator.storage.sql import execute
from aggregator.storage.tables import Wallet
from aggregator.storage.totals import read_total, total
from aggregator.storage.transaction import engine

MOST = 2**63 - 1
"""What a column of money can hold, in 1e-8."""


Kept = Literal["wallet", "entries"]
"""Which of the two is right where they differ."""
_CHARGE_COLUMNS = MappingProxyType(
    {
        "source": "text",
        "target": "text",
        "amount": "bigint",
        "reference": "text",
        "reseller": "bigint",
        "order_id": "bigint",
        "note": "text",
        "balance": "bigint",
        "at": "bigint",
    }
)


Charged: TypeAlias = int | Literal["locked"] | None
"""What came of a charge: a number, or None where the wallet could not pay, or "locked" where another transaction has
it, perhaps of a process that stands still: nothing was taken, and it is for later."""

_FREE = "select reseller from wallets where reseller = {} for update skip locked"
"""A wallet that no other transaction holds; from then on it is ours."""


_CHARGE_OF_PLACED = reference_in_sql(EntryKind.CHARGE, "placed.id")


class OrderCharge(NamedTuple):
    """What an order costs its reseller (1e-8)."""

    reseller: int
    amount: int


class PostedEntry(Struct, frozen=True, kw_only=True):
    """An entry as it was written down: `amount` in whole 1e-8 and above 0, `at` in milliseconds since 1970."""

    id: int
    source: str
    target: str
    amount: int
    reference: str
    reseller: int | None
    order_id: int | None
    decision: int | None
    note: str
    balance: int | None
    """Of the wallet afterwards; None where it touched none."""
    at: int

    @property
    def change(self) -> int:
        """The amount as the reseller's wallet saw it, below 0 where it left."""
        return self.amount if self.reseller is not None and self.target == wallet(self.reseller) else -self.amount


class WalletTooLow(Exception):
    """The wallet cannot take part in this as it is, mostly since it cannot pay; the transaction must be given up."""


class WalletFull(WalletTooLow):
    """It would hold more than `MOST`, or one entry would move more; the transaction must be given up."""


class AlreadyPosted(Exception):
    """An entry with this reference exists; the transaction must be given up."""


async def open_wallet(reseller: int, currency: str) -> None:
    """Give a new reseller an empty wallet."""
    await Wallet.insert(Wallet(reseller=reseller, currency=currency, balance=0))


async def post(entry: Entry) -> None:
    """Move the money of one entry. Call it inside `storage.transaction.write`.

    Raises `WalletTooLow` where the wallet would fall below zero, `WalletFull` where it cannot hold more, and
    `AlreadyPosted` where the reference was used.
    """
    await _insert(entry, await _move(entry))


async def _insert(entry: Entry, balance: int | None) -> None:
    row = tables.Entry(
        source=entry.source,
        target=entry.target,
        amount=entry.amount,
        reference=entry.reference,
        reseller=entry.reseller,
        order_id=entry.order,
        decision=entry.decision,
        note=entry.note,
        balance=balance,
        at=clock.now(),
    )
    try:
        await tables.Entry.insert(row)
    except Exception as error:
        if is_unique_violation(error):
            raise AlreadyPosted(entry.reference) from error
        raise


async def _move(entry: Entry) -> int | None:
    """Change the wallet that the entry touches, if any, and return its new balance."""
    mine = Wallet.reseller == entry.reseller
    if entry.amount > MOST:
        raise WalletFull
    if entry.source == wallet(entry.reseller):
        enough = mine & (Wallet.balance >= entry.amount)
        return await _balance(Wallet.update({Wallet.balance: Wallet.balance - entry.amount}).where(enough))
    if entry.target == wallet(entry.reseller):
        room = mine & (Wallet.balance <= MOST - entry.amount)
        paid = Wallet.update({Wallet.balance: Wallet.balance + entry.amount}).where(room)
        return await _balance(paid, otherwise=WalletFull)
    return None


async def _balance(update: Query, *, otherwise: type[Exception] = WalletTooLow) -> int:  # type: ignore[type-arg]  # piccolo's queries are not typed by table
    rows = await update.returning(Wallet.balance)  # type: ignore[attr-defined]  # Update has it
    if not rows:
        raise otherwise
    return int(rows[0]["balance"])


async def balance_from_entries(reseller: int) -> int:
    """What all entries of a wallet say that it holds."""
    mine = wallet(reseller)
    # SQL: a sum wider than 63 bits, in halves.
    rows = await execute(
        f"select {total('amount', 'moved')} from (select case when target = {{}} then amount when source = {{}}"
        " then -amount end as amount from entries where reseller = {}) as moves",
        mine,
        mine,
        reseller,
    )
    return read_total(rows[0], "moved")


async def reconcile_wallet(reseller: int, *, held: int, decision: int, note: str, keep: Kept) -> None:
    """Make a wallet that somebody changed, and its entries, say the same again; inside the caller's transaction.

    By an adjustment that the wallet has had already, or by setting the wallet. `held` is what the decision was made on:
    raises `WalletTooLow` where the wallet has moved since, or would fall below zero, and `WalletFull` where what the
    entries say, or the difference, is more than either can hold.
    """
    told = await balance_from_entries(reseller)
    unmoved = (Wallet.reseller == reseller) & (Wallet.balance == held)
    now = told if keep == "entries" else held
    if now < 0:
        raise WalletTooLow
    if max(now, abs(now - told)) > MOST:
        raise WalletFull
    await _balance(Wallet.update({Wallet.balance: now}).where(unmoved))
    if now != told:
        await _insert(adjusted(reseller, now - told, decision=decision, note=note), now)


async def charge(prices: Sequence[OrderCharge], place: Callable[[list[int]], Awaitable[list[int]]]) -> list[Charged]:
    """Charge for several orders in their turn, each whole or not at all; inside `storage.transaction.write`.

    `place` writes the orders down that are paid, given as places in `prices`, and returns their ids, which their
    entries refer to. Returns the id for each price that was paid.
    """
    balances = await _debit(prices)
    held = {n: balance for n, balance in enumerate(balances) if isinstance(balance, int)}
    orders = dict(zip(held, await place(list(held)), strict=True)) if held else {}
    entries = [charged(order, *prices[n]) for n, order in orders.items()]
    if entries:
        await _enter(entries, list(held.values()))
    return [orders.get(n, balance) for n, balance in enumerate(balances)]


async def charge_alone(price: OrderCharge, order: NewRows) -> Charged:
    """`charge` for one order in one statement, where a database can write to three tables in one; inside `write`.

    `order` is the row that is written down where the wallet could pay, and to whose id the entry refers.
    """
    if price.amount > MOST:
        return None
    entry = charged(0, *price)
    placing, values = order.insert(beside="paid")
    # SQL: one statement locks, debits, places and enters.
    # Twice: what another commits between this statement's snapshot and our lock is seen by the next one only.
    for _ in range(2):
        [row] = await execute(
            f"with held as ({_FREE}), paid as (update wallets set balance = balance - {{}}"
            " where reseller in (select reseller from held) and balance >= {}"
            f" returning balance), placed as ({placing}), entered as ("
            "insert into entries (source, target, amount, reference, reseller, order_id, note, balance, at)"
            f" select cast({{}} as text), cast({{}} as text), cast({{}} as bigint), {_CHARGE_OF_PLACED},"
            " cast({} as bigint), placed.id, '', paid.balance, cast({} as bigint) from placed, paid)"
            " select (select count(*) from held) as held, (select id from placed) as id",
            price.reseller,
            price.amount,
            price.amount,
            *values,
            entry.source,
            entry.target,
            entry.amount,
            entry.reseller,
            clock.now(),
        )
        if not row["held"]:
            return "locked"
        if row["id"] is not None:
            return int(row["id"])
    return None


async def _debit(prices: Sequence[OrderCharge]) -> list[Charged]:
    """Take from each wallet what all its prices come to, or, where it holds less, one price after the other.

    What each wallet holds after each price that was paid.
    """
    totals: dict[int, int] = {}
    for price in prices:
        totals[price.reseller] = totals.get(price.reseller, 0) + price.amount
    payable = {reseller: total for reseller, total in totals.items() if total <= MOST}
    left = await _debit_totals(payable)
    locked = set[int]()
    if not is_sqlite(engine()) and len(left) < len(totals):
        locked = await _locked(totals.keys() - left.keys())
        # What was free is ours now: only from here on is it sure that a wallet cannot pay.
        left |= await _debit_totals({one: payable[one] for one in payable.keys() - left.keys() - locked})
    held: list[Charged] = []
    for price in prices:
        if price.reseller in locked:
            held.append("locked")
        elif price.reseller in left:
            totals[price.reseller] -= price.amount
            held.append(left[price.reseller] + totals[price.reseller])
        else:
            held.append(None if price.amount == totals[price.reseller] else await _debit_one(price))
    return held


async def _debit_totals(totals: Mapping[int, int]) -> dict[int, int]:
    """The new balances of the wallets that nobody holds and that could pay."""
    if not totals:
        return {}
    if len(totals) == 1:
        [(reseller, total)] = totals.items()
        mine = "{}" if is_sqlite(engine()) else f"({_FREE})"
        # SQL: one statement debits what is there and skips what others hold.
        rows = await execute(
            f"update wallets set balance = balance - {{}} where reseller = {mine} and balance >= {{}}"
            " returning balance",
            total,
            reseller,
            total,
        )
        return {reseller: int(rows[0]["balance"])} if rows else {}
    query, values = values_table({"reseller": "bigint", "total": "bigint"}, sorted(totals.items()))
    if is_sqlite(engine()):
        ours = f"({query}) as ours"
    else:
        ours = (
            f"(select w.reseller, asked.total from wallets w join ({query}) as asked on asked.reseller = w.reseller"
            " order by w.reseller for update of w skip locked) as ours"
        )
    rows = await execute(
        f"update wallets set balance = balance - ours.total from {ours} where wallets.reseller = ours.reseller"
        " and balance >= ours.total returning wallets.reseller, balance",
        *values,
    )
    return {int(row["reseller"]): int(row["balance"]) for row in rows}


async def _locked(resellers: AbstractSet[int]) -> set[int]:
    """Those of the wallets that another transaction holds; the others are ours from here on."""
    these, values = in_list("reseller", sorted(resellers))
    # SQL: skip locked.
    rows = await execute(f"select reseller from wallets where {these} order by reseller for update skip locked", values)
    return set(resellers) - {int(row["reseller"]) for row in rows}


async def _debit_one(price: OrderCharge) -> int | None:
    if price.amount > MOST:
        return None
    with suppress(WalletTooLow):
        return await _move(charged(0, *price))
    return None


async def _enter(entries: Sequence[Entry], balances: Sequence[int]) -> None:
    """Write down entries whose money has moved in this transaction."""
    now = clock.now()
    query, values = values_table(
        _CHARGE_COLUMNS,
        [
            (one.source, one.target, one.amount, one.reference, one.reseller, one.order, one.note, balance, now)
            for one, balance in zip(entries, balances, strict=True)
        ],
    )
    names = ", ".join(_CHARGE_COLUMNS)
    # SQL: rows of any number come as one parameter, so that the text is prepared once.
    await execute(f"insert into entries ({names}) {query}", *values)


async def lock_wallets(resellers: Iterable[int]) -> None:
    """Wait for every charge to these wallets that has begun; until the end of the transaction no other begins."""
    these, values = in_list("reseller", sorted(resellers))
    if not is_sqlite(engine()):
        # SQL: for update, in one order.
        await execute(f"select reseller from wallets where {these} order by reseller for update", values)


async def balance(reseller: int) -> int:
    """What a wallet holds now."""
    return (await balances([reseller]))[0]


async def balances(resellers: Sequence[int]) -> list[int]:
    """What several wallets hold now, in the order asked."""
    these, values = in_list("reseller", resellers)
    # SQL: rows of any number come as one parameter, so that the text is prepared once; measured.
    rows = await execute(f"select reseller, balance from wallets where {these}", values)
    held = {int(row["reseller"]): int(row["balance"]) for row in rows}
    return [held[reseller] for reseller in resellers]


async def statement(reseller: int, *, limit: int | None = None, before: int | None = None) -> list[PostedEntry]:
    """The entries that touched a wallet, the newest first, of ids below `before`; `earned` touches none."""
    query = (
        tables.Entry.select()
        .where((tables.Entry.reseller == reseller) & tables.Entry.balance.is_not_null())
        .order_by(tables.Entry.id, ascending=False)
    )
    if before is not None:
        query = query.where(tables.Entry.id < before)
    return [_posted(row) for row in await (query.limit(limit) if limit else query)]


async def statement_in_portions(reseller: int, *, each: int) -> AsyncIterator[list[PostedEntry]]:
    """All of a statement, the newest first, so many entries at a time; no more of it is in memory at once."""
    below = MOST
    while rows := await execute(
        # SQL: as rows, which a thread makes entries of.
        "select * from entries where reseller = {} and balance is not null and id < {} order by id desc limit {}",
        reseller,
        below,
        each,
    ):
        below = rows[-1]["id"]
        yield await asyncio.to_thread(lambda rows: [_posted(row) for row in rows], rows)


async def find(reference: str) -> PostedEntry | None:
    """The entry that was posted under a reference, if any."""
    rows = await tables.Entry.select().where(tables.Entry.reference == reference)
    return _posted(rows[0]) if rows else None


async def of_order(order: int) -> list[PostedEntry]:
    """The entries of an order, the oldest first."""
    rows = await tables.Entry.select().where(tables.Entry.order_id == order).order_by(tables.Entry.id)
    return [_posted(row) for row in rows]


def _posted(row: Mapping[str, Any]) -> PostedEntry:
    return msgspec.convert(dict(row), PostedEntry)
