"""A folder of TOML files and the environment become one frozen Settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from aggregator.settings.addresses import (
    DEFAULT_CACHE,
    DEFAULT_DATABASE,
    BadAddress,
    read_address,
    read_cache_url,
    read_database_url,
)
from aggregator.settings.faults import ConfigurationError, Fault
from aggregator.settings.fields import Table
from aggregator.settings.markup import MarkupFile, markup_of
from aggregator.settings.panel import Limits, PaceSettings, PanelSettings, read_limits, read_pace, read_panel
from aggregator.settings.providers import ProviderSettings, providers_of
from aggregator.settings.secrets import SecretMissing, Vault
from aggregator.settings.services import ServicesFile, services_of
from aggregator.settings.toml import TomlFile, find_text

T = TypeVar("T")
PANEL_FILE = "aggregator.toml"
PROVIDERS_FILE = "providers.toml"
SERVICES_FILE = "services.toml"
MARKUP_FILE = "markup.toml"
DATABASE_VARIABLE = "AGGREGATOR_DATABASE_URL"
CACHE_VARIABLE = "AGGREGATOR_CACHE_URL"
SEAL_VARIABLE = "AGGREGATOR_SECRET"
SHORTEST_SECRET = 32


_EMPTY = "is empty: a panel that runs, or has run, with more than this keeps what it had"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything the owner decided, as it stood when it was read."""

    panel: PanelSettings
    database_url: str
    """SQLite paths are absolute here; may hold a password, as the next one."""
    cache_url: str
    limits: Limits
    pace: PaceSettings
    providers: tuple[ProviderSettings, ...]
    services: ServicesFile
    markup: MarkupFile
    directory: Path
    """The folder that was read, as it was given."""
    secrets: tuple[str, ...] = ()
    """The panel's own, by which it seals what the database keeps: the first seals, all open; empty = one of a file."""
    notices: tuple[Fault, ...] = ()
    """What the owner should know, though it stops nothing."""

    def __repr__(self) -> str:
        return f"Settings({str(self.directory)!r}, {self.panel.name!r}, {len(self.providers)} providers)"


def load(directory: Path, environ: Mapping[str, str], *, instead: Mapping[str, str] | None = None) -> Settings:
    """Read the configuration in `directory`; absent files count as empty.

    `instead` gives texts to read in place of files, by file name.
    Relative paths start at the folder that holds it. Raises `ConfigurationError` with the faults of all files.
    """
    if not directory.is_dir():
        message = "is not a folder: make it, or name another with --config or AGGREGATOR_CONFIG"
        raise ConfigurationError([Fault(str(directory), 1, message)])
    return _Loader(directory, environ, instead or {}).load()


def base_of(directory: Path) -> Path:
    """The absolute folder that holds the configuration folder: where relative paths start."""
    # A linked folder is where it is seen, not where its link leads: that is where its owner counts from.
    return Path(os.path.abspath(directory)).parent  # noqa: PTH100 - resolve() would follow the link


class _Loader:
    """Reads file after file and keeps going past faults, so that one run shows them all."""

    def __init__(self, directory: Path, environ: Mapping[str, str], instead: Mapping[str, str]) -> None:
        self.directory = directory
        self.instead = instead
        self.environ = environ
        self.base = base_of(directory)
        self.vault = Vault(environ, self.base)
        self.faults: list[Fault] = []
        self.notices: list[Fault] = []

    def load(self) -> Settings:
        settings = self.read()
        if self.faults:
            raise ConfigurationError(self.faults)
        return replace(settings, notices=tuple(self.notices))

    def read(self) -> Settings:
        main = self.open(PANEL_FILE)
        panel = read_panel(main.root.table("panel"))
        limits = read_limits(main.root.table("limits"))
        pace = read_pace(main.root.table("pace"))
        database, cache = self.read_database(main.root.table("database")), self.read_cache(main.root.table("cache"))
        # Beside an unreadable panel currency, good rates of exchange must not look wrong.
        currency = "" if self.close(main) else panel.currency
        return Settings(
            panel=panel,
            database_url=database,
            cache_url=cache,
            limits=limits,
            pace=pace,
            providers=self.ask(PROVIDERS_FILE, lambda file: providers_of(file, self.vault, pace.add_timeout_seconds)),
            services=self.ask(SERVICES_FILE, services_of),
            markup=self.ask(MARKUP_FILE, lambda file: markup_of(file, currency)),
            directory=self.directory,
            secrets=self.read_secrets(),
        )

    def read_database(self, table: Table) -> str:
        def read(url: str) -> str:
            return read_database_url(url, self.base)

        return self.overridden(DATABASE_VARIABLE, table, read) or read(DEFAULT_DATABASE)

    def read_cache(self, table: Table) -> str:
        return self.overridden(CACHE_VARIABLE, table, read_cache_url) or DEFAULT_CACHE

    def overridden(self, variable: str, table: Table, read: Callable[[str], str]) -> str | None:
        """The address from the environment, else from the file; what the file says is then not even opened."""
        given = self.environ.get(variable, "").strip()
        if not given:
            return read_address(table, "url", None, self.vault, read)
        table.take("url")
        try:
            return read(given)
        except BadAddress as error:
            self.faults.append(Fault(f"${variable}", 1, str(error)))
            return None

    def read_secrets(self) -> tuple[str, ...]:
        """The panel's own secret, or several with blanks between."""
        try:
            given = self.environ.get(SEAL_VARIABLE, "").strip()
            found = tuple(self.vault.open(given).split()) if given else ()
        except SecretMissing as error:
            self.faults.append(Fault(f"${SEAL_VARIABLE}", 1, str(error)))
            return ()
        if any(len(secret) < SHORTEST_SECRET for secret in found):
            message = f"must have at least {SHORTEST_SECRET} characters: openssl rand -hex 32 makes one"
            self.faults.append(Fault(f"${SEAL_VARIABLE}", 1, message))
        return found

    def ask(self, name: str, read: Callable[[TomlFile], T]) -> T:
        reading = self.open(name)
        found = read(reading)
        self.close(reading)
        return found

    def open(self, name: str) -> TomlFile:
        file = self.directory / name
        try:
            given = self.instead.get(name)
            text = find_text(file) if given is None else given
            if text is not None and given is None and not text.strip() and name != PANEL_FILE:
                self.notices.append(Fault(str(file), 1, _EMPTY))
            return TomlFile(text or "", str(file))
        except ConfigurationError as error:
            self.faults.extend(error.faults)
            return TomlFile("", str(file))

    def close(self, reading: TomlFile) -> list[Fault]:
        faults = reading.end()
        self.faults.extend(faults)
        self.notices.extend(reading.notices)
        return faults
