"""Reads the reply to an `add`: an order only where an id is beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from providers.dialect import Dialect
from providers.reading.complaints import is_loud
from providers.reading.json_text import Json, Number
from providers.reading.names import ORDER
from providers.reading.numbers import whole_digits
from providers.reading.progress import read_progress
from providers.reading.reply import Kind, Reply
from providers.reading.shapes import Object, is_nothing, layers
from providers.reading.verdict import NOT_TAKEN
from providers.vocabulary import Progress

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_:-]{0,63}")
_FAILED_STATUS = 400


def names_an_order(value: Json) -> bool:
    """Whether the reply puts anything at all where an order's id would stand; then no error text is a clear no."""
    return isinstance(value, Number) or any(
        not is_nothing(layer.get(name)) for layer in _layers(value) for name in ORDER if name != "id"
    )


def read_placed(value: Json, status: int, dialect: Dialect) -> tuple[str, Progress | None] | None:
    """The id of the order and what is said of it already; None unless the id is good and nothing contradicts it."""
    if is_loud(value) or status in NOT_TAKEN:
        return None
    if isinstance(value, Number):
        order = _read_id(value)
        return (order, None) if order and status < _FAILED_STATUS else None
    found = _find(value, ORDER[:-1]) or (_find(value, ORDER[-1:]) if status < _FAILED_STATUS else None)
    if found is None or is_loud(found[0]):
        return None
    order = _read_id(found[1])
    return (order, _progress(found[0], dialect)) if order else None


def read_own_placed(reply: Reply, own: Reply, dialect: Dialect) -> tuple[str, Progress | None] | None:
    """What the reply says of the order; None where it does not say so without what we sent (`own`)."""
    if reply.kind is not Kind.JSON or own.kind is not Kind.JSON:
        return None
    placed, alone = (read_placed(one.value, one.status, dialect) for one in (reply, own))
    return placed if placed is not None and alone is not None and placed[0] == alone[0] else None


def _find(value: Json, names: tuple[str, ...]) -> tuple[Object, Json] | None:
    """The first object of the reply that has one of these names, and what stands there."""
    return next(
        (
            (layer, layer[name])
            for layer in _layers(value)
            for name in names
            if name in layer and not isinstance(layer[name], dict)
        ),
        None,
    )


def _layers(value: Json) -> Iterator[Object]:
    """Where an id may stand: also inside an object that `order` holds."""
    for layer in layers(value):
        inner = layer.get("order")
        yield from (inner, layer) if isinstance(inner, dict) else (layer,)


def _read_id(value: Json) -> str | None:
    """A positive number, or a short token with a digit: a word alone says something else."""
    if not isinstance(value, str):
        return None
    text = whole_digits(value)
    if not _TOKEN.fullmatch(text) or not text.strip("0") or not any(map(str.isdigit, text)):
        return None
    return text if text.isdigit() or not isinstance(value, Number) else None


def _progress(layer: Object, dialect: Dialect) -> Progress | None:
    said = read_progress(layer, dialect, after_add=True)
    return None if said == Progress(phase=said.phase, word=said.word) and said.phase == "unknown" else said
