"""What a body that is no JSON object is answered with, and numbers that are none: the codes of the specification."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.served import Client, Served

BOM = b"\xef\xbb\xbf"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
OTHER_TYPES = ("application/json; charset=utf-8", "text/json", "application/vnd.api+json")
NO_OBJECTS = ["", " \r\n", "null", "[]", "[{}]", "5", "-1.5e3", "true", "false", '"x"', '[{"key":1}]', "nil"]
LINK = "https://x.example/u"


async def said(client: Client, body: bytes | str, kind: str | None, address: str = "/api/v2") -> tuple[int, Any]:
    headers = {} if kind is None else {"Content-Type": kind}
    content = body.encode() if isinstance(body, str) else body
    reply = await client.http.post(address, content=content, headers=headers)
    return reply.status_code, reply.json()


@pytest.mark.parametrize("body", NO_OBJECTS)
async def test_json_that_is_no_object_is_a_bad_request(anna: Client, body: str) -> None:
    for kind in (JSON, *OTHER_TYPES):
        for sent in (body.encode(), BOM + body.encode(), b"\r\n" + body.encode() + b"\n"):
            assert await said(anna, sent, kind) == (400, {"error": "Incorrect request"}), (kind, sent)


@pytest.mark.parametrize("body", ["null", "[]", "[{}]", "5", "true", '"x"'])
async def test_json_that_is_no_object_is_one_without_its_type_as_well(anna: Client, body: str) -> None:
    """And none of them is read around, however much the address says."""
    for kind in (None, "text/plain"):
        assert (await said(anna, body, kind))[0] == 400
    assert (await said(anna, "NaN", JSON))[0] == 400
    address = f"/api/v2?key={anna.key}&action=balance"
    assert await said(anna, body, JSON, address) == (400, {"error": "Incorrect request"})


async def test_an_empty_object_has_no_key(anna: Client) -> None:
    for body in (b"{}", BOM + b"{ }", b'{"key": null}', b'{"action": null}', b'{"note": 1}', b'{"key": "undefined"}'):
        for kind in (JSON, FORM, None):
            assert await said(anna, body, kind) == (401, {"error": "Invalid API key"}), body


async def test_forms_that_say_nothing_are_refused_as_forms_are(anna: Client) -> None:
    """Their senders lose the text of any code but 200."""
    for body in ("", "null", "5", "&&", "="):
        assert await said(anna, body, FORM) == (200, {"error": "Incorrect request"}), body
    assert await said(anna, "", None) == (200, {"error": "Incorrect request"})


async def test_all_may_stand_in_the_address_whatever_an_empty_body_is_said_to_be(anna: Client) -> None:
    for kind in (JSON, FORM, None):
        code, balance = await said(anna, "", kind, f"/api/v2?key={anna.key}&action=balance")
        assert (code, balance) == (200, {"balance": "150.00", "currency": "USD"})


async def test_a_form_that_is_said_to_be_json_is_a_form(anna: Client) -> None:
    code, order = await said(anna, f"key={anna.key}&action=add&service=1&link=xx&quantity=100", JSON)
    assert (code, list(order)) == (200, ["order"])


async def test_a_key_that_is_pinned_to_the_classic_spelling_gets_no_other(shop: Served) -> None:
    old = await shop.reseller("old", spelling="classic")
    assert await said(old, f'[{{"key":"{old.key}"}}]', JSON) == (200, {"error": "Incorrect request"})


@pytest.mark.parametrize("quantity", [-5, "-5", "-5.0", -1, 0, -(2**63), -(2**70), 99])
async def test_a_negative_quantity_is_out_of_range(anna: Client, quantity: object) -> None:
    reply = await anna.json("add", service=1, link=LINK, quantity=quantity)
    assert (reply.status_code, reply.json()) == (400, {"error": "Quantity must be between 100 and 100000"})
    classic = await anna.form("add", service=1, link=LINK, quantity=quantity)
    assert (classic.status_code, classic.json()) == (200, {"error": "Quantity less than minimal 100"})


@pytest.mark.parametrize("service", [-1, "-1", "-1.0", -(2**70)])
async def test_a_negative_service_is_not_found(anna: Client, service: object) -> None:
    reply = await anna.json("add", service=service, link=LINK, quantity=1000)
    assert (reply.status_code, reply.json()["name"]) == (500, "SERVICE_NOT_FOUND")
    classic = await anna.form("add", service=service, link=LINK, quantity=1000)
    assert (classic.status_code, classic.json()) == (200, {"error": "Incorrect service ID"})


@pytest.mark.parametrize("link", ["12", "12345678901234567890", "1.5", "10", "-7", "1e3"])
async def test_a_link_that_is_a_number_is_refused_and_digits_in_a_text_are_a_link(anna: Client, link: str) -> None:
    """The field is misused for ids of accounts, but a number there is somebody's slip."""
    order = '{"key":"%s","action":"add","service":1,"quantity":100,"link":%s}'
    code, reply = await said(anna, order % (anna.key, link), JSON)
    assert (code, reply) == (400, {"error": "link must be text"})
    assert (await said(anna, order % (anna.key, f'"{link}"'), JSON))[0] == 201
    assert (await anna.form("add", service=1, link=link, quantity=100)).json().keys() == {"order"}


@pytest.mark.parametrize("word", ["undefined", "null", "NaN", " null "])
async def test_a_number_that_a_script_did_not_have_is_absent(anna: Client, word: str) -> None:
    """In a JSON text and in a form alike; where it would be a link, it is a slip."""
    order: dict[str, Any] = {"service": 1, "link": LINK, "quantity": 100}
    for field, missing in (("quantity", "quantity is required"), ("service", "service is required")):
        reply = await anna.json("add", **{**order, field: word})
        assert (reply.status_code, reply.json()) == (400, {"error": missing})
        assert (await anna.form("add", **{**order, field: word})).json()["error"].startswith("Incorrect")
    for send, code in ((anna.json, 201), (anna.form, 200)):
        assert (await send("add", **order, runs=word, interval=word)).status_code == code
        assert (await send("add", **{**order, "link": word})).json().keys() == {"error"}
    for action, field, name in (
        ("status", "order", "order"),
        ("status", "orders", "order"),
        ("cancel", "order", "order"),
        ("refill", "orders", "order"),
        ("refill_status", "refill", "refill"),
        ("refill_status", "refills", "refill"),
    ):
        reply = await anna.json(action, **{field: word})
        assert (reply.status_code, reply.json()) == (400, {"error": f"{name} is required"}), (action, field)
        known = await anna.form("status", order=1, orders=word)
        assert known.json()["status"] == "Pending"
    balance = (await anna.json("balance")).json()["balance"]
    assert balance == "149.50"
