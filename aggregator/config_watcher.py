"""Edits of the configuration: a good one takes effect at once and everywhere, a broken one keeps the old."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

import structlog
from watchfiles import awatch

from aggregator.app import Panel
from aggregator.catalog import store
from aggregator.catalog.shelf.prices import revise
from aggregator.provider_lifecycle import ProviderInUse
from aggregator.settings import (
    MARKUP_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    ConfigurationError,
    Fault,
    Settings,
    base_of,
    find_text,
    load,
    read_markup,
    read_providers,
    read_services,
    refuse_loss,
)
from aggregator.storage.opening import database
from aggregator.storage.trouble import tell_failure

log = structlog.get_logger(__name__)
Seen: TypeAlias = dict[str, str | Fault | None]
"""By the name of a file what was found last: its text, why it could not be read, or None where there is none."""
REVISED = (MARKUP_FILE, SERVICES_FILE)
"""Files whose texts are kept in the database, so that all processes price alike."""


async def load_for_serving(directory: Path) -> tuple[Settings, list[Fault]]:
    """The configuration, with the last good prices in place of broken ones; the faults that were passed over.

    Raises `ConfigurationError` where the fault is elsewhere, or where there are no earlier prices.
    """
    try:
        return load(directory, os.environ), []
    except ConfigurationError as error:
        broken = {Path(fault.file).name for fault in error.faults}
        if not broken <= set(REVISED):
            raise
        good = await _last_good(directory, broken)
        if good.keys() != broken:
            raise
        return load(directory, os.environ, instead=good), list(error.faults)


async def _last_good(directory: Path, files: Iterable[str]) -> dict[str, str]:
    settings = load(directory, os.environ, instead=dict.fromkeys(files, ""))
    async with database(settings):
        found = {file: await store.newest_revision(file) for file in files}
    return {file: revision.text for file, revision in found.items() if revision is not None}


async def publish(settings: Settings, *, except_for: Iterable[Fault] = ()) -> None:
    """Make the texts of the good files the newest revisions, unless they are outdated, or were emptied or cut off."""
    broken = {Path(fault.file).name for fault in except_for}
    for file in REVISED:
        path = settings.directory / file
        text = None if file in broken else await asyncio.to_thread(find_text, path)
        if text is not None:
            try:
                await revise(file, text, found_in=str(path), at_start=True)
            except ConfigurationError as error:
                _tell(error.faults)
    if not settings.providers and (known := await store.providers()):
        path, names = settings.directory / PROVIDERS_FILE, ", ".join(sorted(known))
        _tell(
            [Fault(str(path), 1, f"names no provider, and this panel has bought from {names}")], kept="nothing to sell"
        )


def texts(directory: Path) -> Seen:
    """What the files say now; take them before the configuration is read, so that no later edit is missed."""
    return {file: _look(directory / file) for file in (*REVISED, PROVIDERS_FILE)}


async def follow_edits(panel: Panel, seen: Seen, stop: asyncio.Event) -> None:
    """Watch the configuration's folder until told to stop; `seen` is kept at what was looked at last."""
    directory, follower = panel.settings.directory, _Follower(panel, seen)
    # An edit in the moment before the watch begins raises no event, nor does one on many a network drive.
    watch = awatch(
        directory, stop_event=stop, debounce=300, step=50, recursive=False, rust_timeout=1000, yield_on_timeout=True
    )
    async for _ in watch:
        for file in seen:
            await follower.look(file)


def _look(path: Path) -> str | Fault | None:
    """Its text, or why there is none; None where there is no file."""
    try:
        return find_text(path)
    except ConfigurationError as error:
        return error.faults[0]


def _tell(faults: Iterable[Fault], *, kept: str = "the configuration as it was") -> None:
    for fault in faults:
        log.warning("configuration.refused", fault=str(fault), kept=kept)


class _Follower:
    """Takes the edits of one panel, each once; what is no edit is told, and changes nothing."""

    def __init__(self, panel: Panel, seen: Seen) -> None:
        self._panel = panel
        self._directory = panel.settings.directory
        self._seen = seen
        self._providers = told if isinstance(told := seen[PROVIDERS_FILE], str) else ""
        self._away: set[str] = set()

    async def look(self, file: str) -> None:
        """Editors take a file away for a moment: only one that stays away is told of."""
        now, before = await asyncio.to_thread(_look, self._directory / file), self._seen[file]
        if now == before or (now is None and file not in self._away):
            (self._away.add if now is None else self._away.discard)(file)
            return
        self._seen[file] = now
        if isinstance(now, str):
            await self._take(file, now)
        else:
            _tell([now or Fault(str(self._directory / file), 1, "is gone")])

    async def _take(self, file: str, text: str) -> None:
        try:
            await self._apply(file, text)
        except ConfigurationError as error:
            _tell(error.faults)
        except ProviderInUse as error:
            log.warning("configuration.refused", fault=f"{file}: {error}", kept="the configuration as it was")
        except Exception as error:  # noqa: BLE001  # whatever it is, the loop goes on
            tell_failure(log, "configuration.failed", error, file=file)
        else:
            log.info("configuration.taken", file=file)

    async def _apply(self, file: str, text: str) -> None:
        where, currency = str(self._directory / file), self._panel.settings.panel.currency
        if file == PROVIDERS_FILE:
            await self._apply_providers(text, where)
            return
        if file == MARKUP_FILE:
            await asyncio.to_thread(read_markup, text, where, currency=currency)
        else:
            await asyncio.to_thread(read_services, text, where)
        await revise(file, text, found_in=where)

    async def _apply_providers(self, text: str, where: str) -> None:
        timeout = self._panel.settings.pace.add_timeout_seconds
        providers = await asyncio.to_thread(
            read_providers, text, where, os.environ, base_of(self._directory), add_timeout_seconds=timeout
        )
        refuse_loss(self._providers, text, where)
        await self._panel.take_providers(providers)
        self._providers = text
