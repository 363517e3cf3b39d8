"""The sandbox speaks both dialects to the letter, over real HTTP."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest

from providers.sandbox import Sandbox
from tests.providers.sandbox_server import customer_of, serving

PREMIUM: dict[str, Any] = {
    "service": 1,
    "name": "Instagram Followers - Premium",
    "category": "Instagram",
    "rate": Decimal("2.50"),
    "min": 100,
    "max": 100000,
    "refill": True,
    "cancel": False,
    "dripfeed": False,
    "currency": "USD",
}


def documented(**settings: Any) -> Sandbox:
    """The panel of the specification's examples."""
    return Sandbox(dialect="json", catalogue=[PREMIUM], speed=0, **settings)


async def test_the_json_catalogue_is_the_documented_one() -> None:
    async with customer_of(documented()) as customer:
        reply = await customer.send("services")
        assert reply.status_code == 200
        assert reply.json() == [{**PREMIUM, "rate": 2.5}]
        assert b'"rate":2.50,' in reply.content


async def test_a_json_order_is_created_with_201_and_read_back_as_documented() -> None:
    async with customer_of(documented(id_from=12345)) as customer:
        placed = await customer.send("add", service=1, link="https://instagram.com/username", quantity=1000)
        assert (placed.status_code, placed.json()) == (201, {"order": 12345})
        status = await customer.send("status", order=12345)
        start_count = status.json()["start_count"]
        assert isinstance(start_count, int)
        assert status.status_code == 200
        assert status.json() == {
            "charge": 2.5,
            "status": "COMPLETED",
            "currency": "USD",
            "start_count": start_count,
            "remains": 0,
        }


async def test_the_documented_refund_of_a_partial_order_reaches_the_balance() -> None:
    """10,000 at 2.50 cost 25.00; 3,000 remain, so 7.50 come back; the charge stays the one the formula needs."""
    async with customer_of(documented(balance="100")) as customer:
        order = await customer.buy("partial/3000", quantity=10000)
        assert (await customer.call("balance"))["balance"] == "75.00"
        status = await customer.call("status", order=order)
        assert (status["status"], status["remains"], status["charge"]) == ("PARTIAL", 3000, 25)
        assert (await customer.call("balance"))["balance"] == "82.50"


async def test_the_json_balance_is_text_with_two_decimals() -> None:
    async with customer_of(documented(balance="150")) as customer:
        assert await customer.call("balance") == {"balance": "150.00", "currency": "USD"}


@pytest.mark.parametrize(
    ("params", "code", "body"),
    [
        ({"quantity": 99}, 400, {"error": "Quantity must be between 100 and 100000"}),
        ({"quantity": 100001}, 400, {"error": "Quantity must be between 100 and 100000"}),
        ({"quantity": 50000}, 400, {"error": "Insufficient balance in wallet."}),
        ({"link": " "}, 400, {"error": "Missing required parameter: link"}),
        ({"service": None}, 400, {"error": "Missing required parameter: service"}),
        ({"key": "guessed"}, 401, {"error": "Invalid API key"}),
        ({"action": "steal"}, 400, {"error": "Incorrect request"}),
        (
            {"service": 77},
            500,
            {"success": False, "name": "SERVICE_NOT_FOUND", "message": "Service not found or unauthorized"},
        ),
    ],
)
async def test_json_refusals_carry_the_documented_codes(params: dict[str, object], code: int, body: object) -> None:
    order = {"key": "sandbox", "action": "add", "service": 1, "link": "https://x.example/u", "quantity": 1000}
    async with customer_of(documented(balance="100")) as customer:
        reply = await customer.http.post("/api/v2", json={**order, **params})
        assert (reply.status_code, reply.json()) == (code, body)
        assert (await customer.call("balance"))["balance"] == "100.00"


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"quantity": "99"}, "Quantity less than minimal 100"),
        ({"quantity": "lots"}, "Quantity less than minimal 100"),
        ({"quantity": "100001"}, "Quantity more than maximum 100000"),
        ({"quantity": "50000"}, "Not enough funds on balance"),
        ({"link": ""}, "Bad link"),
        ({"service": ""}, "Incorrect service ID"),
        ({"service": "77"}, "Incorrect service ID"),
        ({"key": "guessed"}, "Invalid API key"),
        ({"action": ""}, "Incorrect request"),
    ],
)
async def test_classic_refusals_are_texts_with_code_200(params: dict[str, str], text: str) -> None:
    order = {"key": "sandbox", "action": "add", "service": "1", "link": "https://x.example/u", "quantity": "1000"}
    async with customer_of(Sandbox(balance="100")) as customer:
        reply = await customer.http.post("/api/v2", data={**order, **params})
        assert (reply.status_code, reply.json()) == (200, {"error": text})
        assert await customer.call("balance") == {"balance": "100", "currency": "USD"}


