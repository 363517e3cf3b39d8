"""Years of trade, written straight into a panel's database: a million orders that have ended and all their money."""

from __future__ import annotations

from functools import partial

from aggregator.storage import clock
from aggregator.storage.engine import is_sqlite
from aggregator.storage.sql import Row, execute
from aggregator.storage.transaction import engine, write
from tests.bench.seed import RESELLERS
from tests.builders import DAY

EACH = 5_000
"""Orders in a transaction."""
ENTRIES = 5
"""Of one order: three deposits that come to its charge, the charge, and what is earned."""
DEPOSIT, CHARGE = 1_000_000_000, 3_000_000_000
ENDED = 0.995
"""The newest are under way."""
_DAYS = 730

_ORDERS = """
insert into orders (id, reseller, service, type, link, quantity, runs, fields, link_key, same_link, rate, rate_per,
    charge, refunded, undelivered, cancel_wish, delivery_seen, state, phase, remains, payload, due_at, created_at,
    ended_at)
select {base} + n, {reseller} + n % {resellers}, 100001 + n % 50, 'Default',
    'https://instagram.com/user' || (n % 200000), 1000, 1, '{{' || '}}',
    'instagram.com/user' || (n % 200000), 'allow', 3000000000, 1000, {charge}, 0, 0, false, false,
    case when n > {over} then 'active' else 'completed' end,
    'in_progress', 0, 'payload ' || n, 0,
    {born} + n * {apart}, case when n > {over} then null else {born} + n * {apart} + 3600000 end
from {numbers}
"""
_ATTEMPTS = """
insert into attempts (order_id, provider, service, outcome, upstream_order, cost, cost_theirs, currency, fx,
    deadline_at, poll_at, created_at, answered_at)
select {base} + n, 'alpha', '1', 'accepted', 'up' || n, 2400000000, '24', 'USD', '1', 0,
    case when n > {over} then {tomorrow} else null end,
    {born} + n * {apart}, {born} + n * {apart} + 500
from {numbers}
"""
_DEPOSITS = """
insert into entries (source, target, amount, reference, reseller, note, balance, at)
select 'gateway:bank', 'wallet:' || ({reseller} + n % {resellers}), {deposit},
    'deposit:bank:' || n || '-' || step, {reseller} + n % {resellers}, '', {funds} + cast(step as bigint) * {deposit},
    {born} + n * {apart}
from {numbers} cross join (select 1 as step union all select 2 union all select 3) as steps
order by n, step
"""
_CHARGES = """
insert into entries (source, target, amount, reference, reseller, order_id, note, balance, at)
select 'wallet:' || ({reseller} + n % {resellers}), 'escrow', {charge}, 'order:' || ({base} + n) || ':charge',
    {reseller} + n % {resellers}, {base} + n, '', {funds}, {born} + n * {apart}
from {numbers}
"""
_EARNINGS = """
insert into entries (source, target, amount, reference, reseller, order_id, note, at)
select 'escrow', 'revenue', {charge}, 'order:' || ({base} + n) || ':earned',
    {reseller} + n % {resellers}, {base} + n, '', {born} + n * {apart} + 3600000
from {numbers} where n <= {over}
"""
_EVENTS = """
insert into events (order_id, state, text, at)
select {base} + n, 'completed', '0 of 1000 not delivered', {born} + n * {apart} + 3600000
from {numbers} where n <= {over}
"""


async def write_history(orders: int) -> None:
    """Add so many orders to a database that `seed` has filled; the audit finds it in order."""
    base = (await execute("select max(id) as id from orders"))[0]["id"]
    (first,) = await execute("select min(reseller) as reseller, min(balance) as balance from wallets where balance > 0")
    apart = _DAYS * DAY // orders
    given = {
        "base": base,
        "reseller": first["reseller"],
        "resellers": RESELLERS,
        "deposit": DEPOSIT,
        "charge": CHARGE,
        "over": round(orders * ENDED),
        "born": clock.now() - apart * (orders + 1),
        "apart": apart,
        "tomorrow": clock.now() + DAY,
    }
    funds = "(select balance from wallets where reseller = {reseller} + n % {resellers})".format_map(given)
    for begun in range(0, orders, EACH):
        numbers = _numbers(begun + 1, min(begun + EACH, orders))
        for text in (_ORDERS, _ATTEMPTS, _DEPOSITS, _CHARGES, _EARNINGS, _EVENTS):
            await write(partial(_fill, text.format(**given, numbers=numbers, funds=funds)))
    if not is_sqlite(engine()):
        await execute("select setval(pg_get_serial_sequence('orders', 'id'), (select max(id) from orders))")
        await execute("vacuum analyze")


async def _fill(query: str) -> None:
    if not is_sqlite(engine()):
        # What is written here refers to what was written just before: nobody needs to look each of it up.
        await execute("set local session_replication_role = replica")
    await execute(query)


def _numbers(first: int, last: int) -> str:
    if is_sqlite(engine()):
        counting = f"select {first} as n union all select n + 1 from counted where n < {last}"
        return f"(with recursive counted as ({counting}) select n from counted) as numbers"
    return f"generate_series({first}::bigint, {last}) as numbers (n)"


async def count() -> Row:
    return (await execute("select (select count(*) from orders) as orders, (select count(*) from entries) as entries"))[
        0
    ]
