"""The rows of what was learned of providers: words that nobody had understood, and how they take batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from aggregator.storage import clock
from aggregator.storage.conditions import MOVING
from aggregator.storage.tables import Provider, Word

MOST_WORDS = 500
"""Kept of one provider; the one not heard for longest goes, unless the owner said what it means."""


class WordRow(Struct, frozen=True, kw_only=True):
    id: int
    provider: str
    kind: str
    """"status" or "error"."""
    text: str
    reply: str
    """The reply or the part of it where the text stood when it was last heard, secrets masked."""
    times: int
    meaning: str | None
    """A phase or an error code, once the owner has said it."""
    first_at: int
    last_at: int
    moving: bool = False
    """It was explained, and unsure orders that got it for an answer may still have to go on."""
    explained_by: str | None = None
    explained_why: str | None = None
    explained_at: int | None = None


class CapabilityRow(Struct, frozen=True, kw_only=True):
    """What an adapter found out, and for which address and preset."""

    multi_status: bool | None
    batch_size: int | None
    learned_of: str | None


async def hear(provider: str, kind: str, text: str, reply: str, times: int) -> None:
    """Count a word, new or known; the oldest unexplained words beyond the bound are forgotten. In a transaction."""
    now = clock.now()
    # SQL: it counts on in the row that is there, and deletes beyond the newest so many.
    await Word.raw(
        "insert into words (provider, kind, text, reply, times, first_at, last_at) values ({}, {}, {}, {}, {}, {}, {})"
        " on conflict (provider, kind, text) do update set times = words.times + excluded.times,"
        " last_at = excluded.last_at, reply = excluded.reply",
        provider,
        kind,
        text,
        reply,
        times,
        now,
        now,
    )
    await Word.raw(
        "delete from words where provider = {} and meaning is null and id not in"
        " (select id from words where provider = {} order by last_at desc, id desc limit {})",
        provider,
        provider,
        MOST_WORDS,
    )


async def words(provider: str | None = None, *, everything: bool = False) -> list[WordRow]:
    """Those without a meaning, or all; the one heard last comes first."""
    query = Word.select().order_by(Word.last_at, Word.id, ascending=False)
    if provider is not None:
        query = query.where(Word.provider == provider)
    rows = await (query if everything else query.where(Word.meaning.is_null()))
    return [msgspec.convert(dict(row), WordRow, strict=False) for row in rows]


async def meanings() -> list[WordRow]:
    rows = await Word.select().where(Word.meaning.is_not_null()).order_by(Word.id)
    return [msgspec.convert(dict(row), WordRow, strict=False) for row in rows]


async def explain(ids: Sequence[int], meaning: str, *, moving: bool = False, actor: str = "", reason: str = "") -> None:
    """Say what words mean, who says so and why; `moving` lets the orders go on that wait for them."""
    changes: dict[Any, Any] = {
        Word.meaning: meaning,
        Word.moving: moving,
        Word.explained_by: actor,
        Word.explained_why: reason,
        Word.explained_at: clock.now(),
    }
    await Word.update(changes).where(Word.id.is_in(list(ids)))


async def moving() -> list[WordRow]:
    """Those whose orders may still have to go on."""
    rows = await Word.select().where(MOVING).order_by(Word.id)
    return [msgspec.convert(dict(row), WordRow, strict=False) for row in rows]


async def still_means(word: WordRow) -> bool:
    """Whether it means that still; inside a transaction it does so to its end."""
    same = (Word.id == word.id) & (Word.meaning == word.meaning) & (Word.explained_at == word.explained_at)
    return bool(await Word.update({Word.moving: True}).where(same).returning(Word.id))


async def end_moving(word: WordRow) -> None:
    """No order waits for it any more, unless it was explained anew meanwhile."""
    same = (Word.id == word.id) & (Word.explained_at == word.explained_at)
    await Word.update({Word.moving: False}).where(same)


async def capabilities() -> dict[str, CapabilityRow]:
    """By provider."""
    rows = await Provider.select(Provider.name, Provider.multi_status, Provider.batch_size, Provider.learned_of)
    return {row["name"]: msgspec.convert(dict(row), CapabilityRow, strict=False) for row in rows}


async def keep_capabilities(provider: str, row: CapabilityRow) -> None:
    changes: dict[Any, Any] = {
        Provider.multi_status: row.multi_status,
        Provider.batch_size: row.batch_size,
        Provider.learned_of: row.learned_of,
    }
    await Provider.update(changes).where(Provider.name == provider)


async def rename_words(old: str, new: str) -> None:
    """A provider was renamed: what the owner said of its words holds on."""
    await Word.update({Word.provider: new}).where(Word.provider == old)
