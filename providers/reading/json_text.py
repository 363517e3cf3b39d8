"""Turns the text of a reply into JSON, forgiving what scripts do to it, with every number kept as written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from providers.reading.names import standard_members

Json: TypeAlias = "dict[str, Json] | list[Json] | str | bool | None"
"""A JSON value; numbers are `Number`."""

_PHP_NOISE = re.compile(
    r"<br\s*/?>|\b(?:warning|notice|deprecated|strict standards|(?:fatal|parse) error)(?:</b>)?\s*:", re.IGNORECASE
)
OPENING = re.compile(r'\{\s*["}]|\[\s*["{\[\]]')
_LONE_SURROGATE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


class Number(str):
    """A JSON number exactly as the provider wrote it, so that no float ever holds money."""

    __slots__ = ()


_MOST_VALUES = 100_000
"""Each takes up to fifty times the two bytes that it may be written in."""
_DECODER = json.JSONDecoder(
    object_pairs_hook=standard_members, parse_int=Number, parse_float=Number, parse_constant=Number, strict=False
)
T = TypeVar("T")


def parse(text: str) -> Json:
    """Parse strictly; ValueError for anything else, also for nesting too deep. NaN stays text no reader accepts.

    The fields of objects come under their names in `providers/reading/names.py`, however they are spelled.
    """
    value: Json = _decode(_DECODER.decode, _sound(text))
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
    """Parse the JSON that stands before markup or remarks, or after PHP warnings; ValueError when there is none whole.

    Only the first opening is tried: an inner row of a truncated reply must not pass for the whole. Nor may a second
    piece of JSON follow, for nobody knows then which one is meant.
    """
    whole = _sound(text)
    value, end = parse_at(whole, find_beginning(whole))
    if OPENING.search(whole, end):
        raise ValueError("more than one piece of JSON")
    return value


def find_beginning(text: str) -> int:
    """Where its JSON begins: at once, or after PHP warnings; ValueError where it does not."""
    return 0 if OPENING.match(text) else _after_warnings(text)


def parse_at(text: str, start: int) -> tuple[Json, int]:
    """The value that begins here, and where it ends; ValueError where it is not whole."""
    value, end = _decode(lambda _: _DECODER.raw_decode(text, start), text)
    if _LONE_SURROGATE.search(text, start, end):
        value = parse(text[start:end])
    return value, end


def _after_warnings(text: str) -> int:
    noise = _PHP_NOISE.search(text)
    opening = OPENING.search(text, noise.end()) if noise else None
    if opening is None:
        raise ValueError("not JSON")
    return opening.start()


def _sound(text: str) -> str:
    """Without halves of characters, which cannot be stored or logged; ValueError for values without end."""
    if sum(map(text.count, ",[{")) > _MOST_VALUES:
        raise ValueError("too many values")
    return _LONE_SURROGATE.sub(r"\\ufffd", text)


def _decode(decode: Callable[[str], T], text: str) -> T:
    try:
        return decode(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
