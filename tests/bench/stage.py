"""What is measured stands here: panels as processes over databases that a run has filled."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from tests.servers import DurablePostgresServer, RedisServer, create_database

_PATIENCE = 60
_PROVIDERS = """
[[provider]]
name = "alpha"
url = "http://127.0.0.1:9/api/v2"
key = "literal"
preset = "perfectpanel"
currency = "USD"
"""
_SETTINGS = """
[database]
url = "{database}"
[cache]
url = "{cache}"
[limits]
requests_per_second = {limit}
burst = {burst}
[pace]
sync_seconds = 86400
"""


class Serving:
    """A process that says on its standard error where it listens."""

    def __init__(self, folder: Path, command: Sequence[str], says: str) -> None:
        self._log = folder / f"{time.monotonic_ns()}.log"
        with self._log.open("wb") as log:
            environment = {name: value for name, value in os.environ.items() if not name.startswith("AGGREGATOR_")}
            self._process = subprocess.Popen(
                [sys.executable, "-m", *command], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )
        try:
            self.port = int(self._wait_for(says))
        except BaseException:
            self.stop()
            raise

    def _wait_for(self, pattern: str) -> str:
        until = time.monotonic() + _PATIENCE
        while not (found := re.search(pattern, self._log.read_text())):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"it did not come up:\n{self._log.read_text()}")
            time.sleep(0.02)
        return found[1]

    @property
    def said(self) -> str:
        return self._log.read_text()

    @property
    def cpu_seconds(self) -> float:
        """What it has computed so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory_mib(self) -> float:
        """What it holds now."""
        return memory_mib(self._process.pid)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def memory_mib(pid: int) -> float:
    """What a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def floor(folder: Path, sizes: Sequence[int]) -> Serving:
    """The floor, with a handler for each size of body."""
    return Serving(folder, ["tests.bench.floor", *map(str, sizes)], r"floor on (\d+)")


class Site:
    """A configuration folder over a database and a cache; any number of processes may serve it."""

    def __init__(self, folder: Path, database: str, cache: str, *, limit: int = 0, providers: str = _PROVIDERS) -> None:
        self.folder, self.database, self.cache = folder, database, cache
        self._config = folder / "config"
        self._config.mkdir(parents=True)
        settings = _SETTINGS.format(database=database, cache=cache, limit=limit, burst=60)
        (self._config / "aggregator.toml").write_text(settings)
        (self._config / "providers.toml").write_text(providers)
        (self._config / "markup.toml").write_text("[default]\npercent = 25\n")
        (self._config / "services.toml").write_text("import_rest = true\n")

    def serve_until(self, done: Callable[[], bool]) -> None:
        """Do all of a panel's work until that is done, or has taken too long."""
        served = self.serve("all")
        try:
            until = time.monotonic() + _PATIENCE
            while not done() and time.monotonic() < until:
                time.sleep(0.02)
        finally:
            served.stop()

    def serve(self, role: str = "web") -> Serving:
        command = ["aggregator", "serve", "--role", role, "--port", "0", "--config", str(self._config)]
        return Serving(self.folder, command, r"serves as \w+ on http://127\.0\.0\.1:(\d+)")


class Servers:
    """The PostgreSQL, which waits for the disk, and the Redis of a run."""

    def __enter__(self) -> Self:
        self.postgres = DurablePostgresServer()
        self.redis = RedisServer()
        return self

    def __exit__(self, *_: object) -> None:
        self.redis.stop()
        self.postgres.stop()

    def database(self) -> str:
        return create_database(self.postgres.url)

    def sites(self, folder: Path, name: str, providers: str) -> dict[str, Site]:
        """A new panel on each engine."""
        wide, small = folder / f"{name}-postgresql", folder / f"{name}-sqlite"
        return {
            "postgresql": Site(wide, self.database(), self.redis.url, providers=providers),
            "sqlite": Site(small, f"sqlite:///{folder}/{name}.sqlite", "memory://", providers=providers),
        }
