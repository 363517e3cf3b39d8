"""No float near money: not in a sum, not in a type, not in a column."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.source import modules

MONEY = ("pricing", "aggregator/ledger", "aggregator/orders")
FLOAT_COLUMNS = {"Numeric", "Decimal", "Real", "Float", "DoublePrecision"}
"""Columns that are floats, or pass through one on SQLite, whatever they are declared as."""

_REASON = re.compile(r"#(?!\s*(?:noqa|type:)).*\w\W+\w")


def floats(path: str, text: str) -> Iterator[str]:
    """Every float that no comment on its line explains (seconds may be floats): path:line."""
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if _is_float(node):
            line = getattr(node, "lineno", 0)
            if not _REASON.search(lines[line - 1]):
                yield f"{path}:{line}"


def _is_float(node: ast.AST) -> bool:
    match node:
        case ast.Name(id="float") | ast.Constant(value=float()):
            return True
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return True
    return False


def float_columns(path: str, text: str) -> Iterator[str]:
    """Every import or use of a column that cannot hold money exactly, and every import of all columns: path:line."""
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.ImportFrom(module=str(module), names=names) if module.startswith("piccolo.columns"):
                if not (FLOAT_COLUMNS | {"*"}).isdisjoint(alias.name for alias in names):
                    yield f"{path}:{node.lineno}"
            case ast.Attribute(value=ast.Name(id="columns"), attr=name) if name in FLOAT_COLUMNS:
                yield f"{path}:{node.lineno}"


def test_money_is_never_a_float() -> None:
    """A wallet is right to the last digit."""
    found = [fault for path, text in modules(*MONEY) for fault in floats(path, text)]
    assert found == []


def test_no_column_is_a_float() -> None:
    """What the database keeps is what was written, on both engines."""
    found = [fault for path, text in modules("aggregator") for fault in float_columns(path, text)]
    assert found == []


def test_the_places_of_money_are_there() -> None:
    """A moved folder does not escape the rule."""
    assert all(list(modules(folder)) for folder in MONEY)


@pytest.mark.parametrize(
    "text",
    [
        "x = float('1.1')",
        "x: float",
        "def f(x: int | float): ...",
        "x = 1.1",
        "x = a / b",
        "x /= 3",
        "x = 0.5  # noqa: X",
    ],
)
def test_a_float_is_found(text: str) -> None:
    """The rule can fail."""
    assert list(floats("pricing/bad.py", text)) == ["pricing/bad.py:1"]


@pytest.mark.parametrize("text", ["x = a // b", "pause: float  # seconds, not money", "x = 'float'  # words only"])
def test_a_whole_number_or_a_reason_is_no_fault(text: str) -> None:
    """The rule does not cry wolf."""
    assert list(floats("pricing/good.py", text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "from piccolo.columns import BigInt, Numeric",
        "from piccolo.columns.column_types import Real",
        "from piccolo.columns import *",
        "from piccolo import columns\nbalance = columns.DoublePrecision()",
    ],
)
def test_a_column_that_is_a_float_is_found(text: str) -> None:
    """The rule can fail; and all columns at once would hide the true Decimal behind a column."""
    assert len(list(float_columns("aggregator/storage/tables.py", text))) == 1
