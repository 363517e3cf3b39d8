"""What a provider receives, byte for byte: firewalls know browsers by how a request is written."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from providers.dialect import Dialect
from providers.errors import ProviderError
from providers.wire.encoding import Route
from providers.wire.transport import Transport
from tests.providers.panel_server import Patience, profile_of

FIELDS = {
    "link": "https://x.example/p?a=1&b=ü#f;'()*!$,~-._@:[]|^`{}\"<>+%41 z",
    "comments": "one\nдва\r\n😀",
    "quantity": "10",
}
HEAD = "Accept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: me/1\r\n"
FORM_TYPE = "Content-Type: application/x-www-form-urlencoded\r\n"
FORM = (
    "link=https%3A%2F%2Fx.example%2Fp%3Fa%3D1%26b%3D%C3%BC%23f%3B%27%28%29%2A%21%24%2C~-._%40%3A%5B%5D%7C%5E%60%7B%7D%22"
    "%3C%3E%2B%2541+z&comments=one%0A%D0%B4%D0%B2%D0%B0%0D%0A%F0%9F%98%80&quantity=10"
)
QUERY = (
    "link=https://x.example/p?a%3D1%26b%3D%C3%BC%23f%3B'()*!$,~-._@:%5B%5D%7C%5E%60%7B%7D%22%3C%3E%2B%2541+z"
    "&comments=one%0A%D0%B4%D0%B2%D0%B0%0D%0A%F0%9F%98%80&quantity=10"
)
KEY = "&key=s3cret%2Fkey%2Bwith%26signs%3D1&action=add"
KEY_IN_QUERY = "&key=s3cret/key%2Bwith%26signs%3D1&action=add"
JSON = (
    '{"link": "https://x.example/p?a=1&b=ü#f;\'()*!$,~-._@:[]|^`{}\\"<>+%41 z", '
    '"comments": "one\\nдва\\r\\n😀", "quantity": 10'
)


@asynccontextmanager
async def listener() -> AsyncIterator[tuple[str, list[str]]]:
    """Its host and port, and every request as it came, up to the end of its body."""
    came: list[str] = []
    serving: list[asyncio.Task[Any] | None] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            came.append((head + await reader.readexactly(int(length[1]) if length else 0)).decode())
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        try:
            yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", came
        finally:
            await asyncio.gather(*(task for task in serving if task))


async def sent(
    dialect: Dialect,
    route: Route | None = None,
    *,
    address: str = "http://{at}/api",
    read: bool = False,
    params: dict[str, str] = FIELDS,
    **settings: Any,
) -> str:
    """A call as it left us, its host and its separator written as X."""
    async with listener() as (at, came):
        proxy = {"proxy": f"http://me:p%40ss@{at}"} if "proxied" in address else {}
        profile = profile_of(address.format(at=at), dialect, user_agent="me/1", **proxy, **settings)
        transport = Transport(profile, Patience())
        try:
            await (transport.read if read else transport.write)("add", params, route)
        finally:
            await transport.aclose()
    (request,) = came
    return re.sub(r"[0-9a-f]{32}", "X", request.replace(at, "X"))


def body(text: str) -> str:
    """The rest of a write's head, and its body."""
    return f"Content-Length: {len(text.encode())}\r\nConnection: close\r\n\r\n{text}"


async def test_a_form() -> None:
    assert await sent(Dialect()) == f"POST /api HTTP/1.1\r\nHost: X\r\n{HEAD}{FORM_TYPE}{body(FORM + KEY)}"


async def test_a_read_leaves_its_connection_open() -> None:
    length = len(FORM + KEY)
    head = f"POST /api HTTP/1.1\r\nHost: X\r\n{HEAD}{FORM_TYPE}Content-Length: {length}\r\n\r\n"
    assert await sent(Dialect(), read=True) == head + FORM + KEY


async def test_json() -> None:
    text = JSON + ', "key": "s3cret/key+with&signs=1", "action": "add"}'
    head = f"POST /api HTTP/1.1\r\nHost: X\r\n{HEAD}Content-Type: application/json\r\n"
    assert await sent(Dialect(body_format="json")) == head + body(text)


async def test_a_query_in_the_address() -> None:
    ours = await sent(Dialect(body_format="query"), address="http://{at}/a b/ü?page=api&quantity=1&x=%2F+%20&y")
    start = f"POST /a%20b/%C3%BC?page=api&quantity=10&x=/++&y=&{QUERY.removesuffix('&quantity=10')}{KEY_IN_QUERY}"
    assert ours == f"{start} HTTP/1.1\r\nHost: X\r\n{HEAD}Content-Length: 0\r\nConnection: close\r\n\r\n"


async def test_a_get() -> None:
    ours = await sent(Dialect(method="GET"))
    assert ours == f"GET /api?{QUERY}{KEY_IN_QUERY} HTTP/1.1\r\nHost: X\r\n{HEAD}Connection: close\r\n\r\n"


async def test_a_form_in_parts() -> None:
    ours = await sent(Dialect(body_format="multipart"), params={"link": "ü\n"})
    fields = {"link": "ü\n", "key": "s3cret/key+with&signs=1", "action": "add"}
    kind = "Content-Type: text/plain; charset=utf-8"
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n{kind}\r\n\r\n{text}\r\n'
        for name, text in fields.items()
    ]
    start = f"POST /api HTTP/1.1\r\nHost: X\r\n{HEAD}Content-Type: multipart/form-data; boundary=X\r\nContent-Length: "
    assert ours.partition("Content-Length: ")[0] + "Content-Length: " == start
    assert ours.partition("\r\n\r\n")[2] == "".join(parts) + "--X--\r\n"


async def test_a_path_with_a_header_of_its_own() -> None:
    """Nothing of a header is rewritten, nor an id that was quoted."""
    route = Route(method="POST", path="/orders/a%2Fb%20c/cancel", headers={"X-API-Key": "ключ", "x-tiny": "1"})
    start = f"POST /api/orders/a%2Fb%20c/cancel HTTP/1.1\r\nHost: X\r\n{HEAD}X-API-Key: ключ\r\nx-tiny: 1\r\n"
    assert await sent(Dialect(), route, params={}) == f"{start}{FORM_TYPE}{body('')}"
    json_type = "Content-Type: application/json\r\n"
    assert await sent(Dialect(body_format="json"), route, params={}) == f"{start}{json_type}{body('{}')}"


async def test_a_name_and_a_password_in_the_address() -> None:
    ours = await sent(Dialect(method="GET"), address="http://me:p%40ss@{at}/api", params={})
    start = f"GET /api?{KEY_IN_QUERY[1:]} HTTP/1.1\r\nHost: X\r\n{HEAD}"
    assert ours == f"{start}Authorization: Basic bWU6cEBzcw==\r\nConnection: close\r\n\r\n"


async def test_a_call_by_way_of_a_proxy() -> None:
    ours = await sent(Dialect(method="GET"), address="http://proxied.example/api", params={})
    start = f"GET http://proxied.example/api?{KEY_IN_QUERY[1:]} HTTP/1.1\r\nHost: proxied.example\r\n{HEAD}"
    assert ours == f"{start}Proxy-Authorization: Basic bWU6cEBzcw==\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("name", ["A\r\nB", "A\nB: 1", "A\0"])
async def test_a_header_that_breaks_its_line_never_leaves(name: str) -> None:
    with pytest.raises(ProviderError):
        await sent(Dialect(), Route(method="POST", headers={"X-Key": name}))
