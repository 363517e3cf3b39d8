"""Who may speak to the database: stores, which take plain values and give structs, and a few below them."""

from __future__ import annotations

import ast
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
STATEMENTS = "aggregator.storage.sql"
_RAW = re.compile(r"\.raw\(")
_STATEMENT = re.compile(r"\.raw\(|(?<![\w.])run\(")
_WHY = "# SQL: "
_WITH_REASONS = ("store.py", "ledger/book.py", "halts.py")


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


def unexplained(text: str) -> Iterator[str]:
    """The functions that ask by a text of their own and do not say why Piccolo's query could not."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            written = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            if _STATEMENT.search(written) and _WHY not in written:
                yield node.name


def test_every_statement_in_text_says_why() -> None:
    """Whoever knows Piccolo finds its queries, and elsewhere the reason; an audit's questions are texts by nature."""
    stores = [(path, text) for path, text in modules("aggregator") if path.endswith(_WITH_REASONS)]
    assert len(stores) > len(_WITH_REASONS)
    assert [f"{path}: {name}" for path, text in stores for name in unexplained(text)] == []


def test_a_statement_without_a_reason_is_found() -> None:
    """The rule can fail."""
    silent = "async def f():\n    return await run('select 1')\n"
    assert list(unexplained(silent)) == ["f"]
    assert list(unexplained(silent.replace("    return", "    # SQL: skip locked.\n    return"))) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("aggregator/orders/following/poll.py", "from aggregator.storage import clock, tables"),
        ("aggregator/orders/following/poll.py", "from aggregator.storage.tables import Order"),
        ("aggregator/orders/following/poll.py", "import aggregator.storage.tables as columns"),
        ("aggregator/web/page.py", "def later():\n    from ..storage import tables"),
        ("aggregator/cli/orders.py", "from aggregator.storage.sql import run"),
        ("aggregator/orders/following/poll.py", "rows = await table.raw('select 1')"),
    ],
)
def test_a_table_elsewhere_is_found(path: str, text: str) -> None:
    """The rule can fail."""
    assert len(list(faults(path, text))) == 1


@pytest.mark.parametrize("path", ["aggregator/orders/store.py", "aggregator/orders/attempt_store.py"])
def test_a_store_may(path: str) -> None:
    """The rule does not cry wolf."""
    assert list(faults(path, "from aggregator.storage import tables\nrows = Order.raw('select 1')")) == []
