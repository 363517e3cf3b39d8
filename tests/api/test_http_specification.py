"""Every example of the API's page, over HTTP and to the letter: codes, bodies, sums."""

from __future__ import annotations

import asyncio
from typing import Any

import requests

from tests.api.served import Client, Served

LINK = "https://instagram.com/username"


async def finished(client: Client, order: int) -> dict[str, Any]:
    """The status once the order has ended."""
    async with asyncio.timeout(20):
        while True:
            status: dict[str, Any] = (await client.json("status", order=order)).json()
            if status["status"] in ("COMPLETED", "PARTIAL", "CANCELLED"):
                return status
            await asyncio.sleep(0.02)


async def test_the_price_list_is_as_on_the_page(anna: Client) -> None:
    reply = await anna.json("services")
    assert (reply.status_code, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json()[0] == {
        "service": 1,
        "name": "Instagram Followers - Premium",
        "category": "Instagram",
        "rate": 2.5,
        "min": 100,
        "max": 100000,
        "refill": True,
        "cancel": False,
        "dripfeed": False,
        "currency": "USD",
        "type": "Default",
    }
    assert list(reply.json()[0])[:9] == [
        "service",
        "name",
        "category",
        "rate",
        "min",
        "max",
        "refill",
        "cancel",
        "dripfeed",
    ]


async def test_an_order_is_created_and_paid(anna: Client) -> None:
    """1,000 at 2.50 per 1,000 are 2.50, at once."""
    reply = await anna.json("add", service=1, link=LINK, quantity=1000)
    assert (reply.status_code, reply.content) == (201, b'{"order":1}')
    assert (await anna.json("balance")).json() == {"balance": "147.50", "currency": "USD"}


async def test_the_balance_is_text_with_two_decimals_at_least(anna: Client) -> None:
    reply = await anna.json("balance")
    assert (reply.status_code, reply.content) == (200, b'{"balance":"150.00","currency":"USD"}')
    await anna.buy(quantity=101)
    assert (await anna.json("balance")).json()["balance"] == "149.7475"


async def test_an_order_beyond_the_wallet_is_refused(anna: Client) -> None:
    reply = await anna.json("add", service=1, link=LINK, quantity=100_000)
    assert (reply.status_code, reply.content) == (400, b'{"error":"Insufficient balance in wallet."}')


async def test_a_quantity_out_of_range_is_refused_with_the_range(anna: Client) -> None:
    for quantity in (99, 100_001, 0, 2**63, -5, "-5"):
        reply = await anna.json("add", service=1, link=LINK, quantity=quantity)
        assert (reply.status_code, reply.content) == (400, b'{"error":"Quantity must be between 100 and 100000"}')


async def test_a_service_that_we_do_not_sell_is_answered_as_on_the_page(anna: Client) -> None:
    """Byte for byte, also for the provider's own id of a service that we do sell."""
    for service in (3, 0, 7101, "99", 2**63 - 1, 2**70, -1, "-1"):
        reply = await anna.json("add", service=service, link=LINK, quantity=1000)
        assert reply.status_code == 500
        assert reply.content == (
            b'{"success": false, "name": "SERVICE_NOT_FOUND", "message": "Service not found or unauthorized"}'
        )


async def test_a_malformed_or_missing_service_is_a_bad_request(anna: Client) -> None:
    for service in ("one", 1.5, "", None, True, [1], {"id": 1}):
        reply = await anna.json("add", service=service, link=LINK, quantity=1000)
        assert (reply.status_code, list(reply.json())) == (400, ["error"]), service


async def test_whoever_has_no_valid_key_hears_the_same(shop: Served) -> None:
    for key in ("", "wrong", "0" * 64, None, 7, "ключ", "k" * 5000):
        reply = await shop.http.post("/api/v2", json={"key": key, "action": "balance"})
        assert (reply.status_code, reply.content) == (401, b'{"error":"Invalid API key"}'), key


async def test_a_request_without_a_key_is_unauthorized(shop: Served) -> None:
    reply = await shop.http.post("/api/v2", json={"action": "balance"})
    assert (reply.status_code, reply.content) == (401, b'{"error":"Invalid API key"}')


async def test_an_unknown_action_is_a_bad_request(anna: Client) -> None:
    for action in ("", "ADDD", "delete", "__proto__", None):
        reply = await anna.http.post("/api/v2", json={"key": anna.key, "action": action})
        assert (reply.status_code, list(reply.json())) == (400, ["error"]), action


async def test_a_new_order_is_pending_and_has_no_start_count(anna: Client) -> None:
    order = await anna.buy()
    reply = await anna.json("status", order=order)
    assert reply.status_code == 200
    assert reply.json() == {"charge": 2.5, "status": "PENDING", "currency": "USD", "remains": 1000}


async def test_a_delivered_order_is_completed(shop: Served, anna: Client) -> None:
    order = await anna.buy()
    await shop.panel.jobs.start()
    status = await finished(anna, order)
    start = status.pop("start_count")
    assert isinstance(start, int)
    assert status == {"charge": 2.5, "status": "COMPLETED", "currency": "USD", "remains": 0}


async def test_the_undelivered_part_comes_back(shop: Served, anna: Client) -> None:
    """The page's example: 10,000 for 25.00, 3,000 remain, 7.50 are credited; the charge stays gross."""
    order = await anna.buy("partial/3000", quantity=10_000)
    await shop.panel.jobs.start()
    status = await finished(anna, order)
    assert (status["status"], status["remains"], status["charge"]) == ("PARTIAL", 3000, 25)
    assert (await anna.json("balance")).json()["balance"] == "132.50"
    net = (await anna.form("status", order=order)).json()
    assert (net["status"], net["remains"], net["charge"]) == ("Partial", "3000", "17.5")


async def test_an_order_called_off_before_any_delivery_is_refunded_in_full(shop: Served, anna: Client) -> None:
    order = await anna.buy("cancel")
    await shop.panel.jobs.start()
    status = await finished(anna, order)
    assert (status["status"], status["remains"], status["charge"]) == ("CANCELLED", 1000, 2.5)
    assert (await anna.json("balance")).json()["balance"] == "150.00"


async def test_the_statuses_of_many_orders_come_at_once(anna: Client) -> None:
    orders = [await anna.buy() for _ in range(3)]
    reply = await anna.json("status", orders=",".join(map(str, [*orders, 999])))
    pending = {"charge": 2.5, "status": "PENDING", "currency": "USD", "remains": 1000}
    assert reply.json() == {**{str(order): pending for order in orders}, "999": {"error": "Incorrect order ID"}}
    assert (await anna.json("status", orders=orders)).json() == {str(order): pending for order in orders}


async def test_an_unknown_order_is_a_bad_request(anna: Client) -> None:
    reply = await anna.json("status", order=999)
    assert (reply.status_code, reply.content) == (400, b'{"error":"Incorrect order ID"}')


async def test_the_pages_own_python_example_runs(shop: Served, anna: Client) -> None:
    """With the library that its readers use."""

    def example() -> tuple[Any, ...]:
        def call(**fields: Any) -> Any:
            return requests.post(f"{shop.url}/api/v2", json={"key": anna.key, **fields}, timeout=20).json()

        services = call(action="services")
        order = call(action="add", service=1, link=LINK, quantity=1000)
        status = call(action="status", order=order["order"])
        return services[0]["service"], order, status["status"], call(action="balance")["balance"]

    assert await asyncio.to_thread(example) == (1, {"order": 1}, "PENDING", "147.50")
