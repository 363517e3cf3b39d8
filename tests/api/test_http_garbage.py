"""Whatever is sent, nothing breaks and nothing moves: no error of ours, no row more or less."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.served import Client, Served, served

ORDER = {"action": "add", "service": "1", "link": "https://x.example/u", "quantity": "1000"}
RANGE = [0, 99, 100_001, 2**31 - 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, "9" * 5000]
SPELLED = [
    *("-1", "-0", "+5", "1.5", "1e3", "1E3", "1e-400", ".5", "5.", "NaN", "Infinity", "-Infinity", "1000.00"),
    *("１２００", "١٢٠٠", "²", "1 000", "1_000", "0x10", "0b1", "007", "1000abc", "1000\x00", "1000;--"),
    *("1000' OR 1=1--", "{{7*7}}", "$gt", "null", "true", "\u202e0001", "\ud800"),
]
SHAPES: list[Any] = [True, False, None, [], [1000], ["1000", "2000"], {}, {"$gt": 0}, -1, 1.5, 1e300, "", " "]
BODIES = [
    *(b"", b" ", b"null", b"[]", b'"x"', b"1", b"{", b"}", b"{}", b"{{}}", b'{"a":1}garbage', b'{"a":1}{"a":1}'),
    *(b"{'key':'x'}", b"/* c */{}", b'{"key":NaN}', b'{"key":"\\ud800"}', b'{"\\u006bey":"a","key":"b"}'),
    *(b"[" * 60_000, b'{"a":' * 10_000, b'{"a":"' + b"\\u0041" * 9_000, b"\xff\xfe{\x00}\x00", b"\x80\x81"),
    *(b"{" + b",".join(b'"k%d":1' % n for n in range(6_000)) + b"}", b"a", b"=", b"&&&", b"%", b"%zz", b"%00=%00"),
    *(b"%c0%af=%c0%af", b"key=a&key=b", b"a=1&" * 12_000, b"a" * 60_000 + b"=1", b"key[]=x&key[]=y", b"--x--"),
]


def as_json(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields, ensure_ascii=True).encode()


def as_form(fields: dict[str, Any]) -> bytes:
    return urlencode(fields, errors="surrogatepass").encode()


def wrong_requests(key: str) -> Iterator[bytes]:
    """Orders of which one field is wrong, and calls about orders that nobody has."""
    for field in ("quantity", "service"):
        for value in [*RANGE, *SPELLED, *SHAPES]:
            if field == "service" and value in (True, 1):
                continue
            fields = {**ORDER, "key": key, field: value}
            yield as_json(fields)
            if isinstance(value, str | int | float) and not isinstance(value, bool):
                yield as_form(fields)
    links: tuple[object, ...] = (
        "", " ", "x" * 2001, "a\x00b", "a\x1bb", "\ud800", "\u202egpj.exe", ["a", "b"], {}, "a\nb",
    )  # fmt: skip
    for link in links:
        yield as_json({**ORDER, "key": key, "link": link})
    for about in ("status", "cancel", "refill", "refill_status"):
        for value in [*RANGE, *SPELLED, *SHAPES, "901,902,,903", "1-100", "*", ",", ",".join(map(str, range(101)))]:
            yield as_json({"key": key, "action": about, "order": value})
            yield as_json({"key": key, "action": about, "orders": value, "refills": value})
    for extra in ({"runs": "-1"}, {"runs": 2, "interval": 0}, {"runs": 10**9, "interval": 1}, {"runs": [1]}):
        yield as_json({**ORDER, "key": key, **extra})
    yield as_json({**ORDER, "key": key, "request_id": "x" * 256})
    yield as_json({**ORDER, "key": key, "service": 2, "comments": "\n\r\n"})
    yield as_json({**ORDER, "key": key, "service": 2, "comments": "a\n" * 501})


def check(reply: httpx.Response, body: bytes) -> None:
    """An answer that a client can act on: JSON, an error, and never a failure of ours but the one of the page."""
    not_sold = reply.status_code == 500 and b"SERVICE_NOT_FOUND" in reply.content
    assert reply.status_code < 500 or not_sold, (reply.status_code, body[:200])
    assert isinstance(reply.json(), dict | list), body[:200]


@pytest.mark.parametrize("engine", ["fresh_sqlite", "fresh_postgres"])
async def test_no_wrong_request_breaks_anything_or_moves_anything(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """About a thousand requests that a client might send in earnest or in malice."""
    async with served(tmp_path, request.getfixturevalue(engine)) as shop:
        anna = await shop.reseller("anna", "92233720368")
        order = await anna.buy()
        before = await shop.everything()
        sent = 0
        for body in wrong_requests(anna.key):
            check(await anna.http.post("/api/v2", content=body), body)
            sent += 1
        assert sent > 600
        assert await shop.everything() == before
        assert (await anna.json("status", order=order)).json()["status"] == "PENDING"


async def test_no_wrong_body_breaks_anything_or_moves_anything(shop: Served, anna: Client) -> None:
    before = await shop.everything()
    for body in BODIES:
        for kind in ("", "application/json", "multipart/form-data; boundary=x", "application/xml", "a" * 9999):
            check(await anna.http.post("/api/v2", content=body, headers={"Content-Type": kind} if kind else {}), body)
    assert await shop.everything() == before


async def test_no_wrong_header_breaks_anything(shop: Served, anna: Client) -> None:
    """Whoever claims to be somebody else, or somewhere else, is answered as who they are."""
    before = await shop.everything()
    fields = {"key": anna.key, "action": "balance"}
    for headers in (
        {"X-Forwarded-For": "1.2.3.4", "X-Real-IP": "::1"},
        {"Host": "evil.example"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic " + "x" * 5000, "X-Api-Key": "wrong"},
        {"Cookie": "key=wrong; action=add"},
        {"Accept": "text/html", "Accept-Encoding": "br, gzip"},
        {"User-Agent": "Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)"},
        {f"X-Extra-{number}": "x" for number in range(500)},
    ):
        reply = await anna.http.post("/api/v2", json=fields, headers=headers)
        assert (reply.status_code, reply.json()["balance"]) == (200, "150.00")
    assert await shop.everything() == before


async def test_no_bytes_at_all_break_anything(shop: Served, anna: Client) -> None:
    """Bytes of chance, with and without a valid key in front."""
    before = await shop.everything()
    bodies: list[bytes] = []

    @settings(max_examples=150, database=None, suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
    def collect(body: bytes) -> None:
        bodies.append(body)

    collect()
    prefix = f"key={anna.key}&action=add&service=1&link=x&quantity=".encode()
    for body in bodies:
        check(await anna.http.post("/api/v2", content=body), body)
        if not body.strip().isdigit():
            check(await anna.http.post("/api/v2", content=prefix + b"x" + body), body)
    assert await shop.everything() == before


async def test_money_is_counted_from_our_own_prices_only(shop: Served, anna: Client) -> None:
    """Whatever else comes with an order is no part of the sum."""
    probes = {
        "rate": -1,
        "price": 0,
        "charge": 0,
        "cost": "0",
        "user_id": 2,
        "reseller": 2,
        "balance": 9,
        "currency": "X",
    }
    reply = await anna.json("add", service=1, link="https://x.example/u", quantity=1000, **probes)
    assert reply.status_code == 201
    assert (await anna.json("balance")).json()["balance"] == "147.50"


async def test_a_link_is_kept_as_it_was_sent(shop: Served, anna: Client) -> None:
    """Also one that looks like an attack on somebody else's page."""
    links = [
        "x", "@name", "t.me/group", "javascript:alert(1)", "<script>alert(1)</script>", "=HYPERLINK(1)", "{{7*7}}",
        "' OR 1=1--", "http://169.254.169.254/", "https://xn--e1afmkfd.example/?a=%20&b=+", "https://пример.example/🔥",
    ]  # fmt: skip
    for link in links:
        assert (await anna.json("add", service=1, link=link, quantity=100)).status_code == 201, link
    assert [row["link"] for row in (await shop.everything())["orders"]] == links
