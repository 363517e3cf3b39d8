"""However a request arrives, it is the same request; and wherever people point their clients, it is served there."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlencode

import httpx
import pytest

from tests.api.served import Client, Served

LINK = "https://instagram.com/username?igsh=Zm&x=1"
FORM = "application/x-www-form-urlencoded"


def ways(fields: dict[str, str]) -> dict[str, httpx.Request]:
    """One request as every kind of client sends it."""
    form, document = urlencode(fields).encode(), json.dumps(fields).encode()
    where = "http://panel/api/v2"
    bare = {name: value for name, value in fields.items() if name != "key"}
    return {
        "form": httpx.Request("POST", where, data=fields),
        "multipart": httpx.Request("POST", where, files={name: (None, value) for name, value in fields.items()}),
        "query": httpx.Request("POST", where, params=fields),
        "get": httpx.Request("GET", where, params=fields),
        "text/plain form": httpx.Request("POST", where, content=form, headers={"Content-Type": "text/plain"}),
        "form without a type": httpx.Request("POST", where, content=form),
        "key as a bearer": httpx.Request(
            "POST", where, data=bare, headers={"Authorization": f"Bearer {fields['key']}"}
        ),
        "key in a header": httpx.Request("POST", where, data=bare, headers={"X-Api-Key": fields["key"]}),
        "key called api_key": httpx.Request("POST", where, data={**bare, "api_key": fields["key"]}),
        "json": httpx.Request("POST", where, json=fields),
        "json as form": httpx.Request("POST", where, content=document, headers={"Content-Type": FORM}),
        "json as text": httpx.Request("POST", where, content=document, headers={"Content-Type": "text/plain"}),
        "json without a type": httpx.Request("POST", where, content=document),
        "json with a mark": httpx.Request("POST", where, content=b"\xef\xbb\xbf" + document),
    }


async def send(shop: Served, request: httpx.Request) -> httpx.Response:
    """The request, to where the panel is."""
    headers = [(name, value) for name, value in request.headers.items() if name != "host"]
    target, content = request.url.raw_path.decode(), request.read()
    return await shop.http.send(shop.http.build_request(request.method, target, content=content, headers=headers))


async def test_an_order_is_the_same_in_whatever_it_is_wrapped(shop: Served) -> None:
    """And it is answered in the spelling that its sender reads: JSON bodies in JSON, all else in the classic one."""
    for number, way in enumerate(ways({"key": "", "action": ""})):
        client = await shop.reseller(f"r{number}", "3")
        fields = {"key": client.key, "action": "add", "service": "1", "link": LINK, "quantity": "1000"}
        reply = await send(shop, ways(fields)[way])
        assert reply.status_code == (201 if way.startswith("json") else 200), (way, reply.text)
        (order,) = [row for row in (await shop.everything())["orders"] if row["id"] == reply.json()["order"]]
        assert (order["link"], order["quantity"], order["charge"]) == (LINK, 1000, 250_000_000), way
        assert (await client.json("balance")).json()["balance"] == "0.50"


async def test_a_status_asked_in_any_way_is_the_same_status(shop: Served, anna: Client) -> None:
    order = await anna.buy()
    fields = {"key": anna.key, "action": "status", "order": str(order)}
    replies = {way: (await send(shop, request)).json() for way, request in ways(fields).items()}
    for way, reply in replies.items():
        assert reply == replies["json" if way.startswith("json") else "form"], way


async def test_every_way_to_write_the_address_is_served_and_never_redirected(anna: Client) -> None:
    """A redirect would turn the POST into a GET, and the body would be lost."""
    host = str(anna.http.base_url).rstrip("/")
    for path in (*("/api/v2", "/api/v2/", "//api/v2", "/api//v2//", "/API/v2", "/Api/V2/"), "/api/v1", "/API/V1/"):
        reply = await anna.http.post(host + path, data={"key": anna.key, "action": "balance"})
        assert (reply.status_code, reply.history) == (200, []), path
        assert reply.json() == {"balance": "150.00", "currency": "USD"}


async def test_anywhere_else_nothing_is_found(shop: Served) -> None:
    for path in ("/api/v3", "/api/v2;x", "/api/v2/add", "/panel/api/v2", "/api/v2%00"):
        reply = await shop.http.post(path, data={"action": "balance"})
        assert (reply.status_code, reply.content) == (404, b'{"error":"Not found"}'), path


@pytest.mark.parametrize("page", ["/", "/api", "/services"])
async def test_a_page_takes_no_orders(shop: Served, page: str) -> None:
    """Its address is easily taken for the API's; what is posted there is refused, not lost in a redirect."""
    reply = await shop.http.post(page, data={"action": "balance"})
    assert (reply.status_code, list(reply.json())) == (405, ["error"])


