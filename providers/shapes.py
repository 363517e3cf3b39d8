"""Looks into a parsed reply whatever its shape: aliases of a field, wrappers, what counts as nothing."""

from __future__ import annotations

from collections.abc import Iterator

from providers.json_text import Json, Number

Object = dict[str, Json]

WRAPPERS = ("data", "result", "response")
_NOTHING = ("", "0", "false", "null", "none")
_FAILED = ("fail", "failed", "failure", "error", "false")
FLAG_WORDS = ("ok", "success", "true", *_FAILED)
"""Words that say how a call went, not how an order stands."""


def is_nothing(value: Json) -> bool:
    """Whether a field is there but says nothing: null, false, 0, an empty text or list."""
    return not value or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def is_text(value: Json) -> bool:
    """Whether this is a text in words, not a number in any spelling."""
    return isinstance(value, str) and not isinstance(value, Number)


def pick(row: Object, *names: str) -> Json:
    """The value of the first of these names that the row has, else None."""
    return next((row[name] for name in names if name in row), None)


def layers(value: Json) -> Iterator[Object]:
    """The object itself, then the objects its wrappers hold."""
    if isinstance(value, dict):
        yield value
        for name in WRAPPERS:
            inner = value.get(name)
            if isinstance(inner, dict):
                yield inner


def flag_word(value: Json) -> str:
    """A result flag in one spelling: true and "True" are "true"."""
    if isinstance(value, bool):
        return str(value).lower()
    return value.strip().lower() if isinstance(value, str) else ""


def says_failed(row: Object) -> bool:
    """Whether a result flag of the reply says that the call failed."""
    return any(name in row and flag_word(row[name]) in _FAILED for name in ("success", "result", "status", "ok"))