async def test_a_classic_status_is_made_of_texts() -> None:
    async with customer_of(Sandbox(speed=0)) as customer:
        order = await customer.buy("partial/157")
        status = await customer.call("status", order=order)
        assert status.pop("start_count").isdigit()
        assert status == {"charge": "2.1075", "status": "Partial", "remains": "157", "currency": "USD"}


async def test_many_orders_are_asked_for_in_one_call() -> None:
    """Each id is answered once, under the text it was asked by; an unknown one gets an error of its own."""
    for dialect, words in (("classic", ("Completed", "Canceled")), ("json", ("COMPLETED", "CANCELLED"))):
        async with customer_of(Sandbox(dialect=dialect, speed=0)) as customer:  # type: ignore[arg-type]
            first, second = await customer.buy(), await customer.buy("cancel")
            answers = await customer.call("status", orders=f"{first}, {second},{first},8")
            assert list(answers) == [str(first), str(second), "8"]
            assert (answers[str(first)]["status"], answers[str(second)]["status"]) == words
            assert answers["8"] == {"error": "Incorrect order ID"}


async def test_at_most_a_hundred_orders_are_answered_in_one_call() -> None:
    async with customer_of(Sandbox()) as customer:
        ids = ",".join(str(number) for number in range(1, 102))
        assert await customer.call("status", orders=ids) == {"error": "Maximum 100 orders"}
        assert len(await customer.call("status", orders=ids.removesuffix(",101"))) == 100


async def test_an_order_is_read_however_a_client_writes_it() -> None:
    """Form, JSON, multipart, bare text and query, by POST and GET, with slashes to spare."""
    order = {"key": "sandbox", "action": "Add", "service": "1", "link": "https://x.example/u", "quantity": "1000"}
    numbers = {**order, "service": 1, "quantity": 1000}
    files = {name: (None, value) for name, value in order.items()}
    async with serving(Sandbox()) as url, httpx.AsyncClient(base_url=url) as http:
        replies = [
            await http.post("/api/v2", data=order),
            await http.post("/api/v2/", json=numbers),
            await http.post("/api//v2", files=files),
            await http.post("/api/v2", content=msgspec.json.encode(order)),
            await http.post("/api/v2", params=order),
            await http.get("/API/v2", params=order),
        ]
    assert [reply.json() for reply in replies] == [{"order": 1000 + place} for place in range(6)]


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data", "text/plain", ""])
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[1]", b"\xff\xfe\x00", b'{"key":"sandbox","action":{"a":1}}', b"[" * 5000, b'{"key":1e9999999}'],
)
async def test_garbage_is_refused_and_never_breaks_the_panel(content_type: str, body: bytes) -> None:
    async with customer_of(Sandbox()) as customer:
        for path in ("/api/v2", "/sandbox/balance", "/sandbox/catalogue", "/sandbox/order", "/nowhere"):
            reply = await customer.http.post(path, content=body, headers={"content-type": content_type})
            assert reply.status_code in (200, 400, 404)
            assert "error" in reply.json()


