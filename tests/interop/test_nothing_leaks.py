"""Every byte that a reseller can get from us: nothing of a provider's is in it, and nothing that breaks a parser."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from aggregator.resellers import accounts
from providers.sandbox import Sandbox
from tests.api.served import Client
from tests.catalog.panels import opened, settings_of, write_config
from tests.interop.market import AT_ONCE, Market
from tests.interop.upstream import Upstream
from tests.providers.sandbox_server import serving

PROVIDER = "zzpanel"
REFUSAL = "zz-refuses-this.-ask-zz.example"
FATES = [
    "",
    "partial/157",
    "partial/0",
    "cancel",
    "cancel/400",
    "late/300",
    "grow/100/200",
    "slow",
    "pending",
    f"refuse/{REFUSAL}",
    "refuse/Not-enough-funds",
    "refuse/Incorrect-link",
    "unknownword/zzword",
    "unknownword/Error",
    "unknownword/null",
    "drop",
    "error500",
]
LEAKS = re.compile(
    r"zz|\b71\d\d\b|\b8800\d\d\b|0\.000012|sandbox|127\.0\.0\.1|localhost|traceback|sqlite|select |\.py", re.IGNORECASE
)
"""What belongs to the provider (name, words, ids, rate, address, key) or to our own inside."""
STATUS_FIELDS = {"charge", "start_count", "status", "remains", "currency"}
BAD_BODIES = [
    b"{",
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b"a" * 70_000,
    b'{"key": NaN}',
    b'{"action": {"a": 1}}',
    b"key=%00",
]


def goods() -> list[dict[str, Any]]:
    """Cheap ones and dear ones, so that money gets as small and as large as it can."""
    rows = Upstream(rate="0.000012", words="zz upstream").rows
    dear = {**rows[0], "service": 7190, "rate": "48123.4567"}
    return [*rows, dear]


SERVICES = """
import_rest = false
[[service]]
id = 1
name = "Cheap"
category = "Ours"
offers = ["zzpanel:7101"]
[[service]]
id = 2
name = "Comments"
category = "Ours"
offers = ["zzpanel:7103"]
[[service]]
id = 3
name = "Dear"
category = "Ours"
offers = ["zzpanel:7190"]
"""


@pytest.fixture(params=["classic", "json"])
async def shop(request: pytest.FixtureRequest, tmp_path: Path, fresh_sqlite: str) -> AsyncIterator[Market]:
    """A panel in front of one sandbox, of either dialect."""
    sandbox = Sandbox(dialect=request.param, catalogue=goods(), speed=0, id_from=880_001, balance="90000000")
    preset = 'preset = "mystic"' if request.param == "json" else ""
    async with serving(sandbox) as url:
        files = {"services": SERVICES, "aggregator": AT_ONCE + "add_timeout_seconds = 1\n", "providers": preset}
        config = write_config(tmp_path, {PROVIDER: url}, **files)
        async with opened(settings_of(config, fresh_sqlite)) as panel:
            await panel.syncer.sync(PROVIDER)
            await panel.look()
            async with (
                serving(panel.asgi(with_api=True)) as ours,
                httpx.AsyncClient(base_url=ours, timeout=20, trust_env=False) as http,
            ):
                yield Market(panel, {}, http, [PROVIDER])


class Crawl:
    """Calls in both spellings, and everything that they were answered."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.replies: list[httpx.Response] = []

    async def call(self, action: str, **fields: object) -> None:
        self.replies += [await send(action, **fields) for send in (self.client.form, self.client.json)]

    async def all_about(self, orders: list[int], *changes: str) -> None:
        """Every action that asks about these orders, and those that change something of them."""
        listed = ",".join(map(str, orders))
        for action in ("status", "orders", *changes):
            await self.call(action, orders=listed)
        for order in orders:
            for action in ("status", *changes):
                await self.call(action, order=order)
        await self.call("refill_status", refill=1)
        await self.call("refill_status", refills=listed)
        await self.call("services")
        await self.call("balance")


def read_json(text: str) -> Any:
    """JSON as the strictest client reads it: no NaN, and every number in plain digits."""
    return json.loads(text, parse_constant=_refuse, parse_float=_plain, parse_int=_plain)


def _refuse(constant: str) -> NoReturn:
    raise AssertionError(f"{constant} is no JSON")


def _plain(number: str) -> str:
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", number), number
    return number


