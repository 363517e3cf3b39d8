"""Every column says what it holds: its unit, shape and source, unless its name says all of that."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from aggregator.storage.tables import TABLES
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


_NAMED = re.compile(r"`(\w+(?:\.\w+)+)`")


def lost(text: str) -> list[str]:
    """What is named in backticks and is neither a column (`table.column`) nor in the code (`package.module.name`)."""
    columns = {f"{table._meta.tablename}.{column._meta.name}" for table in TABLES for column in table._meta.columns}
    return [name for name in _NAMED.findall(text) if name not in columns and not _is_there(name.split("."))]


def _is_there(names: list[str]) -> bool:
    places = [ROOT / top for top in ("aggregator", ".")]
    return any(_defines(place, names[:split], names[split:]) for place in places for split in range(len(names), 0, -1))


def _defines(place: Path, module: list[str], rest: list[str]) -> bool:
    path = place.joinpath(*module)
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    written = file.read_text() if file.is_file() else ""
    return file.is_file() and all(
        re.search(rf"^(?:class |(?:async )?def )?{one}\b", written, re.MULTILINE) for one in rest
    )


def test_what_the_sentences_name_is_there() -> None:
    """A module that moves takes its name on this page along."""
    text = (ROOT / "aggregator/storage/tables.py").read_text()
    assert _NAMED.search(text)
    assert lost(text) == []


def test_a_name_that_is_gone_is_found() -> None:
    """The rule can fail, of columns, modules and what stands in them; and does not cry wolf."""
    gone = ["orders.colour", "orders.colours.Blue", "orders.state.Colour", "storage.migrations.STAIRS"]
    there = ["orders.id", "orders.state", "orders.state.Outcome", "storage.migrations.STEPS", "providers.errors.Code"]
    assert lost(" ".join(f"`{name}`" for name in [*gone, *there])) == gone
