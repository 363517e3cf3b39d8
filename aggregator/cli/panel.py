"""Commands that look after a panel and need nothing of it but its files and its database: check, migrate."""

from __future__ import annotations

import os

import rich_click as click

from aggregator.catalog import store as catalog_store
from aggregator.catalog.shelf.merging import mixed_types
from aggregator.cli.moved import moved
from aggregator.cli.root import Context, Failure, command, root
from aggregator.settings import SERVICES_FILE, ConfigurationError, Fault, Settings, cross_check, load
from aggregator.storage import migrations
from aggregator.storage.opening import database, look_up


@command(root, "check")
async def check(context: Context) -> None:
    """Read the configuration and show every fault as file:line: message."""
    try:
        settings = load(context.directory, os.environ)
        findings = cross_check(settings)
        faults = [*findings.faults, *await _mixed_types(settings)]
        notices = [*settings.notices, *findings.notices, *await moved(settings)]
    except ConfigurationError as error:
        faults, notices = list(error.faults), []
    for line in (*faults, *(f"{notice} (warning)" for notice in notices)) if not context.as_json else ():
        click.echo(line)
    document = {"faults": [str(fault) for fault in faults], "warnings": [str(notice) for notice in notices]}
    if faults:
        raise Failure(f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}", document=document)
    context.print(document, text=f"{context.directory}: in order")


async def _mixed_types(settings: Settings) -> list[Fault]:
    """Told by the catalogues that were read; none where the database is not there, or not up to date."""
    types = await look_up(settings, catalog_store.listed_types) or {}
    file = str(settings.directory / SERVICES_FILE)
    return [fault for entry in settings.services.services for fault in mixed_types(file, entry, types)]


@command(root, "migrate")
async def migrate(context: Context) -> None:
    """Bring the database up to date."""
    settings = context.settings_of()
    async with database(settings):
        missing = await migrations.missing()
    context.print({"migrated": not missing}, text="the database is up to date")
