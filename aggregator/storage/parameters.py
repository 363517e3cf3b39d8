"""Lists and tables of values as parameters, so that a statement has one text, and is prepared once, for any length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from aggregator.storage.engine import is_sqlite
from aggregator.storage.transaction import engine


def in_list(column: str, values: Sequence[int] | Sequence[str]) -> tuple[str, object]:
    """The condition that a column is one of the values, with `{}` for its parameter, and that parameter."""
    if is_sqlite(engine()):
        return f"{column} in (select value from json_each({{}}))", _json(values)
    return f"{column} = any({{}})", list(values)


def values_table(columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> tuple[str, list[object]]:
    """A query for these rows in their order, and its parameters; `columns` are names with PostgreSQL's types."""
    if len(rows) == 1:
        single = ", ".join(f"cast({{}} as {kind}) as {name}" for name, kind in columns.items())
        return f"select {single}", list(rows[0])
    if is_sqlite(engine()):
        values = ", ".join(f"json_extract(value, '$[{n}]') as {name}" for n, name in enumerate(columns))
        return f"select {values} from json_each({{}}) order by key", [_json(rows)]
    names = ", ".join(columns)
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    query = (
        f"select {names} from rows from (json_to_recordset({{}}::text::json) as ({kinds}))"
        f" with ordinality as given ({names}, place) order by place"
    )
    return query, [_json([dict(zip(columns, row, strict=True)) for row in rows])]


class NewRows(Struct, frozen=True):
    """Rows that a part of the program wants written into its own table, in their order; their ids come back.

    So that another part may write them down within a statement of its own, without a word of SQL between the two.
    """

    table: str
    columns: Mapping[str, str]
    """Names with PostgreSQL's types."""
    rows: Sequence[Sequence[object]]
    alike: Mapping[str, str | int | bool]
    """What is the same in every row: our own constants, as they stand in the statement."""

    def insert(self, *, beside: str = "") -> tuple[str, list[object]]:
        """The statement and its parameters. `beside` names what has a row for each of ours, or none: then none is."""
        query, values = values_table(self.columns, self.rows)
        names = ", ".join(self.columns)
        constants = ", ".join(_constant(value) for value in self.alike.values())
        source = f"({query}) as given" + (f", {beside}" if beside else "")
        text = (
            f"insert into {self.table} ({names}, {', '.join(self.alike)}) select {names}, {constants} from {source}"
            " returning id"
        )
        return text, values


def _constant(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else f"'{value}'"


def _json(values: object) -> str:
    return msgspec.json.encode(values).decode()
