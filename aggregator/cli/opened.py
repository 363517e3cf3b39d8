"""A whole panel for a command: its shelf, its prices and its providers. Loaded only here: it is most of the program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aggregator.settings import Settings

if TYPE_CHECKING:
    from aggregator.app import Panel


@asynccontextmanager
async def opened(settings: Settings, *, publish: bool = True) -> AsyncIterator[Panel]:
    """Over an open database; `publish` makes the files' texts the newest revisions first."""
    from aggregator import config_watcher  # noqa: PLC0415  # the web framework and an HTTP client come with it
    from aggregator.app import Panel  # noqa: PLC0415

    if publish:
        await config_watcher.publish(settings)
    panel = Panel(settings)
    try:
        await panel.prepare()
        yield panel
    finally:
        await panel.stop()
