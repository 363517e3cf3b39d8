"""The rows of what was told of our shelf: each service as it was told last, and the feed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec
from msgspec import Struct

from aggregator.catalog.news.news import News, NewsKind, RateLine
from aggregator.storage import clock
from aggregator.storage.id_ranges import drop_before
from aggregator.storage.sql import Row
from aggregator.storage.tables import ShelfLine, ShelfNews
from aggregator.storage.transaction import off_loop
from aggregator.storage.upsert import EACH, put_many


class ToldNews(Struct, frozen=True, kw_only=True):
    """A line of the feed, and when it was told (milliseconds since 1970)."""

    id: int
    service: int
    name: str
    kind: NewsKind
    before: int | None
    now: int | None
    rate_per: int
    at: int


async def lines() -> dict[int, RateLine]:
    """Every service that was ever told."""
    found: dict[int, RateLine] = {}
    after = -1
    while rows := await ShelfLine.select().where(ShelfLine.service > after).order_by(ShelfLine.service).limit(EACH):
        found.update(await off_loop(partial(_as_lines, rows)))
        after = rows[-1]["service"]
    return found


def _as_lines(rows: Sequence[Row]) -> dict[int, RateLine]:
    return {row["service"]: msgspec.convert(dict(row), RateLine, strict=False) for row in rows}


async def put_lines(changed: Sequence[RateLine]) -> None:
    """Write new and changed lines."""
    rows = [msgspec.structs.asdict(line) for line in changed]
    await put_many(ShelfLine, rows, key=["service"], overwrites=["name", "rate", "rate_per", "sold", "offers"])


async def add(news: Sequence[News]) -> None:
    """Put lines at the end of the feed."""
    now = clock.now()
    await put_many(ShelfNews, [{**msgspec.to_builtins(one), "at": now} for one in news])


async def newest(limit: int, *, after: int = 0) -> list[ToldNews]:
    """The feed, newest first: those told after the one with this id."""
    query = ShelfNews.select().where(ShelfNews.id > after).order_by(ShelfNews.id, ascending=False)
    rows = await query.limit(limit)
    return [msgspec.convert(dict(row), ToldNews) for row in rows]


async def drop_old(before: int, *, most: int) -> int:
    """Forget the oldest lines of the feed from before a moment; how many."""
    return await drop_before(ShelfNews, before, column="at", most=most)
