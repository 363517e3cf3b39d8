"""Sums of money, which pass 63 bits where no single amount does: added up in halves, put together in Python.

SQLite has no wider integer and gives up in the middle of a sum; PostgreSQL answers with one that no column takes.
The upper and the lower 32 bits of amounts fit, added up, for billions of rows, on either.
"""

from __future__ import annotations

from collections.abc import Mapping

_BITS = 32
_LOW = 2**_BITS - 1
_LEAST, _MOST = -(2**63), 2**63 - 1
_HALF = 2**62


def total(amount: str, name: str) -> str:
    """The columns of a select that add up an expression of bigint, for `read_total`; null counts as nothing.

    The expression is written twice: it has no parameters.
    """
    low, high = _halves(amount)
    return f"{low} as {name}, {high} as {name}_high"


def read_total(row: Mapping[str, object], name: str) -> int:
    """What `total` added up, or what was kept as the two columns `name` and `name_high`."""
    return (_whole(row[f"{name}_high"]) << _BITS) + _whole(row[name])


def halves(value: int) -> tuple[int, int]:
    """A sum as the columns `name` and `name_high` keep it: whatever fits stands in the first by itself."""
    return (value, 0) if _LEAST <= value <= _MOST else (value & _LOW, value >> _BITS)


def add_kept(table: str, name: str) -> str:
    """What follows `on conflict ... do update set` to add the row's sum to that which `name` and its half keep."""
    kept, more = f"{table}.{name}", f"excluded.{name}"
    fits = " and ".join(f"{one} between {-_HALF} and {_HALF - 1}" for one in (kept, more))
    return (
        f"{name} = case when {fits} then {kept} + {more} else ({kept} & {_LOW}) + ({more} & {_LOW}) end,"
        f" {name}_high = {table}.{name}_high + excluded.{name}_high + case when {fits} then 0"
        f" else ({kept} >> {_BITS}) + ({more} >> {_BITS}) end"
    )


def comparable_total(amount: str) -> str:
    """A sum that SQL itself compares with an amount: null where it is beyond 63 bits, and so equal to none."""
    low, high = (f"cast({half} as bigint)" for half in _halves(amount))
    carried = f"({high} + ({low} >> {_BITS}))"
    fits = f"{carried} between {_LEAST >> _BITS} and {_MOST >> _BITS}"
    return f"case when {fits} then {carried} * {_LOW + 1} + ({low} & {_LOW}) end"


def _halves(amount: str) -> tuple[str, str]:
    """What the lower halves come to, and the upper ones; a column that somebody made numeric has no bits."""
    whole = f"cast({amount} as bigint)"
    return f"coalesce(sum({whole} & {_LOW}), 0)", f"coalesce(sum({whole} >> {_BITS}), 0)"


def _whole(value: object) -> int:
    return int(value)  # type: ignore[call-overload, no-any-return]  # an int, or the Decimal of PostgreSQL's sums
