"""What the database itself refuses, on either engine, whatever the program believes."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.storage.tables import Entry, Signal
from tests.builders import active_order, make_reseller, moves_of, open_database

ORDER = "select id from orders limit 1"
REFUSED = {
    "a wallet below zero": "update wallets set balance = -1",
    "more refunded than charged": "update orders set refunded = charge + 1",
    "a negative refund": "update orders set refunded = -1",
    "more units missing than ordered": "update orders set undelivered = quantity + 1",
    "more units remaining than ordered": "update orders set remains = quantity + 1",
    "an order for nothing": "update orders set charge = 0",
    "an order of no units": "update orders set quantity = 0",
    "a price for 100": "update orders set rate_per = 100",
    "a state that nobody knows": "update orders set state = 'lost'",
    "a phase that nobody knows": "update orders set phase = 'completed'",
    "an end without its time": "update orders set state = 'completed'",
    "a time of an end that was none": "update orders set ended_at = 1",
    "an outcome that nobody knows": "update attempts set outcome = 'maybe'",
    "an accepted attempt without an id": "update attempts set upstream_order = null",
    "an attempt that costs less than nothing": "update attempts set cost = -1",
    "a second live attempt of an order": (
        "insert into attempts (order_id, provider, service, outcome, cost, cost_theirs, currency, fx, deadline_at,"
        f" created_at) values (({ORDER}), 'bravo', '1', 'placing', 1, '1', 'USD', '1', 0, 0)"
    ),
    "the provider's id of another order that is followed": (
        "insert into attempts (order_id, provider, service, outcome, upstream_order, cost, cost_theirs, currency, fx,"
        " deadline_at, created_at, poll_at) select order_id, provider, service, 'written_off', upstream_order, cost,"
        " cost_theirs, currency, fx, 0, 0, 0 from attempts"
    ),
    "an entry of nothing": (
        "insert into entries (source, target, amount, reference, note, at) values ('a', 'b', 0, 'x', '', 0)"
    ),
    "an entry from an account to itself": (
        "insert into entries (source, target, amount, reference, note, at) values ('a', 'a', 1, 'x', '', 0)"
    ),
    "a reference used twice": (
        "insert into entries (source, target, amount, reference, note, at)"
        " select source, target, amount, reference, note, at from entries"
    ),
    "an entry changed": "update entries set amount = amount + 1",
    "an entry's note changed": "update entries set note = 'better'",
    "an entry deleted": "delete from entries",
    "a decision of nobody": (
        "insert into decisions (subject, subject_id, verdict, detail, actor, reason, at)"
        " values ('order', 1, 'settled', '', '', '', 0)"
    ),
    "a reseller deleted who has orders": "delete from resellers",
    "an order deleted that has attempts": "delete from orders",
    "an order of nobody": "update orders set reseller = 999",
    "an attempt of no order": "update attempts set order_id = 999",
    "a wallet of nobody": "insert into wallets (reseller, currency, balance) values (999, 'USD', 0)",
    "two resellers of one name": (
        "insert into resellers (name, tier, spelling, frozen, created_at)"
        " select name, tier, spelling, frozen, created_at from resellers"
    ),
    "a spelling that nobody writes": "update resellers set spelling = 'morse'",
}
MONEY = (
    ("wallets", "balance"),
    ("orders", "charge"),
    ("orders", "refunded"),
    ("orders", "rate"),
    ("orders", "quantity"),
    ("orders", "undelivered"),
    ("orders", "remains"),
    ("attempts", "cost"),
)
NO = {
    "IntegrityError",
    "CheckViolationError",
    "UniqueViolationError",
    "ForeignKeyViolationError",
    "NotNullViolationError",
    "RaiseError",
}
"""How SQLite and PostgreSQL refuse a row; a statement that is wrong in itself is refused in other words."""


@pytest.fixture
async def running_order(panel_database: str) -> int:
    """An order that ann has at alpha."""
    return (await active_order(await make_reseller())).id


async def everything() -> list[list[dict[str, Any]]]:
    tables = ("resellers", "wallets", "orders", "attempts", "entries", "decisions")
    return [await Signal.raw(f"select * from {table} order by 1") for table in tables]


async def reaction_to(statement: str) -> str:
    try:
        await Signal.raw(statement)
    except Exception as error:  # noqa: BLE001 - each driver has its own
        return type(error).__name__
    return "taken"


async def test_the_database_refuses_what_would_break_a_promise(running_order: int) -> None:
    before = await everything()
    reactions = {name: await reaction_to(statement) for name, statement in REFUSED.items()}
    assert {name: reaction for name, reaction in reactions.items() if reaction not in NO} == {}
    assert await everything() == before


async def test_money_is_whole_on_sqlite_too(fresh_sqlite: str) -> None:
    """SQLite would keep a fraction, or a text, in a column of integers; PostgreSQL has none to keep it in."""
    async with open_database(fresh_sqlite):
        await active_order(await make_reseller())
        for table, column in MONEY:
            for value in ("1.5", "'a lot'", "x'00'", f"{2**63}"):
                assert await reaction_to(f"update {table} set {column} = {value}") == "IntegrityError"


async def test_an_entry_can_only_be_added_to_the_book(running_order: int) -> None:
    moves = await moves_of(running_order)
    for change in (Entry.delete(force=True), Entry.update({Entry.amount: 1}, force=True)):
        with pytest.raises(Exception, match=r"never (change|deleted)"):
            await change
    assert await moves_of(running_order) == moves


async def test_ids_of_services_that_nobody_named_begin_at_100001(panel_database: str) -> None:
    await Signal.raw("insert into imported_services (provider, service) values ('alpha', '1')")
    assert await Signal.raw("select id from imported_services") == [{"id": 100_001}]
