"""Piccolo's own commands work on the configured database, and change nothing in it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aggregator.storage import tables
from tests.builders import make_reseller, open_database
from tests.house.source import ROOT

WRITES = """
import asyncio
from piccolo_conf import DB
from aggregator.storage.tables import Reseller
asyncio.run(Reseller.update({Reseller.name: "mallory"}, force=True).run())
"""


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    """A configuration whose database has one reseller; the other files are broken."""

    async def fill() -> None:
        async with open_database(database_url):
            await make_reseller("ann")

    asyncio.run(fill())
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "aggregator.toml").write_text(f'[database]\nurl = "{database_url}"\n')
    (folder / "services.toml").write_text("nonsense")
    return folder


def run(config: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python as a developer would, in the folder of the project."""
    environ = {**os.environ, "AGGREGATOR_CONFIG": str(config), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


def piccolo(config: Path, *arguments: str) -> str:
    """What one of its commands says."""
    ended = run(config, "-m", "piccolo.main", *arguments)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def names(url: str) -> Sequence[str]:
    """The resellers, and every table that there is."""

    async def ask() -> list[str]:
        async with open_database(url):
            rows = await tables.Reseller.select(tables.Reseller.name)
            there = await tables.Reseller.raw(_TABLES[urlsplit(url).scheme])
            return [*(row["name"] for row in rows), *(str(row["name"]) for row in there)]

    return asyncio.run(ask())


_TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table' order by name",
    "postgresql": "select tablename as name from pg_tables where schemaname = 'public' order by tablename",
}


def test_rows_are_read(config: Path) -> None:
    """The database is the configured one, and the tables are ours."""
    told = piccolo(config, "fixtures", "dump", "aggregator", "--tables=Reseller,Wallet")
    dumped = json.loads(told[told.index("{") :])["aggregator"]
    assert [row["name"] for row in dumped["Reseller"]] == ["ann"]
    assert [row["currency"] for row in dumped["Wallet"]] == ["USD"]


def test_the_schema_is_drawn(config: Path, tmp_path: Path) -> None:
    """With every table on the page of tables; into a file, since Piccolo may cut what goes into a full pipe."""
    piccolo(config, "schema", "graph", f"--output={tmp_path / 'schema.dot'}")
    drawn = (tmp_path / "schema.dot").read_text()
    assert [table.__name__ for table in tables.TABLES if table.__name__ not in drawn] == []


def test_nothing_is_changed(config: Path, database_url: str) -> None:
    """Neither does a command make a table of its own, nor can a row be written past the stores."""
    before = names(database_url)
    piccolo(config, "schema", "graph")
    refused = run(config, "-c", WRITES)
    assert refused.returncode != 0
    assert "read" in refused.stderr.lower()
    assert names(database_url) == before


def test_a_faulty_configuration_is_told(tmp_path: Path) -> None:
    """In the words of the panel, not as a traceback."""
    ended = run(tmp_path / "nowhere", "-m", "piccolo.main", "schema", "graph")
    assert ended.returncode != 0
    assert "is not a folder" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_tables_of_postgresql_are_described(tmp_path: Path, fresh_postgres: str) -> None:
    """Piccolo reads them back as classes, on the one engine on which it can."""

    async def make() -> None:
        async with open_database(fresh_postgres):
            pass

    asyncio.run(make())
    (tmp_path / "aggregator.toml").write_text(f'[database]\nurl = "{fresh_postgres}"\n')
    described = piccolo(tmp_path, "schema", "generate")
    assert "class Resellers(Table" in described
