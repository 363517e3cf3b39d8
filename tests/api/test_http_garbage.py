"""Whatever bytes and headers are sent, nothing breaks and nothing moves; odd values of fields are in the corpus."""

from __future__ import annotations

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import depth
from tests.api.served import Client, Served

BODIES = [
    *(b"", b" ", b"null", b"[]", b'"x"', b"1", b"{", b"}", b"{}", b"{{}}", b'{"a":1}garbage', b'{"a":1}{"a":1}'),
    *(b"{'key':'x'}", b"/* c */{}", b'{"key":NaN}', b'{"key":"\\ud800"}', b'{"\\u006bey":"a","key":"b"}'),
    *(b"[" * 60_000, b'{"a":' * 10_000, b'{"a":"' + b"\\u0041" * 9_000, b"\xff\xfe{\x00}\x00", b"\x80\x81"),
    *(b"{" + b",".join(b'"k%d":1' % n for n in range(6_000)) + b"}", b"a", b"=", b"&&&", b"%", b"%zz", b"%00=%00"),
    *(b"%c0%af=%c0%af", b"key=a&key=b", b"a=1&" * 12_000, b"a" * 60_000 + b"=1", b"key[]=x&key[]=y", b"--x--"),
]


def check(reply: httpx.Response, body: bytes) -> None:
    """An answer that a client can act on: JSON, an error, and never a failure of ours but the one of the page."""
    not_sold = reply.status_code == 500 and b"SERVICE_NOT_FOUND" in reply.content
    assert reply.status_code < 500 or not_sold, (reply.status_code, body[:200])
    assert isinstance(reply.json(), dict | list), body[:200]


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

    @settings(max_examples=depth.examples(150), suppress_health_check=list(HealthCheck))
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
        "xx",
        "@name",
        "t.me/group",
        "javascript:alert(1)",
        "<script>alert(1)</script>",
        "=HYPERLINK(1)",
        "{{7*7}}",
        "' OR 1=1--",
        "http://169.254.169.254/",
        "https://xn--e1afmkfd.example/?a=%20&b=+",
        "https://пример.example/🔥",
    ]
    for link in links:
        assert (await anna.json("add", service=1, link=link, quantity=100)).status_code == 201, link
    assert [row["link"] for row in (await shop.everything())["orders"]] == links
