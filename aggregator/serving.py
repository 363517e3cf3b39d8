"""Runs a panel as a process: the HTTP server, the loops, and the only instance where only one may be."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any

import uvicorn

from aggregator.app import Panel
from aggregator.live import follow_edits
from aggregator.settings import Settings
from aggregator.storage.engine import Postgres
from aggregator.storage.transaction import engine

_INSTANCE_LOCK = 7_204_180_532  # any number that no other program uses on this database
GRACE_SECONDS = 5


class AlreadyServing(Exception):
    """Another process serves where only one may."""


class Server(uvicorn.Server):
    """uvicorn without its own handling of signals: the panel drains before the process ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(application: Any) -> Server:
    """A server for an application; run it with `serve(sockets=[...])`."""
    return Server(
        uvicorn.Config(
            application,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=30,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError where the address is taken. Port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only for sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def only_instance(settings: Settings) -> AsyncIterator[None]:
    """Hold the place of this process; raises `AlreadyServing` where there may be only one."""
    bound = engine()
    if isinstance(bound, Postgres):
        async with _held_on_postgres(settings):
            yield
        return
    with _held_on_sqlite(Path(bound.path)):
        yield


@contextmanager
def _held_on_sqlite(path: Path) -> Iterator[IO[str]]:
    with path.with_name(path.name + ".serving").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = (
                f"another process serves {path} already: SQLite takes one `serve`;"
                " for several use a postgresql:// database and a redis:// cache"
            )
            raise AlreadyServing(message) from error
        yield file


@asynccontextmanager
async def _held_on_postgres(settings: Settings) -> AsyncIterator[None]:
    """Processes with a cache of their own exclude all others; those that share a Redis only such ones."""
    bound = engine()
    assert isinstance(bound, Postgres)
    shared = not settings.cache_url.startswith("memory:")
    connection = await bound.get_new_connection()
    try:
        function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        if not await connection.fetchval(f"select {function}({_INSTANCE_LOCK})"):
            message = (
                "another process serves this database already: several need the same redis:// cache in [cache] url"
            )
            raise AlreadyServing(message)
        yield
    finally:
        await connection.close()


async def serve(panel: Panel, *, listener: socket.socket | None, role: str, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; then drain."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    panel.start_looking()
    if role != "web":
        await panel.start_working()
    server = make_server(panel.asgi(with_api=role != "worker"))
    edits = asyncio.create_task(follow_edits(panel, stop))
    serving = asyncio.create_task(server.serve(sockets=[listener])) if listener is not None else None
    ready()
    try:
        await stop.wait()
    finally:
        server.should_exit = True
        if serving is not None:
            await serving
        await edits
        await panel.stop()
