"""Who may speak to the database: stores, which take plain values and give structs, and a few below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatch

import pytest

from tests.house.source import imported, modules

STORES = [
    "aggregator/*store.py",
    "aggregator/storage/*",
    "aggregator/audit/*",
    "aggregator/ledger/book.py",
    "aggregator/orders/halts.py",
]
"""The only files that name a table or a statement; `halts` is the store of what stands still."""
TABLES = "aggregator.storage.tables"
STATEMENTS = "aggregator.storage.statements"
_RAW = re.compile(r"\.raw\(")


def is_store(path: str) -> bool:
    return any(fnmatch(path, store) for store in STORES)


def faults(path: str, text: str) -> Iterator[str]:
    """Every table and every statement that is named elsewhere, as path:line: what."""
    if is_store(path):
        return
    for line, name in imported(path, text):
        if f"{name}.".startswith((f"{TABLES}.", f"{STATEMENTS}.")):
            yield f"{path}:{line}: {name}"
    for line, code in enumerate(text.splitlines(), 1):
        if _RAW.search(code):
            yield f"{path}:{line}: {code.strip()}"


def test_tables_are_named_in_stores_alone() -> None:
    """A column can be changed by whoever has read one kind of file."""
    found = [fault for path, text in modules("aggregator") for fault in faults(path, text)]
    assert found == []


def test_every_store_is_there() -> None:
    """The list names no file that is gone."""
    paths = [path for path, _ in modules("aggregator")]
    assert [store for store in STORES if not any(fnmatch(path, store) for path in paths)] == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("aggregator/orders/poll.py", "from aggregator.storage import clock, tables"),
        ("aggregator/orders/poll.py", "from aggregator.storage.tables import Order"),
        ("aggregator/orders/poll.py", "import aggregator.storage.tables as columns"),
        ("aggregator/web/page.py", "def later():\n    from ..storage import tables"),
        ("aggregator/cli/orders.py", "from aggregator.storage.statements import run"),
        ("aggregator/orders/poll.py", "rows = await table.raw('select 1')"),
    ],
)
def test_a_table_elsewhere_is_found(path: str, text: str) -> None:
    """The rule can fail."""
    assert len(list(faults(path, text))) == 1


@pytest.mark.parametrize("path", ["aggregator/orders/store.py", "aggregator/orders/attempt_store.py"])
def test_a_store_may(path: str) -> None:
    """The rule does not cry wolf."""
    assert list(faults(path, "from aggregator.storage import tables\nrows = Order.raw('select 1')")) == []
