"""The promise that money is whole numbers: SQLite keeps whatever it is given, PostgreSQL whatever the column says."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aggregator.audit.facts import Told
from aggregator.audit.promise import Breach, Promise
from aggregator.audit.scope import Scope
from aggregator.storage.engine import is_sqlite
from aggregator.storage.tables import Signal
from aggregator.storage.transaction import engine

_WHOLE = Promise(id="M15", name="money-is-whole", sentence="every amount of money is kept as a whole number")
_MONEY = {
    "wallets": ("balance",),
    "entries": ("amount", "balance"),
    "orders": ("charge", "refunded", "undelivered", "quantity", "rate"),
    "attempts": ("cost", "spent", "returned", "overserved"),
}


class Columns:
    """Looks at the values on SQLite, at the columns' types on PostgreSQL."""

    promises = (_WHOLE,)

    async def look(self, scope: Scope) -> AsyncIterator[Told]:
        if not is_sqlite(engine()):
            for column in await _not_bigint():
                yield Breach(_WHOLE.name, column)
            return
        async for page in scope.orders():
            for table, key in (("orders", "id"), ("attempts", "order_id")):
                for row in await _not_integer(table, page(key)):
                    yield Breach(_WHOLE.name, f"{table} {row}")
        async for page in scope.entries():
            for row in await _not_integer("entries", page("id")):
                yield Breach(_WHOLE.name, f"entries {row}")
        for row in await _not_integer("wallets", "true"):
            yield Breach(_WHOLE.name, f"wallets {row}")


async def _not_integer(table: str, condition: str) -> list[int]:
    wrong = " or ".join(f"typeof({column}) not in ('integer', 'null')" for column in _MONEY[table])
    rows = await Signal.raw(f"select rowid as row from {table} where {condition} and ({wrong})")
    return [row["row"] for row in rows]


async def _not_bigint() -> list[str]:
    rows = await Signal.raw(
        "select table_name, column_name, data_type from information_schema.columns"
        " where table_schema = current_schema() and data_type <> 'bigint'"
    )
    money = {(table, column) for table, columns in _MONEY.items() for column in columns}
    return [
        f"{row['table_name']}.{row['column_name']} is {row['data_type']}"
        for row in rows
        if (row["table_name"], row["column_name"]) in money
    ]
