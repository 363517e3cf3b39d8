"""The conditions of partial indexes are written as the indexes have them, so that SQLite takes the index."""

from __future__ import annotations

import pytest
from piccolo.columns.combination import WhereRaw
from piccolo.table import Table

from aggregator.storage import conditions, tables
from tests.builders import open_database

WHERE: list[tuple[type[Table], WhereRaw, str]] = [
    (tables.Order, conditions.QUEUED, "orders_queue"),
    (tables.Order, conditions.OPEN, "orders_open"),
    (tables.Attempt, conditions.PLACING, "attempts_placing"),
    (tables.Attempt, conditions.UNSURE, "attempts_unsure"),
    (tables.Attempt, conditions.CALLED_OFF, "attempts_called_off"),
    (tables.Attempt, conditions.TO_CALL_OFF, "attempts_call_off"),
    (tables.Word, conditions.MOVING, "words_moving"),
]


@pytest.mark.parametrize(("table", "condition", "index"), WHERE, ids=[index for *_, index in WHERE])
async def test_a_query_of_piccolos_takes_the_index(
    table: type[Table], condition: WhereRaw, index: str, copied_sqlite: str
) -> None:
    """A bound value would leave SQLite no choice but to read every row: the index cannot be used at all then."""
    async with open_database(copied_sqlite):
        name = table._meta.tablename
        await table.raw(f"select 1 from {name} indexed by {index} where {condition}")
        (query,) = table.select(table._meta.primary_key).where(condition).querystrings
        text, values = query.compile_string(engine_type="sqlite")
        assert values == []
        assert str(condition) in text


def test_every_condition_is_tried() -> None:
    """Of a new one somebody says which index it is of."""
    named = {value for value in vars(conditions).values() if isinstance(value, WhereRaw)}
    assert named == {condition for _, condition, _ in WHERE}
