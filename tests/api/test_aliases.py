"""An id once sold is ordered for ever, whichever service has taken its listing over; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from aggregator.catalog import store as catalog_store
from aggregator.catalog.shelf.prices import revise
from aggregator.orders import store
from aggregator.resellers import accounts
from aggregator.resellers.model import KeyRules
from aggregator.settings import SERVICES_FILE
from aggregator.storage import signals
from tests.api.served import Client, Served, served
from tests.builders import order_now

LINK = "https://instagram.com/username"
MERGED = '[[service]]\nid = 1\nname = "Followers"\ncategory = "Instagram"\noffers = ["alpha:7101"]\naliases = [1234]\n'


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[Served]:
    """Everything is sold as it comes at first; on each engine."""
    async with served(tmp_path, database_url, services="import_rest = true\n") as opened:
        yield opened


async def file_says(shop: Served, text: str) -> None:
    """What is told to be for sale so far, and then another services.toml."""
    await shop.panel.jobs.announce()
    await revise(SERVICES_FILE, text)
    await shop.panel.look()
    await shop.panel.jobs.announce()


async def released(shop: Served) -> None:
    """Every [[service]] is taken out at the console: a file that has merely lost them is no edit."""
    await shop.panel.jobs.announce()
    await catalog_store.add_revision(SERVICES_FILE, "import_rest = true\n", "ann")
    await signals.raise_signal(signals.CATALOGUE)
    await shop.panel.look()
    await shop.panel.jobs.announce()


async def ids(anna: Client) -> dict[int, tuple[Any, ...]]:
    rows = (await anna.json("services")).json()
    return {row["service"]: (row["name"], row["rate"], row["min"], row["max"], row["type"]) for row in rows}


async def test_the_old_ids_are_listed_and_ordered_as_before(shop: Served, anna: Client) -> None:
    before = await ids(anna)
    assert set(before) == {100_001, 100_002}
    await file_says(shop, MERGED)
    now = await ids(anna)
    assert set(now) == {1, 1234, 100_001, 100_002}
    assert now[1] == now[1234] == now[100_001] == ("Followers", *before[100_001][1:])
    for named in (1, 1234, 100_001):
        reply = await anna.json("add", service=named, link=LINK, quantity=1000)
        assert reply.status_code == 201, reply.text
        assert (await order_now(reply.json()["order"])).service == 1


async def test_the_id_that_was_asked_stands_in_the_history_and_in_the_list(shop: Served, anna: Client) -> None:
    """A panel above looks for its order under the id that it knows."""
    await file_says(shop, MERGED)
    number = (await anna.json("add", service=100_001, link=LINK, quantity=1000)).json()["order"]
    order = await order_now(number)
    assert (await store.history(order))[0].text == "ordered as service 100001, an alias of 1"
    assert [row["service"] for row in (await anna.json("orders")).json()] == [100_001]


async def test_a_request_id_is_the_same_order_by_either_id(shop: Served, anna: Client) -> None:
    wanted = {"link": LINK, "quantity": 1000}
    first = await anna.json("add", service=100_001, **wanted, request_id="before", custom_id="c")
    await file_says(shop, MERGED)
    second = await anna.json("add", service=100_001, **wanted, request_id="after")
    for named in (1, 1234, 100_001):
        again = await anna.json("add", service=named, **wanted, request_id="before")
        assert (again.status_code, again.json()) == (201, first.json())
        again = await anna.json("add", service=named, **wanted, request_id="after")
        assert (again.status_code, again.json()) == (201, second.json())
        again = await anna.json("add", service=named, **wanted, custom_id="c")
        assert again.json() == first.json()
    other = await anna.json("add", service=100_002, link=LINK, comments="x", request_id="before")
    assert other.json() == {"error": "This request id belongs to another order"}
    await released(shop)
    again = await anna.json("add", service=100_001, **wanted, request_id="after")
    assert again.json() == second.json()


async def test_an_alias_follows_its_service_off_sale_and_is_itself_when_released(shop: Served, anna: Client) -> None:
    await file_says(shop, MERGED)
    await file_says(shop, MERGED + "enabled = false\n")
    assert set(await ids(anna)) == {100_002}
    reply = await anna.json("add", service=100_001, link=LINK, quantity=1000)
    assert (reply.status_code, reply.json()["name"]) == (500, "SERVICE_NOT_FOUND")
    await released(shop)
    now = await ids(anna)
    assert now[1] == now[100_001]
    assert now[100_001][0] == "ZZ upstream followers"
    order = (await anna.json("add", service=1, link=LINK, quantity=1000)).json()["order"]
    assert (await order_now(order)).service == 100_001


async def test_an_order_for_a_link_that_runs_is_refused_by_every_id(shop: Served) -> None:
    await shop.reseller("bea")
    bea = Client(shop.http, await accounts.add_key("bea", KeyRules(same_link="refuse")))
    first = await bea.json("add", service=100_001, link=LINK, quantity=1000)
    assert first.status_code == 201
    await file_says(shop, MERGED)
    for named in (1, 100_001):
        reply = await bea.json("add", service=named, link=LINK, quantity=1000)
        assert "active order with this link" in reply.text
