"""A panel's list of our orders: read whole or not at all; and ours, which panels that buy from us may read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from providers.adapter import Profile
from providers.dialect import PRESETS, Dialect
from providers.panel import Panel
from providers.reading.json_text import parse
from providers.reading.order_list import read_order_list
from providers.vocabulary import ListedOrder
from providers.wire.transport import Transport
from tests.api.served import served

ONE = {"order": 7, "service": 1, "link": "https://x.example/u", "quantity": "1000", "request_id": "ab"}
READ = ListedOrder(order="7", service="1", link="https://x.example/u", quantity=1000, reference="ab")


@pytest.mark.parametrize(
    ("reply", "orders"),
    [
        ([ONE], [READ]),
        ({"data": [ONE]}, [READ]),
        ({"orders": {"7": {key: value for key, value in ONE.items() if key != "order"}}}, [READ]),
        ([], []),
        ([{"id": "a-1", "url": "x"}], [ListedOrder(order="a-1", link="x")]),
        ([ONE, {"service": 1}], None),
        ([ONE, ONE], None),
        ([ONE, "and more"], None),
        ({}, None),
        ({"error": "Incorrect request"}, None),
        ({"status": "success"}, None),
    ],
)
def test_a_list_is_read_whole_or_not_at_all(reply: Any, orders: list[ListedOrder] | None) -> None:
    value = parse(msgspec.json.encode(reply).decode())
    assert read_order_list(value, Dialect(order_list="orders")) == orders


async def test_ours_shows_a_reseller_his_newest_orders(tmp_path: Path, fresh_sqlite: str) -> None:
    """As they were placed and as they stand, in the spelling he writes in; nobody else's."""
    async with served(tmp_path, fresh_sqlite) as shop:
        anna, bob = await shop.reseller("anna"), await shop.reseller("bob")
        first = await anna.buy("a", request_id="r-1")
        await bob.buy("b")
        second = await anna.buy("c", quantity=500)

        newest = (await anna.json("orders")).json()
        assert [row["order"] for row in newest] == [second, first]
        assert newest[1] == {
            "order": first,
            "service": 1,
            "quantity": 1000,
            "link": "https://x.example/u/a",
            "request_id": "r-1",
            "charge": 2.5,
            "status": "PENDING",
            "currency": "USD",
            "remains": 1000,
        }
        classic = (await anna.form("orders")).json()[0]
        assert (classic["status"], classic["charge"], classic["quantity"]) == ("Pending", "1.25", "500")
        assert (await anna.json("orders", orders=str(first))).json().keys() == {str(first)}


async def test_our_own_adapter_reads_our_own_list(tmp_path: Path, fresh_sqlite: str) -> None:
    """A hundred at most, each with the id that the buyer gave it."""
    async with served(tmp_path, fresh_sqlite) as shop:
        anna = await shop.reseller("anna", "1000")
        for number in range(101):
            await anna.buy(str(number), quantity=100, request_id=f"r-{number}")
        profile = Profile(name="us", url=f"{shop.url}/api/v2", key=anna.key, dialect=PRESETS["aggregator"])
        adapter = Panel(profile, Transport(profile, NoWait()))
        rows = await adapter.recent_orders()
        await adapter.aclose()
    assert [row.reference for row in rows] == [f"r-{number}" for number in range(100, 0, -1)]


class NoWait:
    """A pace without pauses."""

    async def turn(self, profile: Profile, action: str) -> None:
        """At once."""
