"""SECURITY.md promises nothing that no test proves."""

from __future__ import annotations

import ast
import re

from tests.house.source import ROOT

_NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def promises() -> list[str]:
    """The rows of its tables."""
    rows = [line for line in (ROOT / "SECURITY.md").read_text().splitlines() if line.startswith("| ")]
    return [row for row in rows if row != "| promise | test |"]


def test_every_promise_names_a_test_that_exists() -> None:
    """By file and name, as pytest takes it."""
    assert len(promises()) > 30
    for row in promises():
        named = _NAMED.findall(row)
        assert named, row
        for file, name in named:
            tree = ast.parse((ROOT / "tests" / file).read_text())
            assert name in {
                node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            }