async def test_comments_are_billed_by_the_line_and_packages_by_the_piece() -> None:
    async with customer_of(Sandbox()) as customer:
        link = "https://x.example/u"
        await customer.call("add", service=6, link=link, comments="one\r\n\r\ntwo\nthree\nfour\nfive\n")
        await customer.call("add", service=7, link=link)
        assert [seen["charge"] for seen in await customer.steer("orders")] == ["0.06", "4.99"]


async def test_a_drip_feed_is_billed_for_all_its_runs() -> None:
    async with customer_of(Sandbox()) as customer:
        drip = {"service": 2, "link": "https://x.example/u", "quantity": 100, "runs": 5}
        assert await customer.call("add", **drip) == {"error": "Incorrect interval"}
        await customer.call("add", **drip, interval=10)
        assert (await customer.steer("orders"))[-1]["units"] == 500


async def test_a_cancel_request_stops_the_delivery_and_pays_back_the_rest() -> None:
    """What waits is cancelled, what runs ends partial, what is over or not offered stays."""
    async with customer_of(Sandbox(speed=0, balance="10")) as customer:
        waiting = await customer.buy("pending", service=2)
        running = await customer.buy("slow", service=2)
        done = await customer.buy(service=2)
        fixed = await customer.buy("pending", service=1)
        await customer.call("status", orders=f"{running},{done}")
        asked = f"{waiting},{running},{done},{fixed},9"
        assert await customer.call("cancel", orders=asked) == [
            {"order": waiting, "cancel": 1},
            {"order": running, "cancel": 1},
            {"order": done, "cancel": {"error": "Cannot cancel"}},
            {"order": fixed, "cancel": {"error": "Cancel is disabled for this service"}},
            {"order": 9, "cancel": {"error": "Incorrect order ID"}},
        ]
        answers = await customer.call("status", orders=f"{waiting},{running}")
        assert [(answer["status"], answer["remains"]) for answer in answers.values()] == [
            ("Canceled", "1000"),
            ("Partial", "999"),
        ]
        assert await customer.call("balance") == {"balance": "7.04955", "currency": "USD"}


async def test_a_completed_order_can_be_refilled_once_at_a_time() -> None:
    async with customer_of(Sandbox(speed=0)) as customer:
        done, waiting, plain = await customer.buy(), await customer.buy("pending"), await customer.buy(service=2)
        assert await customer.call("refill", order=done) == {"error": "The order is not completed"}
        await customer.call("status", order=done)
        assert await customer.call("refill", order=done) == {"refill": "1"}
        assert await customer.call("refill", orders=f"{done},{waiting},{plain}") == [
            {"order": done, "refill": {"error": "The refill task is not completed for this order"}},
            {"order": waiting, "refill": {"error": "The order is not completed"}},
            {"order": plain, "refill": {"error": "Refill is disabled for this service"}},
        ]
        assert await customer.call("refill_status", refill=1) == {"status": "Completed"}
        assert await customer.call("refill_status", refills="1,4") == [
            {"refill": 1, "status": "Completed"},
            {"refill": 4, "status": {"error": "Refill not found"}},
        ]
        assert await customer.call("refill", orders=str(done)) == [{"order": done, "refill": 2}]


async def test_a_list_of_orders_is_not_offered() -> None:
    async with customer_of(Sandbox()) as customer:
        assert await customer.call("orders") == {"error": "Incorrect request"}


@pytest.mark.parametrize("settings", [{}, {"dialect": "json"}, {"lists_orders": True}])
async def test_orders_with_ids_is_another_name_of_status(settings: dict[str, Any]) -> None:
    """As our own panel answers it, whether or not the panel lists its newest orders."""
    async with customer_of(Sandbox(speed=0, **settings)) as customer:
        orders = [await customer.buy() for _ in range(2)]
        asked = f"{orders[0]},{orders[1]},77"
        assert await customer.call("orders", orders=asked) == await customer.call("status", orders=asked)
        assert list(await customer.call("Orders", orders=str(orders[0]))) == [str(orders[0])]
