"""Everything that runs in one run: providers, databases, our own processes, which come back whenever they end."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from tests.chaos.books import Books
from tests.chaos.disk import MEGABYTES, Disk
from tests.chaos.processes import PATIENCE, ROOT, Answer, Child, Ended, Source, Stalled
from tests.chaos.proxy import Proxy
from tests.chaos.upstreams import ENTRY, RECIPES, Recipe, Upstream
from tests.servers import PostgresServer, RedisServer, create_database

LIFETIME = 0.8
"""Seconds that an order takes at a provider."""
PANEL = """
[database]
url = "{database}"
[cache]
url = "{cache}"
[limits]
requests_per_second = 0
[pace]
poll_seconds = 0.5
confirm_seconds = 0.2
sync_seconds = 5
add_timeout_seconds = 2
settle_seconds = 0
unsure_in_flight = 1000000
breaker_seconds = 0.2
give_up_seconds = 60
"""
SERVICES = """
import_rest = false
[[service]]
id = 1
name = "Followers"
category = "Instagram"
offers = ["alpha:1", "bravo:1", "carol:1"]
[[service]]
id = 2
name = "Likes"
category = "Instagram"
offers = ["bravo:2", "alpha:2"]
[[service]]
id = 3
name = "Views"
category = "Instagram"
offers = ["mallory:3", "alpha:3", "carol:3"]
"""
MARKUP = """
[default]
percent = 17
"""


class Scene(NamedTuple):
    """What a stage is set with: the providers by name, and what our files say."""

    recipes: Mapping[str, Recipe] = RECIPES
    panel: str = PANEL
    services: str = SERVICES
    markup: str = MARKUP
    entry: str = ENTRY
    """Of a provider in providers.toml."""
    cuts: bool = True
    """Whether PostgreSQL is reached through a proxy, which can cut it off and takes its time."""


STORM = Scene()


class Served:
    """One `aggregator serve`, started again whenever it ends, as a supervisor would."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.url = ""
        self.failpoints = ""
        """Of the next start only."""
        self.armed = False
        """Whether its failpoint may still be ahead."""
        self.deaths: Counter[int] = Counter()
        """By exit code, below zero for a signal."""
        self.crashes: list[str] = []
        """What it said last, where it ended by itself."""
        self.up = asyncio.Event()

    def __str__(self) -> str:
        """How it is, for whoever waits in vain."""
        state = "up" if self.up.is_set() else "coming up" if self.child.runs else "down"
        return f"{self.child.name} is {state}, ended so far {dict(self.deaths)}; it said last: {self.child.said[-800:]}"

    async def keep(self) -> None:
        """Run it until cancelled."""
        while True:
            failpoints, self.failpoints = self.failpoints, ""
            before = len(self.child.said)
            self.armed = bool(failpoints)
            try:
                self.url = await self.child.start(r"serves as \w+ on (.+)", failpoints)
                self.up.set()
            except (Ended, TimeoutError):
                self.child.tell(signal.SIGKILL)
                await asyncio.sleep(0.2)
            code = await self.child.ended()
            # A deployment may come before the program has loaded: nothing is to be drained yet, and the signal ends it.
            expected = (-signal.SIGKILL, 0) if self.up.is_set() else (-signal.SIGKILL, 0, -signal.SIGTERM)
            self.up.clear()
            self.deaths[code] += 1
            if code not in expected:
                self.crashes.append(f"{self.child.name} ended with {code}: {self.child.said[before:][-2000:]}")


