"""Runs a panel as a process: the HTTP server, the loops, and the only instance where only one may be."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

import structlog
import uvicorn

from aggregator.app import Panel
from aggregator.config_watcher import Seen, follow_edits, publish
from aggregator.connections import ClientTimeouts, Connection, Waiting
from aggregator.errors import CannotBeDone
from aggregator.settings import Fault, Settings
from aggregator.storage.engine import Postgres, Sqlite, is_passing, is_unreachable
from aggregator.storage.opening import database
from aggregator.storage.transaction import engine
from aggregator.watchdog import Watchdog
from aggregator.web.site import warm_up
from aggregator.workers import Loop
from providers.registry import load_client

_INSTANCE_LOCK = 7_204_180_532  # any number that no other program uses on this database
GRACE_SECONDS = 5
AGAIN_SECONDS = 1
"""Between two looks for a database that is away at the start."""
WARM_UP_AFTER_SECONDS = 5
"""A process that starts again has orders to take and to follow first: compiling all pages takes a second."""
SWITCH_SECONDS = 0.0005
"""How long the thread that writes to SQLite waits for the interpreter while requests keep it busy, at each statement.

With Python's own five milliseconds a commit takes longer to get its turns than to do its work.
"""

log = structlog.get_logger(__name__)


class AlreadyServing(CannotBeDone):
    """Another process serves where only one may."""


class Server(uvicorn.Server):
    """uvicorn without its own handling of signals: the panel drains before the process ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def make_server(application: Any, patience: ClientTimeouts | None = None) -> Server:
    """A server for an application; run it with `serve(sockets=[...])`.

    It takes no header's word for who calls: which proxies are believed is the application's affair.
    """
    waiting = Waiting(patience or ClientTimeouts())
    return Server(
        uvicorn.Config(
            application,
            http=partial(Connection, waiting),  # type: ignore[arg-type]  # uvicorn only ever calls it
            ws="none",
            log_config=None,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_keep_alive=waiting.patience.idle_seconds,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError where the address is taken, or is none. Port 0 takes a free one."""
    if not host:
        raise OSError(errno.EINVAL, "an empty address names no host: 0.0.0.0 is every IPv4 one, :: every one")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio turns Nagle's delay off only for sockets that say they are TCP.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(2048)
    listener.setblocking(False)
    return listener


def address(host: str, listener: socket.socket) -> str:
    """Where a listening socket is reached, as a URL writes it."""
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
    lock = path.with_name(path.name + ".serving")
    lock.touch(mode=0o600)
    lock.chmod(0o600)  # an earlier version made it readable for everybody
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise AlreadyServing(
                f"another process serves {path} already: SQLite takes one `serve`;"
                " for several use a postgresql:// database and a redis:// cache"
            ) from error
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
            raise AlreadyServing(
                "another process serves this database already: several need the same redis:// cache in [cache] url"
            )
        yield
    finally:
        with suppress(Exception):
            await connection.close(timeout=1)


async def serve(
    settings: Settings,
    faults: Sequence[Fault],
    seen: Seen,
    *,
    listener: socket.socket | None,
    role: str,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT; then drain.

    The port is open at once. Until the database is there every call is answered that we are unable, and it is tried
    again: a panel that starts before its database need not be started twice.
    """
    stop = _stop_on_signals()
    sys.setswitchinterval(SWITCH_SECONDS)
    panel = Panel(settings)
    panel.prices.settle = gc.freeze
    server = make_server(panel.asgi(with_api=role != "worker"))
    watchdog = Watchdog(panel.metrics.count_stall)
    watchdog.start()
    serving = asyncio.create_task(server.serve(sockets=[listener])) if listener is not None else None
    try:
        async with AsyncExitStack() as stack:
            if await _begin_patiently(stack, panel, faults, stop):
                await _run(panel, seen, role, stop, ready)
                server.should_exit = True
                # One after the other, callers and providers that are slow would be waited for twice.
                await asyncio.gather(panel.finish_work(), *([serving] if serving is not None else []))
                await panel.stop()
    finally:
        server.should_exit = True
        await asyncio.gather(*([serving] if serving is not None else []))
        watchdog.stop()


async def _run(panel: Panel, seen: Seen, role: str, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    panel.start_looking()
    await asyncio.to_thread(load_client)
    if role != "web":
        await panel.jobs.start()
    panel.workers.start(Loop("edits", lambda: follow_edits(panel, seen, stop), pause=1.0))
    ready()
    if role != "worker":
        await _warm_up_unless(stop)
    await stop.wait()


async def _warm_up_unless(stop: asyncio.Event) -> None:
    """Pages are made ready beside the event loop, once what waited for this process is under way."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), WARM_UP_AFTER_SECONDS)
    if not stop.is_set():
        await asyncio.to_thread(warm_up)


def _stop_on_signals() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _begin_patiently(stack: AsyncExitStack, panel: Panel, faults: Sequence[Fault], stop: asyncio.Event) -> bool:
    """Open the database, take this process's place and all that must be known; False where told to stop before.

    The database may be away, and may go away again in the middle of this.
    """
    while not stop.is_set():
        try:
            await stack.enter_async_context(database(panel.settings))
            await stack.enter_async_context(only_instance(panel.settings))
            await publish(panel.settings, except_for=faults)
            await panel.prepare()
        except Exception as error:
            passes = is_passing if isinstance(engine(), Sqlite) else is_unreachable
            if not passes(error):
                raise
            log.warning("database.unavailable", error=type(error).__name__, again_in=AGAIN_SECONDS)
            await stack.aclose()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN_SECONDS)
        else:
            return True
    return False
