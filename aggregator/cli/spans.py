"""Spans of time as owners write them: 30m, 24h, 7d."""

from __future__ import annotations

import re

import rich_click as click

_SPAN = re.compile(r"([0-9]{1,6})([smhd])")
_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def read_span(text: str) -> int:
    """Milliseconds."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise click.BadParameter("write a number and s, m, h or d, as in 24h", param_hint="--since")
    return int(found[1]) * _UNITS_MS[found[2]]
