"""Files of any length: read in portions, written beside the event loop, sent as they come, one at a time a person."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TypeVar
from weakref import WeakValueDictionary

from aggregator.people.model import Person
from aggregator.web.dependencies import allow
from aggregator.web.parts import Parts
from aggregator.web.responses import Page, stream

T = TypeVar("T")
Cells = Sequence[object]
EACH = 500
"""Rows of a portion."""
EXPORTS, EXPORTS_SECONDS = 30, 60
_RUN_BY_SHEETS = ("=", "+", "-", "@", "\t", "\r", "\n")
_DROPPED = {chr(number) for number in range(32)} | {"\x7f", "\ufeff"}
_DROPPED_BY_SHEETS = "".join(_DROPPED) + " \xa0"
"""Characters, NUL among them, that some of them read over at the beginning of a cell."""

_turns: WeakValueDictionary[tuple[int, int], asyncio.Lock] = WeakValueDictionary()


async def send_csv(
    parts: Parts, me: Person, name: str, head: Cells, portions: AsyncIterator[Sequence[T]], cells: Callable[[T], Cells]
) -> Page:
    """The rows of all portions under a head; no cell may be a formula: see `cell`.

    Whoever asks for a second file gets it after the first. Who leaves ends it.
    """
    await allow(parts, f"export:{me.id}", calls=EXPORTS, seconds=EXPORTS_SECONDS)
    pieces = in_turn(me.id, as_csv(head, portions, cells))
    return stream(pieces, "text/csv; charset=utf-8", name)


async def as_csv(
    head: Cells, portions: AsyncIterator[Sequence[T]], cells: Callable[[T], Cells]
) -> AsyncIterator[bytes]:
    """A piece for each portion, of which only one is held at a time."""
    yield _write([head])
    async for portion in portions:
        yield await asyncio.to_thread(partial(_write_all, portion, cells))


async def in_turn(person: int, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, once no other file goes to this person."""
    key = (id(asyncio.get_running_loop()), person)
    turn = _turns.get(key) or _turns.setdefault(key, asyncio.Lock())
    async with turn, aclosing(pieces):  # type: ignore[type-var]  # what yields can be closed
        async for piece in pieces:
            yield piece


def _write_all(portion: Sequence[T], cells: Callable[[T], Cells]) -> bytes:
    return _write(map(cells, portion))


def _write(rows: Iterable[Cells]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue().encode()


def cell(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run, also where it drops what stands before that."""
    seen = text.lstrip(_DROPPED_BY_SHEETS)
    return f"'{text}" if text[:1] in _DROPPED or seen.startswith(_RUN_BY_SHEETS) else text