async def test_other_methods_are_refused_in_our_words(shop: Served, anna: Client) -> None:
    fields = {"key": anna.key, "action": "add", "service": "1", "link": LINK, "quantity": "1000"}
    before = await shop.everything()
    for method in ("PUT", "DELETE", "PATCH", "HEAD", "TRACE"):
        reply = await shop.http.request(method, "/api/v2", params=fields, headers={"X-HTTP-Method-Override": "POST"})
        assert reply.status_code == 405, method
        assert set(reply.headers["allow"].replace(" ", "").split(",")) >= {"GET", "POST"}
        assert reply.content == (b"" if method == "HEAD" else b'{"error":"This method is not allowed here"}')
    assert await shop.everything() == before


async def test_replies_are_json_that_nobody_keeps(anna: Client) -> None:
    for reply in (await anna.json("balance"), await anna.form("cancel", order=9), await anna.json("status", order=9)):
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["cache-control"] == "no-store"
        assert "set-cookie" not in reply.headers


async def test_a_body_at_the_limit_is_read_and_a_larger_one_is_not(anna: Client) -> None:
    for size, code in ((64 * 1024, 400), (64 * 1024 + 1, 413), (1024 * 1024, 413)):
        document = json.dumps({"key": anna.key, "action": "fly"}).encode()
        reply = await anna.http.post("/api/v2", content=document + b" " * (size - len(document)))
        assert reply.status_code == code
        assert list(reply.json()) == ["error"]


async def test_a_body_of_untold_length_is_counted_while_it_comes(anna: Client) -> None:
    async def pieces(count: int) -> object:
        for _ in range(count):
            yield b" " * 1024

    reply = await anna.http.post("/api/v2", content=pieces(65))  # type: ignore[arg-type]  # an async generator
    assert reply.status_code == 413


async def test_a_client_that_leaves_in_the_middle_costs_nothing(shop: Served, anna: Client) -> None:
    host, port = shop.url.removeprefix("http://").split(":")
    before = await shop.everything()
    for _ in range(5):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /api/v2 HTTP/1.1\r\nHost: panel\r\nContent-Length: 1000\r\n\r\naction=add&key=" + b"x")
        await writer.drain()
        writer.close()
    assert (await anna.json("balance")).status_code == 200
    assert await shop.everything() == before


async def test_a_client_of_the_old_protocol_is_served(shop: Served, anna: Client) -> None:
    """WordPress asks by HTTP/1.0 and would not understand a reply in chunks."""
    host, port = shop.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = urlencode({"key": anna.key, "action": "balance"}).encode()
    head = f"POST /api/v2 HTTP/1.0\r\nHost: panel\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    head_read, _, content = (await reader.read()).partition(b"\r\n\r\n")
    assert b" 200 " in head_read.splitlines()[0]
    assert b"chunked" not in head_read.lower()
    assert json.loads(content)["balance"] == "150.00"
    writer.close()


async def test_php_may_ask_before_it_sends_a_long_list(anna: Client) -> None:
    """CURL sends `Expect: 100-continue` with bodies above 1 KB."""
    comments = "\r\n".join(f"great picture {number}" for number in range(100))
    fields = {"key": anna.key, "action": "add", "service": "2", "link": LINK, "comments": comments}
    reply = await anna.http.post("/api/v2", data=fields, headers={"Expect": "100-continue"})
    assert reply.json() == {"order": 1}


async def test_a_compressed_body_is_refused(anna: Client) -> None:
    reply = await anna.http.post("/api/v2", content=b"\x1f\x8b\x08", headers={"Content-Encoding": "gzip"})
    assert (reply.status_code, list(reply.json())) == (200, ["error"])
