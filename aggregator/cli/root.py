"""What all commands share: --config and --json, how results are printed, and how failures end."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import rich_click as click

from aggregator import __version__
from aggregator.cli.later import Later, Places
from aggregator.cli.printing import Row, plain, print_json, print_table
from aggregator.errors import CannotBeDone
from aggregator.settings import (
    MARKUP_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    Settings,
    directory_of,
    load,
)

__all__ = ["Context", "Failure", "Row", "actor", "command", "root", "when"]

PLACES: Places = {
    "audit": ("audits", "Prove every promise about money and orders; exit 1 where one is broken."),
    "check": ("panel", "Read the configuration and show every fault as file:line: message."),
    "demo": ("running", "Show the whole job on a scratch database with two sandbox providers, then keep serving."),
    "init": ("init", "Write a working configuration, asking step by step; or one for two sandboxes."),
    "keys": ("keys", "What resellers prove themselves with."),
    "migrate": ("panel", "Bring the database up to date."),
    "orders": ("orders", "What was ordered, and what only the owner can decide."),
    "owners": ("owners", "Who may open the console: take in, list, let in again."),
    "prices": ("prices", "What the rules make of the providers' prices."),
    "providers": (
        "providers",
        "Show each provider: balance, health, services, last sync; or try one, or say what its words mean.",
    ),
    "resellers": ("resellers", "Who buys: take in, fund, correct, freeze."),
    "sandbox": ("running", "Serve an upstream panel to try against: its orders do what their link says."),
    "serve": ("running", "Run the panel: the API and the work behind it. Migrates the database first."),
    "services": (
        "services",
        "Show what is on the shelf; or what changed at the providers, what is held, and what is the same thing.",
    ),
    "sync": ("sync", "Read the catalogue of one provider, or of all, now; show what changed."),
}
"""Every command: the module that adds it, and what the list of all says of it."""


class Failure(Exception):
    """A command that found something wanting; `document` is printed instead of the text with --json."""

    def __init__(self, text: str = "", *, document: Any = None) -> None:
        super().__init__(text)
        self.document = document


@click.group(
    cls=Later,
    later={name: (f"aggregator.cli.{module}", told) for name, (module, told) in PLACES.items()},
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="aggregator")
def root() -> None:
    """One SMM panel in front of many: resellers order here, the cheapest provider delivers."""


class Context:
    """What a command is given: the configuration, and a way to print."""

    def __init__(self, directory: str | None, *, as_json: bool) -> None:
        self.directory = directory_of(os.environ, directory)
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
            print_json(document)
        elif text is not None:
            if text:
                click.echo(text)
        else:
            for name, value in document.items():
                click.echo(f"{name}: {plain(value)}")

    def print_rows(self, rows: Sequence[Row], *, columns: Sequence[str], empty: str) -> None:
        """A list: as JSON with every field, or as a table of some."""
        if self.as_json:
            print_json(rows)
        elif not rows:
            click.echo(empty)
        else:
            print_table(rows, columns)


Body = Callable[..., Awaitable[None]]


LOG = click.option(
    "--log",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="AGGREGATOR_LOG",
    help="How lines of the log on stderr are written [text].",
)


def command(
    group: click.Group, name: str, *, signed: bool = False, serves: bool = False, quiet: bool = False
) -> Callable[[Body], Body]:
    """Add an async command that takes --config, --json and --log; its docstring is its help.

    `signed`: -5 may be an argument, which click would take for an option. `serves`: it answers calls until it is ended.
    `quiet`: it tells a story, in which only an error of the log has a place.
    """

    def add(body: Body) -> Body:
        @functools.wraps(body)
        def run(*, config: str | None, as_json: bool, log: str, **given: Any) -> None:
            from aggregator import logs  # noqa: PLC0415  # whoever asks for help needs no log

            context = Context(config, as_json=as_json)
            logs.set_up(form=logs.Form(log), least=logging.ERROR if quiet else logging.INFO)
            sys.exit(_run(context, body(context, **given), serves=serves))

        run = LOG(run)
        run = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")(run)
        run = click.option("--config", metavar="DIR", help="The configuration's folder [./config].")(run)
        group.command(name, context_settings={"ignore_unknown_options": signed})(run)
        return body

    return add


def _run(context: Context, work: Awaitable[None], *, serves: bool) -> int:
    try:
        with asyncio.Runner(loop_factory=_fast_loop() if serves else None) as runner:
            runner.run(_await(work))
    except Failure as error:
        return _fail(context, str(error), error.document)
    except CannotBeDone as error:
        return _fail(context, str(error))
    except (KeyboardInterrupt, BrokenPipeError):
        return 1
    except Exception as error:
        if not _is_unusable(error):
            raise
        return _fail(context, f"the database cannot be used: {type(error).__name__}: {error}")
    return 0


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    from uvicorn.loops.auto import auto_loop_factory  # noqa: PLC0415  # brings the whole server

    return auto_loop_factory()


def _is_unusable(error: Exception) -> bool:
    from aggregator.storage.engine import is_no_database, is_unreachable  # noqa: PLC0415  # brings the drivers

    return is_unreachable(error) or is_no_database(error)


async def _await(work: Awaitable[None]) -> None:
    await work


def _fail(context: Context, text: str, document: Any = None) -> int:
    if context.as_json:
        print_json({"error": text, **document} if isinstance(document, dict) else document or {"error": text})
    elif text:
        click.echo(text, err=True)
    return 1


def actor() -> str:
    """Who decides at the command line: the system's user."""
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or os.environ.get("LOGNAME") or f"uid-{os.getuid()}"


def when(milliseconds: int | None) -> str | None:
    """A moment as RFC 3339 in UTC."""
    from aggregator.storage import clock  # noqa: PLC0415  # most commands that tell moments have loaded it anyway

    return None if milliseconds is None else clock.tell(milliseconds)
