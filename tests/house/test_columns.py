"""Every column says what it holds: its unit, shape and source, unless its name says all of that."""

from __future__ import annotations

import ast

import pytest

from tests.house.source import ROOT

EVIDENT = {
    *("id", "at", "created_at", "ended_at", "updated_at", "expires_at", "used_at", "revoked_at", "signed_in_at"),
    *("learned_at", "first_at", "last_at", "explained_at"),
    *("provider", "reseller", "order_id", "name", "category", "description", "currency", "author"),
}
"""Names that mean one thing wherever they stand: ids, moments, whose it is, and what a person called it."""


def silent(text: str) -> list[str]:
    """The columns under which no sentence stands, as Table.column; the upper half of a sum belongs to its lower."""
    found: list[str] = []
    for table in ast.parse(text).body:
        if isinstance(table, ast.ClassDef):
            pairs = zip(table.body, [*table.body[1:], None], strict=True)
            found += [f"{table.name}.{name}" for one, after in pairs if (name := _column(one)) and not _is_text(after)]
    return [one for one in found if one.split(".")[1] not in EVIDENT and not one.endswith("_high")]


def _column(statement: ast.stmt) -> str | None:
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id
    return None


def _is_text(statement: ast.stmt | None) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def test_every_column_says_what_it_holds() -> None:
    """Whoever is sent to the page of tables need not read the code first."""
    text = (ROOT / "aggregator/storage/tables.py").read_text()
    assert "class Order(" in text
    assert silent(text) == []


@pytest.mark.parametrize("after", ["", "    # a comment\n", "    note = Text()\n"])
def test_a_silent_column_is_found(after: str) -> None:
    """The rule can fail."""
    text = f'class Order(Table):\n    """The promise."""\n\n    id = BigSerial()\n    sight = Text()\n{after}'
    assert "Order.sight" in silent(text)


def test_a_column_with_its_sentence_is_not_silent() -> None:
    """The rule does not cry wolf."""
    assert silent('class Order(Table):\n    sight = Text()\n    """What was read."""\n') == []
