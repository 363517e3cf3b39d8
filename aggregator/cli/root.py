"""What all commands share: --config and --json, how results are printed, and how failures end."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table
from uvicorn.loops.auto import auto_loop_factory

from aggregator import logs
from aggregator.app import ProviderInUse
from aggregator.catalog.decide import NothingHeld
from aggregator.catalog.suggestions import NoFreeId
from aggregator.orders.resolve import Undecidable
from aggregator.resellers.accounts import Refusal
from aggregator.serving import AlreadyServing
from aggregator.settings import (
    MARKUP_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    ConfigurationError,
    Settings,
    load,
)
from aggregator.storage import clock
from aggregator.storage.engine import is_no_database, is_unreachable
from aggregator.storage.migrations import NewerDatabase

Row = dict[str, Any]

EXPECTED = (Refusal, Undecidable, AlreadyServing, ProviderInUse, NewerDatabase, NothingHeld, NoFreeId)
"""Errors whose text is the whole answer."""


class Failure(Exception):
    """A command that found something wanting; `document` is printed instead of the text with --json."""

    def __init__(self, text: str = "", *, document: Any = None) -> None:
        super().__init__(text)
        self.document = document


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="aggregator", prog_name="aggregator")
def root() -> None:
    """One SMM panel in front of many: resellers order here, the cheapest provider delivers."""


class Context:
    """What a command is given: the configuration, and a way to print."""

    def __init__(self, directory: str | None, *, as_json: bool) -> None:
        self.directory = Path(directory or os.environ.get("AGGREGATOR_CONFIG") or "config")
        self.as_json = as_json

    def settings(self) -> Settings:
        return load(self.directory, os.environ)

    def settings_of(self, *files: str) -> Settings:
        """What aggregator.toml and these files say: a fault in another one stops no command that does not need it."""
        others = {PROVIDERS_FILE, SERVICES_FILE, MARKUP_FILE}.difference(files)
        return load(self.directory, os.environ, instead=dict.fromkeys(others, ""))

    def print(self, document: Any, *, text: str | None = None) -> None:
        """An object: as JSON, or as the text given, or a line a field."""
        if self.as_json:
            _print_json(document)
        elif text is not None:
            click.echo(text)
        else:
            for name, value in document.items():
                click.echo(f"{name}: {_plain(value)}")

    def print_rows(self, rows: Sequence[Row], *, columns: Sequence[str], empty: str) -> None:
        """A list: as JSON with every field, or as a table of some."""
        if self.as_json:
            _print_json(rows)
        elif not rows:
            click.echo(empty)
        else:
            table = Table(*columns, box=None, pad_edge=False, header_style="bold")
            for row in rows:
                table.add_row(*(_plain(row[column]) for column in columns))
            Console(width=None if sys.stdout.isatty() else 200).print(table)


Body = Callable[..., Awaitable[None]]


def command(group: click.Group, name: str, *, signed: bool = False) -> Callable[[Body], Body]:
    """Add an async command that takes --config and --json; its docstring is its help.

    `signed`: -5 may be an argument, which click would take for an option.
    """

    def add(body: Body) -> Body:
        @functools.wraps(body)
        def run(*, config: str | None, as_json: bool, **given: Any) -> None:
            context = Context(config, as_json=as_json)
            logs.set_up()
            sys.exit(_run(context, body(context, **given)))

        run = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(run)
        run = click.option("--config", metavar="DIR", help="The configuration's folder [./config].")(run)
        group.command(name, context_settings={"ignore_unknown_options": signed})(run)
        return body

    return add


def _run(context: Context, work: Awaitable[None]) -> int:
    try:
        with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
            runner.run(_await(work))
    except ConfigurationError as error:
        return _fail(context, "\n".join(str(fault) for fault in error.faults))
    except Failure as error:
        return _fail(context, str(error), error.document)
    except EXPECTED as error:
        return _fail(context, str(error))
    except (KeyboardInterrupt, BrokenPipeError):
        return 1
    except Exception as error:
        if not (is_unreachable(error) or is_no_database(error)):
            raise
        return _fail(context, f"the database cannot be used: {type(error).__name__}: {error}")
    return 0


async def _await(work: Awaitable[None]) -> None:
    await work


def _fail(context: Context, text: str, document: Any = None) -> int:
    if context.as_json:
        _print_json({"error": text, **document} if isinstance(document, dict) else document or {"error": text})
    elif text:
        click.echo(text, err=True)
    return 1


def _print_json(document: Any) -> None:
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple):
        return msgspec.json.encode(value).decode()
    return str(value)


def when(milliseconds: int | None) -> str | None:
    """A moment as RFC 3339 in UTC."""
    return None if milliseconds is None else clock.tell(milliseconds)
