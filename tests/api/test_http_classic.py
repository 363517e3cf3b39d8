"""The classic spelling over HTTP, to the letter: what all other panels and their clients parse."""

from __future__ import annotations

from pathlib import Path

from aggregator.resellers import accounts
from aggregator.resellers.model import KeyRules
from tests.api.served import Client, Served, served

LINK = "https://instagram.com/username"


async def test_the_price_list_is_made_of_texts(anna: Client) -> None:
    reply = await anna.form("services")
    assert reply.status_code == 200
    assert reply.content.startswith(
        b'[{"service":1,"name":"Instagram Followers - Premium","type":"Default","category":"Instagram",'
        b'"rate":"2.50","min":"100","max":"100000","refill":true,"cancel":false,"dripfeed":false}'
    )


async def test_an_order_is_a_whole_number_and_the_code_is_200(anna: Client) -> None:
    reply = await anna.form("add", service=1, link=LINK, quantity=1000)
    assert (reply.status_code, reply.content) == (200, b'{"order":1}')


async def test_a_status_has_every_field_as_text(anna: Client) -> None:
    order = await anna.buy()
    reply = await anna.form("status", order=order)
    assert reply.status_code == 200
    assert reply.content == (b'{"charge":"2.5","start_count":"0","status":"Pending","remains":"1000","currency":"USD"}')


async def test_many_statuses_stand_under_the_ids_as_asked(anna: Client) -> None:
    order = await anna.buy()
    reply = await anna.form("status", orders=f" {order} ,77,{order}")
    assert list(reply.json()) == [str(order), "77"]
    assert reply.json()["77"] == {"error": "Incorrect order ID"}


async def test_a_balance_is_text(anna: Client) -> None:
    assert (await anna.form("balance")).content == b'{"balance":"150.00","currency":"USD"}'


async def test_a_cancel_answers_each_order_by_itself(anna: Client) -> None:
    order = await anna.buy()
    reply = await anna.form("cancel", orders=f"{order},77")
    assert reply.status_code == 200
    assert reply.json() == [
        {"order": order, "cancel": 1},
        {"order": 77, "cancel": {"error": "Incorrect order ID"}},
    ]
    status = (await anna.form("status", order=order)).json()
    assert status == {
        "charge": "0",
        "start_count": "0",
        "status": "Canceled",
        "remains": "1000",
        "currency": "USD",
    }


ORDER = {"action": "add", "service": "1", "link": LINK, "quantity": "1000"}
REFUSALS = [
    (ORDER | {"service": "3"}, "Incorrect service ID"),
    (ORDER | {"service": "x"}, "Incorrect service ID"),
    (ORDER | {"quantity": "99"}, "Quantity less than minimal 100"),
    (ORDER | {"quantity": "100001"}, "Quantity more than maximum 100000"),
    (ORDER | {"quantity": "100000"}, "Not enough funds on balance"),
    (ORDER | {"link": ""}, "Bad link"),
    (ORDER | {"service": ""}, "Incorrect request"),
    ({"action": "fly"}, "Incorrect request"),
    ({"action": "status", "order": "77"}, "Incorrect order ID"),
    ({"action": "refill_status", "refill": "77"}, "Refill not found"),
]


async def test_a_refusal_is_its_text_alone_with_code_200(anna: Client) -> None:
    """Chained panels match these texts, and drop the text of any other code."""
    for fields, text in REFUSALS:
        reply = await anna.http.post("/api/v2", data={"key": anna.key, **fields})
        assert (reply.status_code, reply.json()) == (200, {"error": text}), fields


async def test_a_wrong_key_is_a_text_too(shop: Served) -> None:
    reply = await shop.http.post("/api/v2", data={"key": "wrong", "action": "balance"})
    assert (reply.status_code, reply.content) == (200, b'{"error":"Invalid API key"}')


async def test_a_reseller_pinned_to_classic_gets_it_for_json_bodies_too(shop: Served) -> None:
    """A panel whose customers post JSON and read texts."""
    carl = await shop.reseller("carl", spelling="classic")
    assert (await carl.json("status", order=77)).status_code == 200
    assert (await carl.json("services")).json()[0]["rate"] == "2.50"


async def test_a_key_may_be_pinned_apart_from_its_reseller(shop: Served, anna: Client) -> None:
    key = await accounts.add_key("anna", KeyRules(spelling="json"))
    pinned = Client(shop.http, key)
    assert (await pinned.form("services")).json()[0]["rate"] == 2.5
    assert (await anna.form("services")).json()[0]["rate"] == "2.50"


async def test_a_panel_may_answer_everybody_in_the_classic_spelling(tmp_path: Path, fresh_sqlite: str) -> None:
    """Keys that pin the other spelling keep it."""
    async with served(tmp_path, fresh_sqlite, panel='[panel]\nspelling = "classic"\n') as shop:
        anna, bert = await shop.reseller("anna"), await shop.reseller("bert", spelling="json")
        assert (await anna.json("status", order=77)).status_code == 200
        assert (await anna.json("add", service=1, link=LINK, quantity=1000)).status_code == 200
        assert (await bert.json("status", order=77)).status_code == 400
        wrong = await shop.http.post("/api/v2", json={"key": "wrong", "action": "balance"})
        assert (wrong.status_code, wrong.json()) == (200, {"error": "Invalid API key"})
