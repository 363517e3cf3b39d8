"""How a whole number may be written in a request: one grammar, whatever the encoding."""

from __future__ import annotations

import re

from aggregator.orders.intake.lines import BLANKS

LARGEST = 2**63 - 1
"""What a longer number counts as: above every limit and no id of ours, yet it fits a database column."""

_CERTAIN = 18
"""So many digits are below `LARGEST` whatever they are."""
_INTEGER = re.compile(r"(0|-?[1-9][0-9]*)(?:\.0)?")
_ID = re.compile(r"([0-9]+)(?:\.0)?")


def read_integer(text: str) -> int | None:
    """A whole number, below zero, too: what is out of range is told the range.

    None unless it is ASCII digits, trimmed, with an optional ".0" (PROTOCOL.md, "Quantity").
    """
    if len(text) <= _CERTAIN and text.isascii() and text.isdigit() and text[0] != "0":
        return int(text)
    return _read(_INTEGER, text)


def read_id(text: str) -> int | None:
    """An id; as a count, but "0123" is 123, as panels that keep ids as text send it."""
    if len(text) <= _CERTAIN and text.isascii() and text.isdigit():
        return int(text)
    return _read(_ID, text)


def _read(grammar: re.Pattern[str], text: str) -> int | None:
    match = grammar.fullmatch(text.strip(BLANKS))
    if match is None:
        return None
    digits = match[1].lstrip("-").lstrip("0")
    number = LARGEST if len(digits) > len(str(LARGEST)) else min(int(digits or "0"), LARGEST)
    return -number if match[1].startswith("-") else number
