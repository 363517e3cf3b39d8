"""The only writer of money: an entry and the balances it moves, in the transaction of the caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Literal, NamedTuple

from piccolo.query import Query

from aggregator.ledger.entries import Entry, adjusted, charged, wallet
from aggregator.storage import clock, tables
from aggregator.storage.engine import is_sqlite, is_unique_violation
from aggregator.storage.lists import among, table_of
from aggregator.storage.statements import run
from aggregator.storage.tables import Wallet
from aggregator.storage.totals import read_total, total
from aggregator.storage.transaction import engine

MOST = 2**63 - 1
"""What a column of money can hold, in 1e-8."""


Kept = Literal["wallet", "entries"]
"""Which of the two is right where they differ."""
_CHARGE_COLUMNS = MappingProxyType(
    {
        "source": "text", "target": "text", "amount": "bigint", "reference": "text", "reseller": "bigint",
        "order_id": "bigint", "note": "text", "balance": "bigint", "at": "bigint",
    }
)  # fmt: skip


class Price(NamedTuple):
    """What an order costs its reseller (1e-8)."""

    reseller: int
    amount: int


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
        source=entry.source, target=entry.target, amount=entry.amount, reference=entry.reference,
        reseller=entry.reseller, order_id=entry.order, decision=entry.decision, note=entry.note,
        balance=balance, at=clock.now(),
    )  # fmt: skip
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


async def moved(reseller: int) -> int:
    """What all entries of a wallet say that it holds."""
    mine = wallet(reseller)
    rows = await run(
        f"select {total('amount', 'moved')} from (select case when target = {{}} then amount when source = {{}}"
        " then -amount end as amount from entries where reseller = {}) as moves",
        mine, mine, reseller,
    )  # fmt: skip
    return read_total(rows[0], "moved")


async def square(reseller: int, *, held: int, decision: int, note: str, keep: Kept) -> None:
    """Make a wallet that somebody changed, and its entries, say the same again; inside the caller's transaction.

    By an adjustment that the wallet has had already, or by setting the wallet. `held` is what the decision was made on:
    raises `WalletTooLow` where the wallet has moved since, or would fall below zero, and `WalletFull` where what the
    entries say, or the difference, is more than either can hold.
    """
    told = await moved(reseller)
    unmoved = (Wallet.reseller == reseller) & (Wallet.balance == held)
    now = told if keep == "entries" else held
    if now < 0:
        raise WalletTooLow
    if max(now, abs(now - told)) > MOST:
        raise WalletFull
    await _balance(Wallet.update({Wallet.balance: now}).where(unmoved))
    if now != told:
        await _insert(adjusted(reseller, now - told, decision=decision, note=note), now)


async def charge(prices: Sequence[Price], place: Callable[[list[int]], Awaitable[list[int]]]) -> list[int | None]:
    """Charge for several orders in their turn, each whole or not at all; inside `storage.transaction.write`.

    `place` writes the orders down that are paid, given as places in `prices`, and returns their ids, which their
    entries refer to. Returns the id for each price, None where the wallet could not pay.
    """
    balances = await _debit(prices)
    paid = [n for n, balance in enumerate(balances) if balance is not None]
    orders = dict(zip(paid, await place(paid), strict=True)) if paid else {}
    entries = [charged(order, *prices[n]) for n, order in orders.items()]
    await _enter(entries, [balances[n] for n in paid])
    return [orders.get(n) for n in range(len(prices))]


async def charge_alone(price: Price, placing: str, values: Sequence[object]) -> int | None:
    """`charge` for one order in one statement, where a database can write to three tables in one; inside `write`.

    `placing` inserts the order from a table named `paid`, which is empty where the wallet could not pay, and returns
    its id.
    """
    if price.amount > MOST:
        return None
    entry = charged(0, *price)
    rows = await run(
        "with paid as (update wallets set balance = balance - {} where reseller = {} and balance >= {}"
        f" returning balance), placed as ({placing}), entered as ("
        "insert into entries (source, target, amount, reference, reseller, order_id, note, balance, at)"
        " select cast({} as text), cast({} as text), cast({} as bigint), 'order:' || placed.id || ':charge',"
        " cast({} as bigint), placed.id, '', paid.balance, cast({} as bigint) from placed, paid)"
        " select id from placed",
        price.amount, price.reseller, price.amount, *values,
        entry.source, entry.target, entry.amount, entry.reseller, clock.now(),
    )  # fmt: skip
    return int(rows[0]["id"]) if rows else None


async def _debit(prices: Sequence[Price]) -> list[int | None]:
    """Take from each wallet what all its prices come to, or, where it holds less, one price after the other.

    What each wallet holds after each price; None where it could not pay.
    """
    totals: dict[int, int] = {}
    for price in prices:
        totals[price.reseller] = totals.get(price.reseller, 0) + price.amount
    left = await _debit_totals({reseller: total for reseller, total in totals.items() if total <= MOST})
    held: list[int | None] = []
    for price in prices:
        if price.reseller in left:
            totals[price.reseller] -= price.amount
            held.append(left[price.reseller] + totals[price.reseller])
        else:
            held.append(None if price.amount == totals[price.reseller] else await _debit_one(price))
    return held


async def _debit_totals(totals: Mapping[int, int]) -> dict[int, int]:
    """The new balances of the wallets that could pay; locked in the order of their numbers, against deadlocks."""
    if len(totals) == 1:
        [(reseller, total)] = totals.items()
        rows = await run(
            "update wallets set balance = balance - {} where reseller = {} and balance >= {} returning balance",
            total, reseller, total,
        )  # fmt: skip
        return {reseller: int(rows[0]["balance"])} if rows else {}
    query, values = table_of({"reseller": "bigint", "total": "bigint"}, sorted(totals.items()))
    if is_sqlite(engine()):
        ours = f"({query}) as ours"
    else:
        ours = (
            f"(select w.reseller, asked.total from wallets w join ({query}) as asked on asked.reseller = w.reseller"
            " order by w.reseller for update of w) as ours"
        )
    rows = await run(
        f"update wallets set balance = balance - ours.total from {ours} where wallets.reseller = ours.reseller"
        " and balance >= ours.total returning wallets.reseller, balance",
        *values,
    )
    return {int(row["reseller"]): int(row["balance"]) for row in rows}


async def _debit_one(price: Price) -> int | None:
    if price.amount > MOST:
        return None
    with suppress(WalletTooLow):
        return await _move(charged(0, *price))
    return None


async def _enter(entries: Sequence[Entry], balances: Sequence[int | None]) -> None:
    """Write down entries whose money has moved in this transaction."""
    now = clock.now()
    query, values = table_of(
        _CHARGE_COLUMNS,
        [
            (one.source, one.target, one.amount, one.reference, one.reseller, one.order, one.note, balance, now)
            for one, balance in zip(entries, balances, strict=True)
        ],
    )
    names = ", ".join(_CHARGE_COLUMNS)
    await run(f"insert into entries ({names}) {query}", *values)


async def hold_wallets(resellers: Iterable[int]) -> None:
    """Wait for every charge to these wallets that has begun; until the end of the transaction no other begins."""
    these, values = among("reseller", sorted(resellers))
    if not is_sqlite(engine()):
        await run(f"select reseller from wallets where {these} order by reseller for update", values)


async def balance(reseller: int) -> int:
    """What a wallet holds now."""
    return (await balances([reseller]))[0]


async def balances(resellers: Sequence[int]) -> list[int]:
    """What several wallets hold now, in the order asked."""
    these, values = among("reseller", resellers)
    rows = await run(f"select reseller, balance from wallets where {these}", values)
    held = {int(row["reseller"]): int(row["balance"]) for row in rows}
    return [held[reseller] for reseller in resellers]


async def statement(reseller: int, *, limit: int | None = None, before: int | None = None) -> list[tables.Entry]:
    """The entries that touched a wallet, the newest first, of ids below `before`; `earned` touches none."""
    query = (
        tables.Entry.objects()
        .where((tables.Entry.reseller == reseller) & tables.Entry.balance.is_not_null())
        .order_by(tables.Entry.id, ascending=False)
    )
    if before is not None:
        query = query.where(tables.Entry.id < before)
    return await (query.limit(limit) if limit else query)


async def find(reference: str) -> tables.Entry | None:
    """The entry that was posted under a reference, if any."""
    return await tables.Entry.objects().where(tables.Entry.reference == reference).first()


async def of_order(order: int) -> list[tables.Entry]:
    """The entries of an order, the oldest first."""
    return await tables.Entry.objects().where(tables.Entry.order_id == order).order_by(tables.Entry.id)
