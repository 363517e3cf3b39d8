"""A client that is not sure whether its order arrived may send it again, and pays once; on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.api.served import Client, Served, served

LINK = "https://instagram.com/username"
ORDER = {"service": 1, "link": LINK, "quantity": 1000}


@pytest.fixture
async def shop(tmp_path: Path, database_url: str) -> AsyncIterator[Served]:
    """On each engine."""
    async with served(tmp_path, database_url) as opened:
        yield opened


async def wallet(client: Client) -> str:
    return str((await client.json("balance")).json()["balance"])


async def test_the_same_request_again_is_the_first_order(anna: Client) -> None:
    first = await anna.json("add", **ORDER, request_id="r-1")
    again = await anna.json("add", **ORDER, request_id="r-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert await wallet(anna) == "147.50"


async def test_fifty_at_once_are_one_order(anna: Client) -> None:
    replies = await asyncio.gather(*(anna.json("add", **ORDER, request_id="r-1") for _ in range(50)))
    assert {(reply.status_code, reply.text) for reply in replies} == {
        (201, f'{{"order":{replies[0].json()["order"]}}}')
    }
    assert await wallet(anna) == "147.50"


async def test_the_header_is_as_good_as_the_field(anna: Client) -> None:
    headers = {"Idempotency-Key": "r-1"}
    body = {"key": anna.key, "action": "add", **ORDER}
    replies: list[httpx.Response] = [
        await anna.http.post("/api/v2", json=body, headers=headers),
        await anna.http.post("/api/v2", data=body, headers=headers),
        await anna.json("add", **ORDER, request_id="r-1"),
    ]
    assert len({reply.json()["order"] for reply in replies}) == 1
    assert [reply.status_code for reply in replies] == [201, 200, 201]
    assert await wallet(anna) == "147.50"


async def test_another_payload_under_the_same_id_is_refused(anna: Client) -> None:
    await anna.json("add", **ORDER, request_id="r-1")
    reply = await anna.json("add", **{**ORDER, "quantity": 2000}, request_id="r-1")
    assert (reply.status_code, reply.json()) == (400, {"error": "This request id belongs to another order"})
    assert await wallet(anna) == "147.50"


async def test_a_refused_request_does_not_use_the_id_up(anna: Client) -> None:
    refused = await anna.json("add", **{**ORDER, "quantity": 1}, request_id="r-1")
    assert refused.status_code == 400
    assert (await anna.json("add", **ORDER, request_id="r-1")).status_code == 201


async def test_an_id_belongs_to_one_reseller(shop: Served, anna: Client) -> None:
    bert = await shop.reseller("bert")
    orders = {(await client.json("add", **ORDER, request_id="r-1")).json()["order"] for client in (anna, bert)}
    assert len(orders) == 2


async def test_ids_are_told_apart_byte_by_byte(anna: Client) -> None:
    ids = ["r-1", "R-1", "r-1 ", "r\u20111", "r-01"]
    orders = {(await anna.json("add", **ORDER, request_id=own)).json()["order"] for own in ids}
    assert len(orders) == len(ids)


async def test_the_first_order_answers_before_funds_and_shelf_are_looked_at(shop: Served) -> None:
    """The repeat comes when the wallet is empty and the service is gone, and is still the same order."""
    poor = await shop.reseller("poor", "2.5")
    order = (await poor.json("add", **ORDER, request_id="r-1")).json()
    shop.sandbox.set_catalogue([{**row, "rate": "0"} for row in shop.sandbox.rows])
    await shop.panel.syncer.sync("alpha")
    await shop.panel.look()
    assert (await poor.json("add", **ORDER)).status_code == 500
    assert (await poor.json("add", **ORDER, request_id="r-1")).json() == order


async def test_a_custom_id_repeats_only_the_same_payload(anna: Client) -> None:
    """The same own id with another payload is another order."""
    bodies = [ORDER, ORDER, {**ORDER, "quantity": 2000}]
    orders = [(await anna.json("add", **body, custom_id="c-1")).json()["order"] for body in bodies]
    assert orders[0] == orders[1] != orders[2]
    assert await wallet(anna) == "142.50"


async def test_without_any_id_the_same_order_is_bought_twice(anna: Client) -> None:
    """Two equal orders in a row are ordinary."""
    orders = {(await anna.json("add", **ORDER)).json()["order"] for _ in range(2)}
    assert len(orders) == 2
    assert await wallet(anna) == "145.00"
