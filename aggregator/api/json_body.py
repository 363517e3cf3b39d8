"""A JSON object as pairs, its numbers kept as they were written and never passed through a float."""

from __future__ import annotations

import json
import re
from typing import NoReturn

from aggregator.errors import IncorrectRequest

DEEPEST = 16

# The possessive loops and the optional closing quote keep the scan linear on any bytes.
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


class Numeral(str):
    """A number as it was written."""

    __slots__ = ()


def read_json(body: bytes) -> list[tuple[str, object]]:
    """The members of the object in `body`: texts, numbers as `Numeral`, None, booleans, lists and dictionaries.

    Raises IncorrectRequest for anything else: no JSON, no object, invalid UTF-8, NaN, a key given twice at any
    level, or more than 16 levels, of which Python's own parser would run out of stack.
    """
    if not _is_shallow(body):
        raise IncorrectRequest
    try:
        document = _DECODER.decode(body.decode("utf-8"))
    except ValueError as error:
        raise IncorrectRequest from error
    if not isinstance(document, dict):
        raise IncorrectRequest
    return list(document.items())


def _is_shallow(body: bytes) -> bool:
    if body.count(b"{") + body.count(b"[") <= DEEPEST:
        return True
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", body)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > DEEPEST:
            return False
    return True


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise IncorrectRequest(hint="a key is given twice")
    return members


def _refuse(constant: str) -> NoReturn:
    raise IncorrectRequest(hint=f"{constant} is no number")


def write(value: object) -> str:
    """A member as JSON writes it, its numbers as they came."""
    if isinstance(value, Numeral):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(map(write, value))}]"
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(name)}:{write(inner)}" for name, inner in value.items()) + "}"
    return json.dumps(value)


_DECODER = json.JSONDecoder(parse_int=Numeral, parse_float=Numeral, parse_constant=_refuse, object_pairs_hook=_unique)
