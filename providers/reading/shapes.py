"""Looks into a parsed reply whatever its shape: aliases of a field, wrappers, what counts as nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from providers.reading.json_text import Json, Number
from providers.reading.names import WRAPPERS

Object = dict[str, Json]

_NOTHING = ("", "0", "false", "null", "none")
_FAILED = ("fail", "failed", "failure", "error", "false")
FLAG_WORDS = ("ok", "success", "true", *_FAILED)
"""Words that say how a call went, not how an order stands."""
_FLAGS = ("success", "result", "status", "ok")
_NO = ("0", "no")
"""Of a flag that is nothing else; elsewhere 0 may be a status or a code."""
_DEEPEST = 3
_HAS_DIGIT = re.compile(r"\d")


def is_nothing(value: Json) -> bool:
    """Whether a field is there but says nothing: null, false, 0, an empty text or list."""
    return not value or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def is_text(value: Json) -> bool:
    """Whether this is a text in words, not a number in any spelling."""
    return isinstance(value, str) and not isinstance(value, Number)


def pick(row: Object, *names: str) -> Json:
    """The value of the first of these names that the row has, else None."""
    return next((row[name] for name in names if name in row), None)


def sole(value: Json) -> Json:
    """The one object of a list that holds nothing else; anything else as it is."""
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) else value


def layers(value: Json) -> Iterator[Object]:
    """The object itself, then the objects its wrappers hold; a list of one is that one."""
    value = sole(value)
    if isinstance(value, dict):
        yield value
        for name in WRAPPERS:
            inner = sole(value.get(name))
            if isinstance(inner, dict):
                yield inner


def find_only(value: Json, wanted: Callable[[Object], bool], depth: int = _DEEPEST) -> Object | None:
    """The one object like this in a reply, whatever it is wrapped in; None where there are several or none.

    What stands under an id belongs to that id, and is not looked into.
    """
    value = sole(value)
    if not isinstance(value, dict):
        return None
    if wanted(value):
        return value
    inner = [one for name, one in value.items() if depth and not _HAS_DIGIT.search(name)]
    inside = [found for one in inner if (found := find_only(one, wanted, depth - 1)) is not None]
    return inside[0] if len(inside) == 1 else None


def flag_word(value: Json) -> str:
    """A result flag in one spelling: true and "True" are "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.strip().lower() if isinstance(value, str) else ""


def says_failed(row: Object) -> bool:
    """Whether a result flag of the reply says that the call failed."""
    return any(flag_word(row.get(name)) in _FAILED for name in _FLAGS) or flag_word(row.get("success")) in _NO
