"""Edits of the configuration: a good one takes effect at once and everywhere, a broken one keeps the old."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

import structlog
from watchfiles import awatch

from aggregator.app import Panel, ProviderInUse, database
from aggregator.catalog import store
from aggregator.catalog.prices import revise
from aggregator.settings import (
    MARKUP_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    ConfigurationError,
    Fault,
    Settings,
    base_of,
    load,
    read_markup,
    read_providers,
    read_services,
    read_text,
)

log = structlog.get_logger(__name__)
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
    """Make the texts of the good files the newest revisions, unless they are outdated."""
    broken = {Path(fault.file).name for fault in except_for}
    for file in REVISED:
        path = settings.directory / file
        if file not in broken and path.exists():
            await revise(file, read_text(path), at_start=True)


def texts(directory: Path) -> dict[str, str | None]:
    """What the files say now; take them before the configuration is read, so that no later edit is missed."""
    return {file: _text(directory / file) for file in (*REVISED, PROVIDERS_FILE)}


async def follow_edits(panel: Panel, seen: dict[str, str | None], stop: asyncio.Event) -> None:
    """Watch the configuration's folder until told to stop; `seen` is kept at what was looked at last."""
    directory = panel.settings.directory
    # An edit in the moment before the watch begins raises no event, nor does one on many a network drive.
    watch = awatch(
        directory, stop_event=stop, debounce=300, step=50, recursive=False, rust_timeout=1000, yield_on_timeout=True
    )
    async for _ in watch:
        for file, before in seen.items():
            now = _text(directory / file)
            if now is not None and now != before:
                seen[file] = now
                await _take(panel, file, now)


def _text(path: Path) -> str | None:
    """None where there is no text: editors take a file away for a moment, and that is no edit."""
    try:
        return read_text(path) if path.exists() else None
    except (ConfigurationError, OSError):
        return None


async def _take(panel: Panel, file: str, text: str) -> None:
    try:
        await _apply(panel, file, text)
    except ConfigurationError as error:
        for fault in error.faults:
            log.warning("configuration.refused", fault=str(fault), kept="the configuration as it was")
    except ProviderInUse as error:
        log.warning("configuration.refused", fault=f"{file}: {error}", kept="the configuration as it was")
    except Exception as error:
        log.exception("configuration.failed", file=file, error=type(error).__name__)
    else:
        log.info("configuration.taken", file=file)


async def _apply(panel: Panel, file: str, text: str) -> None:
    directory, currency = panel.settings.directory, panel.settings.panel.currency
    where = str(directory / file)
    if file == PROVIDERS_FILE:
        timeout = panel.settings.pace.add_timeout_seconds
        providers = read_providers(text, where, os.environ, base_of(directory), add_timeout_seconds=timeout)
        await panel.take_providers(providers)
        return
    if file == MARKUP_FILE:
        read_markup(text, where, currency=currency)
    else:
        read_services(text, where)
    await revise(file, text)
