"""Commands that put a file in force as it is: what is no edit of a running panel may still be meant."""

from __future__ import annotations

import os
from pathlib import Path

import rich_click as click

from aggregator.catalog.shelf.drafts import Overtaken
from aggregator.cli.opened import opened
from aggregator.cli.prices import prices
from aggregator.cli.root import Context, Failure, actor, command
from aggregator.cli.services import services
from aggregator.settings import MARKUP_FILE, SERVICES_FILE, find_text, load
from aggregator.settings.files import CannotWrite
from aggregator.storage.opening import database

_FILE = click.argument("file", required=False, type=click.Path(dir_okay=False))
_REASON = click.option("--reason", default="", help="Why, for the record.")


@command(prices, "apply")
@_FILE
@_REASON
async def apply_markup(context: Context, file: str | None, reason: str) -> None:
    """Put a markup file in force, whatever it has lost: the one given, else markup.toml as it is."""
    await _apply(context, MARKUP_FILE, file, reason)


@command(services, "apply")
@_FILE
@_REASON
async def apply_services(context: Context, file: str | None, reason: str) -> None:
    """Put a file of services in force, whatever it has lost: the one given, else services.toml as it is."""
    await _apply(context, SERVICES_FILE, file, reason)


async def _apply(context: Context, name: str, file: str | None, reason: str) -> None:
    path = Path(file) if file else context.directory / name
    text = find_text(path)
    if text is None:
        raise Failure(f"there is no file {path}")
    settings = load(context.directory, os.environ, instead={name: text})
    async with database(settings), opened(settings, publish=False) as panel:
        edits = panel.edits()
        try:
            begun = await edits.draft(name)
            saved = await edits.save(name, text, base=begun.base, actor=actor(), reason=reason)
        except (Overtaken, CannotWrite) as error:
            raise Failure(str(error)) from error
    context.print({"file": name, "revision": saved.id}, text=f"{name} is in force as revision {saved.id}")
