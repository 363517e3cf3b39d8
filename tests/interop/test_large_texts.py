"""Orders of very much text: what is published can be ordered, and a provider is not sent what it finds too large."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from aggregator.api.http import LARGE_AT_ONCE
from aggregator.orders import attempt_store
from aggregator.storage import tables
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.interop.market import ANYBODYS, Market, market, service
from tests.interop.upstream import Upstream

KINDS = {ServiceType.CUSTOM_COMMENTS: "comments", ServiceType.MENTIONS_CUSTOM_LIST: "usernames"}
CYRILLIC = "\n".join(f"Очень хорошая запись, спасибо! {number}" for number in range(1000))
RICH = "100000"


class Narrow(Upstream):
    """A panel behind a server that takes only so much, as HTTP says it."""

    def __init__(self, most: int, **more: Any) -> None:
        super().__init__(**more)
        self.most = most
        self.code = 413
        self.turned_away = 0

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        stated = int(dict(scope.get("headers", [])).get(b"content-length", b"0"))
        if stated <= self.most:
            await super().__call__(scope, receive, send)
            return
        self.turned_away += 1
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": self.code, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


async def bought(client: Client, kind: ServiceType, text: str, *, of: int = 0, form: bool) -> httpx.Response:
    fields = {"service": service(kind, of=of), "link": f"https://x.example/{len(text)}", KINDS[kind]: text}
    return await (client.form if form else client.json)("add", **fields)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [True, False])
async def test_a_published_maximum_can_be_ordered(any_trade: Market, kind: ServiceType, *, form: bool) -> None:
    """In plain letters and others, as a form and as JSON; and it arrives as it left."""
    trade, ann = any_trade, await any_trade.reseller(funds=RICH)
    for text in ("\n".join(f"word{number}" for number in range(20_000)), CYRILLIC * 10):
        reply = await bought(ann, kind, text, form=form)
        assert "order" in reply.json(), reply.text
        await trade.send_out()
        assert trade.alpha.taken[-1].text(KINDS[kind]) == text


async def test_a_refusal_for_size_names_the_limit(tmp_path: Path, fresh_sqlite: str) -> None:
    upstream = Upstream()
    for row in upstream.rows:
        row["max"] = "100"
    async with market(tmp_path, fresh_sqlite, upstreams={"alpha": upstream}) as trade:
        ann = await trade.reseller()
        as_json = await bought(ann, ServiceType.CUSTOM_COMMENTS, "x" * 70_000, form=False)
        as_form = await bought(ann, ServiceType.CUSTOM_COMMENTS, "x" * 200_000, form=True)
    told = [(reply.status_code, reply.json()["error"]) for reply in (as_json, as_form)]
    assert told == [
        (413, "The request is too large: its body may have at most 64 KiB"),
        (413, "The request is too large: its body may have at most 192 KiB"),
    ]


async def test_a_price_list_without_bounds_has_one(trade: Market) -> None:
    """A million comments are published; no body of a hundred MiB is read for that."""
    host, _, port = str(trade.http.base_url).removeprefix("http://").rstrip("/").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /api/v2 HTTP/1.1\r\nHost: panel\r\nContent-Length: 5000000\r\n\r\n")
    head = await reader.readuntil(b"}")
    writer.close()
    assert head.startswith(b"HTTP/1.1 413")
    assert b"at most 4096 KiB" in head


@asynccontextmanager
async def narrow(folder: Path, url: str, most: int, lines: str = "") -> AsyncIterator[tuple[Market, Narrow]]:
    alpha = Narrow(most)
    upstreams: dict[str, Upstream] = {"alpha": alpha, "bravo": Upstream(rate="2.20")}
    async with market(folder, url, upstreams=upstreams, lines=lines) as trade:
        yield trade, alpha


async def providers_of(order: int) -> list[str]:
    return [attempt.provider for attempt in await attempt_store.of_order(order)]


@pytest.mark.parametrize("code", [413, 414, 431])
async def test_what_was_too_large_once_is_not_sent_as_large_again(tmp_path: Path, empty_url: str, code: int) -> None:
    async with narrow(tmp_path, empty_url, 32_768) as (trade, alpha):
        alpha.code = code
        ann = await trade.reseller(funds=RICH)
        orders = []
        for text in (CYRILLIC, CYRILLIC + "x", CYRILLIC * 2):
            reply = await bought(ann, ServiceType.CUSTOM_COMMENTS, text, of=ANYBODYS, form=True)
            orders.append(int(reply.json()["order"]))
            await trade.send_out()
        assert alpha.turned_away == 1
        assert [await providers_of(order) for order in orders[1:]] == [["bravo"], ["bravo"]]
        small = await bought(ann, ServiceType.CUSTOM_COMMENTS, CYRILLIC[:9000], of=ANYBODYS, form=True)
        await trade.send_out()
        assert await providers_of(int(small.json()["order"])) == ["alpha"]


async def test_where_nobody_takes_so_much_the_order_is_paid_back_with_the_reason(
    tmp_path: Path, fresh_sqlite: str
) -> None:
    async with narrow(tmp_path, fresh_sqlite, 10**9, lines='large_texts = "off"') as (trade, alpha):
        ann = await trade.reseller(funds=RICH)
        reply = await bought(ann, ServiceType.CUSTOM_COMMENTS, CYRILLIC, form=True)
        await trade.send_out()
        order = await trade.order(int(reply.json()["order"]))
        assert (order.state, order.refunded, alpha.taken) == ("cancelled", order.charge, [])
        lines = await tables.Event.select(tables.Event.text).where(tables.Event.order_id == order.id)
        assert any("its text is too large" in line["text"] for line in lines)


async def test_a_usual_order_that_is_called_too_large_teaches_nothing(tmp_path: Path, fresh_sqlite: str) -> None:
    """Such an answer speaks of something else; all orders would stop."""
    async with narrow(tmp_path, fresh_sqlite, 10**9) as (trade, alpha):
        alpha.most = 30
        await trade.buy(await trade.reseller())
        assert alpha.turned_away == 1
        rows = await tables.Provider.select(tables.Provider.too_large)
    assert [row["too_large"] for row in rows] == [None, None]


async def test_only_so_many_large_bodies_are_held_at_a_time(trade: Market, ann: Client) -> None:
    """Whoever sends one slowly holds a place, not the memory of the machine; usual ones go on."""
    host, _, port = str(trade.http.base_url).removeprefix("http://").rstrip("/").partition(":")
    begun = b"POST /api/v2 HTTP/1.1\r\nHost: panel\r\nContent-Length: 1000000\r\n\r\n" + b" " * 70_000
    slow = []
    for _ in range(LARGE_AT_ONCE):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(begun)
        await writer.drain()
        slow.append(writer)
    await wait_for_busy(host, int(port), begun)
    assert (await ann.form("balance")).status_code == 200
    for writer in slow:
        writer.close()
    reply = await bought(ann, ServiceType.CUSTOM_COMMENTS, CYRILLIC, form=False)
    while reply.status_code == 503:
        reply = await bought(ann, ServiceType.CUSTOM_COMMENTS, CYRILLIC, form=False)
    assert "order" in reply.json()


async def wait_for_busy(host: str, port: int, begun: bytes) -> None:
    """Until one more is refused: the places are taken as the bytes arrive."""
    while True:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(begun)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n"), 2)
        except TimeoutError:  # it has a place itself
            writer.close()
            continue
        writer.close()
        assert head.startswith(b"HTTP/1.1 503")
        return
