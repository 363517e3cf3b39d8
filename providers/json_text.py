"""Turns the text of a reply into JSON, forgiving what scripts do to it, with every number kept as written."""

from __future__ import annotations

import json
import re
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | bool | None"
"""A JSON value; numbers are `Number`."""

_PHP_NOISE = re.compile(r"<br\s*/?>|\b(?:warning|notice|deprecated|fatal error)(?:</b>)?\s*:", re.IGNORECASE)
_OPENING = re.compile(r'\{\s*["}]|\[\s*["{\[\]]')
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Number(str):
    """A JSON number exactly as the provider wrote it, so that no float ever holds money."""

    __slots__ = ()


def parse(text: str) -> Json:
    """Parse strictly; ValueError for anything else, also for nesting too deep. NaN stays text no reader accepts."""
    whole = _LONE_SURROGATE.sub(r"\\ufffd", text)  # half a character cannot be stored or logged
    try:
        value: Json = json.loads(whole, parse_int=Number, parse_float=Number, parse_constant=Number, strict=False)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def parse_twice(text: str) -> Json:
    """Parse, and once more where a script encoded its JSON into a JSON string."""
    value = parse(text)
    if isinstance(value, str) and not isinstance(value, Number) and value.strip()[:1] in tuple("{[0123456789"):
        try:
            return parse(value)
        except ValueError:
            return value
    return value


def cut_out(text: str) -> Json:
    """Parse the JSON that stands after or before PHP warnings; ValueError when there is none or only a part.

    Only the first opening is tried: an inner row of a truncated reply must not pass for the whole.
    """
    noise = _PHP_NOISE.search(text)
    opening = _OPENING.match(text) or _OPENING.search(text, noise.end() if noise else len(text))
    if noise is None or opening is None:
        raise ValueError("not JSON")
    return parse(text[opening.start() : max(text.rfind("}"), text.rfind("]")) + 1])
