"""A whole panel inside the test, buying over HTTP from providers inside the test; nothing happens by itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uvicorn

from aggregator.app import Panel
from aggregator.orders import attempt_store
from aggregator.orders.model import Order
from aggregator.resellers.model import Reseller
from aggregator.settings import load, read_providers
from aggregator.storage import tables
from aggregator.storage.engine import is_sqlite
from aggregator.storage.transaction import engine, write
from providers.sandbox import Sandbox
from tests.builders import accept_order, order_now

PANEL = """
[panel]
reroute_cancelled = {reroute}
[database]
url = "{url}"
[limits]
requests_per_second = 0
[pace]

add_timeout_seconds = 0.5
settle_seconds = 45
{pace}
"""
PROVIDER = """
[[provider]]
name = "{name}"
url = "{url}/api/v2"
key = "sandbox"
preset = "perfectpanel"
{more}
"""
QUICK = "requests_per_second = 1000\nburst = 1000\n"
"""Unless a test says how often it may be called."""
SERVICE = """
[[service]]
id = 1
offers = [{offers}]
"""
MARKUP = """
[default]
percent = 25
min_margin_percent = 5
"""


def followers(rate: str, **changes: Any) -> dict[str, Any]:
    """Service 1 of a provider, as it publishes it."""
    usual = {
        "service": 1,
        "name": "Followers",
        "type": "Default",
        "category": "Instagram",
        "rate": rate,
        "min": 1,
        "max": 1_000_000,
        "refill": True,
        "cancel": True,
        "dripfeed": True,
    }
    return {**usual, **changes}


def sandbox(rate: str = "2.40", **settings: Any) -> Sandbox:
    """A provider with one service, whose orders live by being asked for; no two give the same order id."""
    return Sandbox(catalogue=[followers(rate)], speed=0, **settings)


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve an application on the loopback address; ends at once, since its only client has left by then."""
    config = uvicorn.Config(app, log_level="error", access_log=False, lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        await server.startup(sockets=[listening])
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            for door in server.servers:
                door.close()
            for connection in list(server.server_state.connections):
                connection.shutdown()
            await asyncio.sleep(0)


@asynccontextmanager
async def open_panel(
    folder: Path,
    database_url: str,
    providers: Mapping[str, Any],
    *,
    pace: str = "confirm_seconds = 0",
    more: str = "",
    markup: str = MARKUP,
    reroute: bool = False,
) -> AsyncIterator[Panel]:
    """A panel over the open database that knows these applications as its providers, their catalogues read."""
    async with AsyncExitStack() as stack:
        urls = {name: await stack.enter_async_context(serving(app)) for name, app in providers.items()}
        lines = more if "requests_per_second" in more else QUICK + more
        entries = [PROVIDER.format(name=name, url=url, more=lines) for name, url in urls.items()]
        offers = ", ".join(f'"{name}:1"' for name in providers)
        files = {
            "aggregator.toml": PANEL.format(url=database_url, pace=pace, reroute=str(reroute).lower()),
            "providers.toml": "".join(entries),
            "services.toml": SERVICE.format(offers=offers),
            "markup.toml": markup,
        }
        for name, text in files.items():
            (folder / name).write_text(text)
        panel = Panel(load(folder, {}))
        stack.push_async_callback(panel.stop)
        await panel.prepare()
        for name in providers:
            report = await panel.syncer.sync(name)
            assert not report.failed, report
        await panel.prices.reload(panel.upstreams)
        yield panel


PARTIAL_300 = {"status": "Partial", "remains": "300", "charge": "1.68", "currency": "USD"}
"""What a provider says of 1,000 units of which 300 did not come."""


async def dispatch(panel: Panel) -> None:
    """Send out what is due, and wait for the answers."""
    await panel.dispatcher.run_once()
    await panel.dispatcher.idle()


async def dispatch_all(panel: Panel) -> None:
    """Send out until nothing is due any more."""
    while await panel.dispatcher.run_once():
        await panel.dispatcher.idle()


async def hurry() -> None:
    """Time passes: every pause in the queue is over."""
    await tables.Order.raw("update orders set due_at = 0 where state = 'queued'")


async def make_due() -> None:
    """Time passes: every order is due to be asked about."""
    lock = "" if is_sqlite(engine()) else "for update"  # one after the other, as the pollers lock them too
    due = f"select id from attempts where poll_at is not null order by id {lock}"
    await write(lambda: tables.Attempt.raw(f"update attempts set poll_at = 0 where id in ({due})").run())


async def poll(panel: Panel, *providers: str) -> None:
    """Every order is due, and its provider is asked about it."""
    await make_due()
    for provider in providers or ("alpha",):
        await panel.poller.run_once(provider)


async def minutes_pass(order: int, minutes: int = 1) -> None:
    """A first sight of an ending grows older."""
    await tables.Order.raw("update orders set sight_at = sight_at - {} where id = {}", minutes * 60_000, order)


async def move_providers(panel: Panel, folder: Path, text: str) -> None:
    """The owner edits providers.toml."""
    providers = read_providers(text, "providers.toml", {}, folder, add_timeout_seconds=0.5)
    await panel.take_providers(providers)


async def classic_reply(panel: Panel, order: Order) -> dict[str, str]:
    """What a classic client reads now, and the same from a panel whose cache is lost."""
    cached = await panel.tracker.replies(order.reseller, [str(order.id)], "classic")
    await panel.cache.clear()
    fresh = await panel.tracker.replies(order.reseller, [str(order.id)], "classic")
    assert fresh == cached
    return dict(msgspec.json.decode(fresh[0] or b""))


async def outcomes_of(order: int) -> list[tuple[str, str, str | None]]:
    """Provider, outcome and error of each attempt, oldest first."""
    attempt = tables.Attempt
    rows = await attempt.select().where(attempt.order_id == order).order_by(attempt.id)
    return [(row["provider"], row["outcome"], row["error"]) for row in rows]


async def state_of(order: Order) -> str:
    return (await order_now(order.id)).state.value


async def running(panel: Panel, reseller: Reseller, many: int = 1, **changes: Any) -> list[Order]:
    """Orders that the scripted provider took, under the ids from 5001 up."""
    orders = [await accept_order(reseller, **changes) for _ in range(many)]
    await dispatch_all(panel)
    by_upstream = {(await attempt_store.of_order(order.id))[0].upstream_order: order for order in orders}
    return [by_upstream[str(5001 + number)] for number in range(many)]


class ScriptedPanel:
    """A provider that says of every order what the test says, and takes whatever comes; an ASGI application."""

    def __init__(self, rate: str, **changes: Any) -> None:
        self.rows = [followers(rate, **changes)]
        self.reply: Any = {"status": "Pending"}
        self.replies: dict[str, Any] = {}
        """By order id, where they differ."""
        self.currency = "USD"
        self.placed = 5000
        self.next_order: Any = None
        """The id that the next add gets, instead of the next number."""
        self.answer_to_add: Any = None
        """Said to every add, instead of an id."""
        self.answer_to_cancel: Any = None
        self.page_to_add: tuple[int, dict[str, str]] | None = None
        """The status and headers of a page that stands in the way of every add."""
        self.cancels: list[str] = []
        self.before_add: Callable[[], Awaitable[None]] | None = None
        """Done when an add has arrived, before it is answered."""
        self.before_status: Callable[[], Awaitable[None]] | None = None
        """Done, once, when a status is asked for, before it is answered."""
        self.listed: list[dict[str, Any]] = []
        """Our orders there, as it lists them."""
        self.refills: list[str] = []

    async def __call__(self, _: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        status, more_headers, content = await self._say(asked)
        told = {"content-type": "application/json", "content-length": str(len(content)), **more_headers}
        headers = [(name.encode(), value.encode()) for name, value in told.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    async def _say(self, asked: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        if self.page_to_add is not None and asked["action"] == "add":
            return *self.page_to_add, b"<html><title>Not now</title></html>"
        return 200, {}, msgspec.json.encode(await self._answer(asked))

    async def _answer(self, asked: Mapping[str, str]) -> Any:
        orders = asked.get("orders", "").split(",")
        content: Any = {"error": "Incorrect request"}
        match asked["action"]:
            case "services":
                content = self.rows
            case "balance":
                content = {"balance": "1000000", "currency": self.currency}
            case "add":
                content = await self._add()
            case "orders":
                content = self.listed
            case "refill":
                self.refills.append(asked["order"])
                content = {"refill": str(len(self.refills))}
            case "status":
                doing, self.before_status = self.before_status, None
                if doing is not None:
                    await doing()
                content = self._status(asked["order"]) if "order" in asked else {o: self._status(o) for o in orders}
            case "cancel":
                self.cancels += orders
                content = self.answer_to_cancel or [{"order": order, "cancel": 1} for order in orders]
        return content

    async def _add(self) -> Any:
        if self.before_add is not None:
            await self.before_add()
        if self.answer_to_add is not None:
            return self.answer_to_add
        self.placed += 1
        order, self.next_order = self.next_order or self.placed, None
        return {"order": order}

    def _status(self, order: str) -> Any:
        return self.replies.get(order, self.reply)
