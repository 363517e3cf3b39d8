"""The tables as a Piccolo app, and the configured database as its commands find it: to look at, not to write to."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from piccolo.conf.apps import AppConfig
from piccolo.engine import Engine
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.sqlite import SQLiteEngine

from aggregator.storage.tables import TABLES

APP_CONFIG = AppConfig(
    app_name="aggregator", table_classes=list(TABLES), migrations_folder_path=Path(__file__).with_name("migrations")
)
"""Piccolo's own migrations find a folder that is not theirs, and a database in which they cannot make their table."""


def looked_at(url: str) -> Engine:  # type: ignore[type-arg]  # of whichever kind of transaction
    """Piccolo's plain engine of `sqlite:///path` or `postgresql://user:secret@host/name`, which refuses every write.

    Whatever is changed by hand past the stores breaks what an audit proves; and each of Piccolo's commands would first
    make a table of its own for migrations that there are none of.
    """
    if urlsplit(url).scheme == "sqlite":
        path = quote(unquote(url.removeprefix("sqlite:///")))
        return SQLiteEngine(path=f"file:{path}?mode=ro", uri=True)
    return PostgresEngine(config={"dsn": url, "server_settings": {"default_transaction_read_only": "on"}})
