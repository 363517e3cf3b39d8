"""How results look: a table on a terminal, a line a row into a file or a pipe, JSON for scripts."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import rich_click as click

Row = dict[str, Any]
_NARROW = 16
"""Characters: only what is wider gives way where a table is wider than the terminal."""


def print_json(document: Any) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def plain(value: Any) -> str:
    """A value as people read it, on one line."""
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple):
        return msgspec.json.encode(value).decode()
    return " ".join(str(value).split())


def print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Never more than a line a row: cut off where a terminal ends, whole where nobody watches."""
    cells = [[plain(row[column]) for column in columns] for row in rows]
    if sys.stdout.isatty():
        _draw(columns, cells)
    else:
        click.echo("\n".join(aligned([list(columns), *cells])))


def aligned(cells: Sequence[Sequence[str]]) -> list[str]:
    """Lines whose columns stand below each other."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(str.ljust, line, widths)).rstrip() for line in cells]


def _draw(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415  # takes longer to load than it takes to print without
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=all(len(line[number]) <= _NARROW for line in cells))
    for line in cells:
        table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in line))
    Console().print(table)
