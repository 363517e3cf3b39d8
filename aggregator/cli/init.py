"""The command that writes a configuration that works: by asking, or for two sandboxes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec
import rich_click as click

from aggregator.cli.consent import interruptible
from aggregator.cli.root import Context, Failure, command, root
from aggregator.settings import (
    MARKUP_FILE,
    PANEL_FILE,
    PROVIDERS_FILE,
    SERVICES_FILE,
    Settings,
    cross_check,
    find_text,
    load,
)
from aggregator.settings.beginning import PANEL_LINES, Beginning, begin, sandboxes, starting_lines
from aggregator.settings.faults import ConfigurationError
from aggregator.settings.files import CannotWrite, keep_secret, write_text
from aggregator.settings.secrets import is_reference

FILES = (PANEL_FILE, PROVIDERS_FILE, SERVICES_FILE, MARKUP_FILE)


@command(root, "init")
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--sandbox", is_flag=True, help="Ask nothing: for two sandboxes on ports 9001 and 9002.")
async def init(context: Context, directory: str | None, sandbox: bool) -> None:
    """Write a working configuration, asking step by step; or one for two sandboxes.

    It is written into DIR, else where --config says. Files that are there keep what they say; a configuration that
    names a provider already is left alone.
    """
    folder = Path(directory) if directory else context.directory
    made = _make(folder)
    try:
        found = {file: find_text(folder / file) for file in FILES}
        settings = _settings_of(folder, found)
        said = sandboxes() if sandbox else await _ask(settings)
        written = _write(folder, found, said)
    except BaseException:
        with suppress(OSError):
            if made:
                folder.rmdir()
        raise
    lines = starting_lines() if sandbox else ["aggregator sync", *PANEL_LINES]
    if folder != Path("config"):
        lines.insert(0, f"export AGGREGATOR_CONFIG={shlex.quote(str(folder))}")
    text = "\n".join([f"wrote {', '.join(written)}", "", "What comes next:", "", *(f"  {line}" for line in lines)])
    context.print({"files": written, "next": lines}, text=text)


async def _ask(settings: Settings) -> Beginning:
    from aggregator.cli.asking import ask  # noqa: PLC0415  # providers are tried: brings the HTTP client

    with interruptible():
        return await ask(settings)


def _make(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return False
    except OSError as error:
        raise Failure(f"{folder} cannot be made: {error.strerror}") from error
    return True


def _settings_of(folder: Path, found: Mapping[str, str | None]) -> Settings:
    """What is there already. Raises `Failure` where that is a configuration with providers."""
    settings = load(folder, os.environ, instead={file: text or "" for file, text in found.items()})
    if settings.providers:
        names = ", ".join(one.profile.name for one in settings.providers)
        raise Failure(f"{folder / PROVIDERS_FILE} names {names} already: nothing is changed; init DIR begins elsewhere")
    return settings


def _write(folder: Path, found: Mapping[str, str | None], said: Beginning) -> list[str]:
    """Checked as a whole before anything is kept; the paths of what was written."""
    _check(folder, begin(found, said))
    try:
        kept = [_without_key(folder, block) for block in said.providers]
        texts = begin(found, msgspec.structs.replace(said, providers=kept))
        changed = {file: text for file, text in texts.items() if text != found[file]}
        for file, text in changed.items():
            write_text(folder / file, text)
    except CannotWrite as error:
        raise Failure(str(error)) from error
    return [str(folder / file) for file in changed]


def _check(folder: Path, texts: Mapping[str, str]) -> None:
    faults = cross_check(load(folder, os.environ, instead=texts)).faults
    if faults:
        raise ConfigurationError(list(faults))


def _without_key(folder: Path, block: Mapping[str, object]) -> dict[str, str | int | bool | None]:
    """A key that was typed lies in a file for us alone; one that says where it is stays as it is."""
    values = {name: value for name, value in block.items() if isinstance(value, str | int | bool)}
    key = str(values["key"])
    return {**values, "key": key if is_reference(key) else keep_secret(folder, str(values["name"]), key)}