def check_values(value: Any) -> None:
    """No null anywhere, no text that is a number written oddly, every status whole."""
    assert value is not None
    if isinstance(value, str):
        assert not re.fullmatch(r"[-+]?[0-9.]+[eE][-+]?[0-9]+|nan|inf(inity)?|none|null", value, re.IGNORECASE), value
    elif isinstance(value, list):
        for item in value:
            check_values(item)
    elif isinstance(value, dict):
        for item in value.values():
            check_values(item)
        if "remains" in value:
            assert value.keys() >= STATUS_FIELDS - {"start_count"}, value
            assert "error" not in value


def check(reply: httpx.Response) -> None:
    said = f"{reply.text}\n" + "\n".join(f"{name}: {value}" for name, value in reply.headers.items())
    assert not (found := LEAKS.search(said)), (found, said)
    assert reply.headers["content-type"].split(";")[0] == "application/json", said
    assert not reply.content.startswith(b"\xef\xbb\xbf")
    if reply.content:
        check_values(read_json(reply.text))
    else:
        assert reply.status_code == 503


async def live(shop: Market, orders: list[int]) -> None:
    """Let everything leave, and ask the provider about everything."""
    await shop.send_out()
    await shop.ask(*orders)
    await shop.refill()


async def test_nothing_of_a_provider_and_nothing_odd_is_in_any_reply(shop: Market) -> None:
    ann = await shop.reseller(funds="90000000")
    crawl = Crawl(ann)
    orders: list[int] = []
    for number, fate in enumerate(FATES):
        service, quantity = (1, 1) if number % 2 else (3, 2000)
        reply = await ann.json("add", service=service, link=f"https://x.example/{fate}", quantity=quantity)
        crawl.replies.append(reply)
        orders.append(reply.json()["order"])
    for fields in ({"service": 2, "link": "user", "comments": "a\nb"}, {"service": 1, "link": "user", "quantity": 7}):
        await crawl.call("add", **fields)
    await crawl.all_about(orders)
    for changes in ((), ("refill",), ("refill", "cancel")):
        await live(shop, orders)
        await crawl.all_about(orders, *changes)
    for reply in crawl.replies:
        check(reply)
    words = {row["status"] for row in (await ann.form("status", orders=",".join(map(str, orders)))).json().values()}
    assert words >= {"Pending", "Completed", "Partial", "Canceled"}


async def test_no_refusal_says_more_than_its_sentence(shop: Market) -> None:
    ann, poor = await shop.reseller(funds="100"), await shop.reseller("poor", "0")
    crawl, poor_crawl = Crawl(ann), Crawl(poor)
    good: dict[str, object] = {"service": 1, "link": "user", "quantity": 100}
    for change in (
        {"service": 99},
        {"service": "x"},
        {"service": ""},
        {"link": ""},
        {"link": "a\x00b"},
        {"link": "x" * 2001},
        {"quantity": 0},
        {"quantity": "1e3"},
        {"quantity": "NaN"},
        {"quantity": 10**20},
        {"quantity": ""},
        {"runs": 3},
        {"runs": "x", "interval": 1},
        {"request_id": "r" * 300},
        {"service": 2},
        {"service": 3},
        {"service": 3, "quantity": 1_000_000},
    ):
        await crawl.call("add", **{**good, **change})
        await poor_crawl.call("add", **{**good, "service": 3, **change})
    for action in ("status", "cancel", "refill", "refill_status", "fly", "", "orders"):
        for fields in (
            {},
            {"order": 5},
            {"orders": "x,,y"},
            {"refill": "x"},
            {"orders": ",".join(map(str, range(101)))},
        ):
            await crawl.call(action, **fields)
    crawl.replies += [await ann.http.post("/api/v2", content=body) for body in BAD_BODIES]
    crawl.replies += [await ann.http.post("/api/v2", content=b"{" + body) for body in BAD_BODIES]
    crawl.replies += [
        await ann.http.request(method, path)
        for method, path in (
            ("GET", "/api/v2"),
            ("PUT", "/api/v2"),
            ("DELETE", "/api/v2"),
            ("POST", "/api/v3"),
            ("GET", "/nowhere"),
        )
    ]
    for stranger in ("wrong", "", "\x00", "k" * 200):
        strange = Crawl(Client(ann.http, stranger))
        await strange.call("balance")
        crawl.replies += strange.replies
    await accounts.change("poor", tier=None, spelling=None, frozen=True)
    await shop.panel.look()
    await poor_crawl.call("balance")
    for reply in (*crawl.replies, *poor_crawl.replies):
        check(reply)
