"""Lists of values as one parameter, so that a statement has the same text, and is prepared once, for any length."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from aggregator.storage.engine import is_sqlite
from aggregator.storage.transaction import engine


def among(column: str, values: Sequence[int] | Sequence[str]) -> tuple[str, object]:
    """The condition that a column is one of the values, with `{}` for its parameter, and that parameter."""
    if is_sqlite(engine()):
        return f"{column} in (select value from json_each({{}}))", msgspec.json.encode(values).decode()
    return f"{column} = any({{}})", list(values)
