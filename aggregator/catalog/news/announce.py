"""Tells everyone what changed on our shelf: once, by whichever worker comes first."""

from __future__ import annotations

import asyncio

from aggregator.catalog.news import news, news_store
from aggregator.catalog.shelf.shelf import Shelf
from aggregator.storage import signals
from aggregator.storage.transaction import off_loop, write


class Announcer:
    """Remembers which shelf it told last, so that an unchanged one costs nothing."""

    def __init__(self) -> None:
        self._told: Shelf | None = None

    async def run_once(self, shelf: Shelf, edition: int) -> None:
        """Compare the shelf with what was told last and write down what is new.

        A worker whose shelf is older than the one that was told last (by its edition) keeps silent.
        """
        if shelf is self._told:
            return
        lines = await asyncio.to_thread(news.lines_of, shelf)

        async def work() -> None:
            if await signals.reach(signals.TOLD, edition):
                earlier = await news_store.lines()
                changed, told = await off_loop(lambda: news.compare(earlier, lines, shelf.aliases))
                await news_store.put_lines(changed)
                await news_store.add(told)

        earlier = await news_store.lines()
        changed, _ = await off_loop(lambda: news.compare(earlier, lines, shelf.aliases))
        if changed:
            await write(work)
        self._told = shelf