class Stage:
    """A panel, its providers and its databases, with every lever that the nemesis pulls."""

    def __init__(
        self, folder: Path, database: str, *, root: Path = ROOT, megabytes: int = MEGABYTES, scene: Scene = STORM
    ) -> None:
        self.folder = folder
        self.scene = scene
        self.config = folder / "config"
        self.kind = database
        self.source = Source(root, folder)
        self.upstreams: list[Upstream] = []
        self.served: list[Served] = []
        self.postgres: PostgresServer | None = None
        self.redis: RedisServer | None = None
        self.database_proxy: Proxy | None = None
        self.disk = Disk(folder / "disk", megabytes)
        self.books = Books("")
        self._exits = AsyncExitStack()
        self._keepers: list[asyncio.Task[None]] = []
        self._commands = asyncio.Semaphore(2)

    @property
    def pids(self) -> list[int]:
        """Of our own processes that run now."""
        return [pid for served in self.served if (pid := served.child.pid) is not None]

    @property
    def urls(self) -> list[str]:
        """Where resellers may call."""
        return [served.url for served in self.served if served.url.startswith("http")]

    async def command(self, *words: object) -> Answer:
        """Run one of the owner's commands to its end, by the good source also where a broken one serves."""
        async with self._commands:
            return await self.source.run(*words, "--config", self.config)

    async def must(self, *words: object) -> Any:
        """A command that succeeds; its document."""
        answer = await self.command(*words)
        if answer.code:
            raise RuntimeError(f"{words}: {answer.document}")
        return answer.document

    async def open(self, roles: Sequence[str], *, lifetime: float = LIFETIME) -> None:
        """Start everything and wait until all of it answers."""
        self.config.mkdir(parents=True)
        self._exits.callback(self.disk.close)
        self.disk.open()
        self._exits.push_async_callback(self.source.close)
        await self.source.open()
        for name, recipe in self.scene.recipes.items():
            upstream = Upstream(name, recipe, self.source, self.folder, lifetime=lifetime, entry=self.scene.entry)
            self._exits.push_async_callback(upstream.close)
            self.upstreams.append(upstream)
        await asyncio.gather(*(upstream.open() for upstream in self.upstreams))
        database, cache = await self._open_databases()
        self._write(database, cache)
        await self.must("sync")
        for number, role in enumerate(roles):
            self._serve(f"{role}-{number}", role)
        await asyncio.gather(*(served.up.wait() for served in self.served))

    async def let_go(self) -> None:
        """From now on what ends stays ended."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)

    async def close(self) -> None:
        """End everything, in any state."""
        await self.let_go()
        await asyncio.gather(*(served.child.kill() for served in self.served))
        await self._exits.aclose()

    async def calm(self) -> None:
        """End all disturbance: everything is up, nothing is armed any more. Raises `Stalled`."""
        self.disk.free(self.pids)
        for upstream in self.upstreams:
            await upstream.set_mode("up")
        for served in self.served:
            if served.armed:
                await served.child.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                for served in self.served:
                    await served.up.wait()
        except TimeoutError:
            raise Stalled(f"no panel came up in {PATIENCE} s", *self.served) from None
        await self.books.let_leases_run_out()

    async def audit(self) -> list[str]:
        """The promises that are broken; raises ConnectionError where the database was away."""
        answer = await self.command("audit")
        if "promises" not in answer.document:
            raise ConnectionError(answer.document)
        if answer.document["failure"] is not None:
            raise ConnectionError(answer.document["failure"])
        return [f"{one['promise']}: {one['rows'][:3]}" for one in answer.document["promises"] if one["broken"]]

    def _serve(self, name: str, role: str) -> None:
        log = self.folder / f"{name}.log"
        port = () if role == "worker" else ("--port", "0")
        command = ("serve", "--role", role, *port, "--config", str(self.config))
        served = Served(Child(self.source, log, *command))
        self.served.append(served)
        self._keepers.append(asyncio.create_task(served.keep()))

    async def _open_databases(self) -> tuple[str, str]:
        if self.kind == "sqlite":
            url = f"sqlite:///{self.disk.folder / 'aggregator.sqlite'}"
            self.books = Books(url)
            return url, "memory://"
        self.postgres = await asyncio.to_thread(PostgresServer)
        self._exits.callback(self.postgres.stop)
        self.redis = RedisServer()
        self._exits.callback(self.redis.stop)
        direct = await self._database_on_disk(self.postgres)
        self.books = Books(direct)
        if not self.scene.cuts:
            return direct, self.redis.url
        self.database_proxy = Proxy(self.postgres.port)
        self._exits.push_async_callback(self.database_proxy.close)
        await self.database_proxy.open()
        through = urlsplit(direct)._replace(netloc=f"postgres@127.0.0.1:{self.database_proxy.port}")
        return urlunsplit(through), self.redis.url

    async def _database_on_disk(self, server: PostgresServer) -> str:
        """Only tables and indexes are on the small disk: without room for its log PostgreSQL just crashes."""
        url = create_database(server.url)
        if self.disk.is_own:
            place = self.disk.folder / "tables"
            self.folder.chmod(0o711)  # root's database is nobody's process
            server.lend(place)
            keeper = Books(server.url)
            await keeper.rows(f"create tablespace small location '{place}'")
            await keeper.rows(f"alter database {urlsplit(url).path[1:]} set tablespace small")
        return url

    def _write(self, database: str, cache: str) -> None:
        scene = self.scene
        files = {
            "aggregator.toml": scene.panel.format(database=database, cache=cache),
            "services.toml": scene.services,
            "markup.toml": scene.markup,
            "providers.toml": "".join(upstream.as_toml() for upstream in self.upstreams),
        }
        for name, text in files.items():
            (self.config / name).write_text(text)

    async def reseller(self, name: str, funds: Decimal) -> str:
        """Take in a reseller; the key."""
        return str((await self.must("resellers", "add", name, "--funds", f"{funds:f}"))["key"])


@asynccontextmanager
async def staged(
    folder: Path,
    database: str,
    roles: Sequence[str],
    *,
    root: Path = ROOT,
    lifetime: float = LIFETIME,
    megabytes: int = MEGABYTES,
    scene: Scene = STORM,
) -> AsyncIterator[Stage]:
    """A stage for the length of a block; whatever happens inside, nothing of it runs afterwards.

    The disk of its database holds so many `megabytes`.
    """
    stage = Stage(folder, database, root=root, megabytes=megabytes, scene=scene)
    try:
        await stage.open(roles, lifetime=lifetime)
        yield stage
    finally:
        await stage.close()
