"""Whatever id of another's is asked about, under whatever name, the answer is that of an id which does not exist."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import httpx

from aggregator.api.wire import Action
from aggregator.storage.tables import Signal
from tests.api.served import Client, Served

IDS = ("order", "orders", "refill", "refills")
UNKNOWN = 900_999
SHAPES: dict[str, Callable[[int], str]] = {
    "one": str,
    "two": lambda number: f"{number},{UNKNOWN + 1}",
    "padded": lambda number: f" 0{number} ",
}


async def answers(client: Client, action: str, field: str, text: str, number: int) -> list[tuple[int, str]]:
    """In both spellings, with the id by a name that every id has."""
    fields = {field: text, "service": "1", "link": "https://x.example/t", "quantity": "1"}
    replies: list[httpx.Response] = [await send(action, **fields) for send in (client.json, client.form)]
    return [(reply.status_code, reply.text.replace(str(number), "N")) for reply in replies]


async def test_anothers_id_is_answered_as_one_that_nobody_has(shop: Served, anna: Client) -> None:
    """Every action, every field that takes an id, one or several, in every spelling."""
    await Signal.raw("insert into sqlite_sequence (name, seq) values ('orders', 770770), ('refills', 880880)")
    bert = await shop.reseller("bert")
    order, refill = await an_order_with_a_refill(shop, anna)
    before = await shop.everything()
    for action, field, shape in product(Action, IDS, SHAPES.values()):
        theirs = refill if field.startswith("refill") else order
        told = await answers(bert, action, field, shape(theirs), theirs)
        assert told == await answers(bert, action, field, shape(UNKNOWN), UNKNOWN), (action, field)
    assert await shop.everything() == before


async def an_order_with_a_refill(shop: Served, anna: Client) -> tuple[int, int]:
    order = await anna.buy()
    await shop.panel.dispatcher.run_once()
    await shop.panel.dispatcher.idle()
    while (await anna.json("status", order=order)).json()["status"] != "COMPLETED":
        await shop.panel.poller.run_once("alpha")
    return order, int((await anna.json("refill", order=order)).json()["refill"])


async def test_anothers_request_id_is_free_for_everybody(shop: Served, anna: Client) -> None:
    """Whether somebody else used it cannot be found out."""
    bert = await shop.reseller("bert")
    theirs = await anna.buy(request_id="r-1")
    mine = await bert.buy(request_id="r-1", quantity=200)
    assert mine != theirs
    assert (await bert.json("balance")).json()["balance"] == "149.50"
