"""Lists and tables of values as parameters, so that a statement has one text, and is prepared once, for any length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from aggregator.storage.engine import is_sqlite
from aggregator.storage.transaction import engine


def among(column: str, values: Sequence[int] | Sequence[str]) -> tuple[str, object]:
    """The condition that a column is one of the values, with `{}` for its parameter, and that parameter."""
    if is_sqlite(engine()):
        return f"{column} in (select value from json_each({{}}))", _json(values)
    return f"{column} = any({{}})", list(values)


def table_of(columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> tuple[str, list[object]]:
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


def _json(values: object) -> str:
    return msgspec.json.encode(values).decode()
