"""Reads when an order was placed, as a panel's list tells it: a span, since few of them name their time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from providers.reading.json_text import Json
from providers.reading.shapes import Object

NAMES = (
    "created_at",
    "created",
    "date_created",
    "created_date",
    "creation_date",
    "created_time",
    "placed_at",
    "order_date",
    "date",
    "datetime",
    "timestamp",
    "time",
)
"""What panels call it, the surest first."""
DAY_MS = 86_400_000
"""How far a time of an unknown zone may be off."""
_SECONDS = re.compile(r"[0-9]{9,10}(?:\.[0-9]{1,9})?")
_MILLISECONDS = re.compile(r"[0-9]{12,13}")
_YEARS = range(2000, 2200)
_DATE_ONLY = 10


def read_placed(row: Object) -> tuple[int, int] | None:
    """From when to when (milliseconds since 1970) a row was placed; None where nothing in it tells."""
    return next((span for name in NAMES if (span := read_span(row.get(name))) is not None), None)


def read_span(value: Json) -> tuple[int, int] | None:
    """Seconds or milliseconds since 1970, ISO 8601, or a date and time without a zone."""
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return _second(int(text.partition(".")[0]) * 1000)
    if _MILLISECONDS.fullmatch(text):
        return _second(int(text))
    return _read_iso(text)


def _read_iso(text: str) -> tuple[int, int] | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if read.year not in _YEARS:
        return None
    if read.tzinfo is not None:
        return _second(round(read.timestamp()) * 1000)
    moment = round(read.replace(tzinfo=UTC).timestamp()) * 1000
    return moment - DAY_MS, moment + DAY_MS * (2 if len(text) <= _DATE_ONLY else 1)


def _second(moment: int) -> tuple[int, int]:
    """Panels cut times to whole seconds."""
    start = moment - moment % 1000
    return start, start + 999
