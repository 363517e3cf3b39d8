"""A demo or a test can see the sandbox's truth and move its levers, over HTTP and from within."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from providers.sandbox import Sandbox
from tests.providers.sandbox_server import customer_of


async def test_the_truth_shows_every_add_taken_or_not() -> None:
    async with customer_of(Sandbox(speed=0)) as customer:
        order = await customer.buy("partial/100")
        await customer.call("add", service=9, link="https://x.example/u", quantity=5, comments="hi")
        await customer.call("status", order=order)
        taken, refused = await customer.steer("orders")
        assert datetime.fromisoformat(taken.pop("time")).tzinfo is not None
        assert taken == {
            "service": "1",
            "link": "https://x.example/u/partial/100",
            "quantity": "1000",
            "fields": {},
            "accepted": True,
            "error": None,
            "order": order,
            "units": 1000,
            "status": "Partial",
            "remains": 100,
            "charge": "2.25",
        }
        assert (refused["accepted"], refused["error"]) == (False, "Incorrect service ID")
        assert refused["fields"] == {"comments": "hi"}


async def test_looking_at_the_truth_is_not_asking_for_a_status() -> None:
    async with customer_of(Sandbox(speed=0)) as customer:
        await customer.buy()
        await customer.steer("orders")
        assert (await customer.steer("orders"))[0]["status"] == "Pending"


async def test_the_balance_can_be_emptied_and_filled() -> None:
    async with customer_of(Sandbox()) as customer:
        await customer.steer("balance", balance="0")
        refused = await customer.call("add", service=1, link="https://x.example/u", quantity=1000)
        assert refused == {"error": "Not enough funds on balance"}
        assert (await customer.steer("balance", balance=2.5))["balance"] == "2.5"
        assert await customer.buy() == 1000


async def test_a_rate_can_be_moved_under_an_order() -> None:
    """The order keeps the price it was taken at, the next one pays the new one."""
    sandbox = Sandbox()
    async with customer_of(sandbox) as customer:
        await customer.buy()
        state = await customer.steer("rate", service=1, rate="5.00")
        assert (await customer.call("services"))[0]["rate"] == "5.00"
        assert state["charges"] == "2.5"
        await customer.buy()
        assert (await customer.steer("state"))["charges"] == "7.5"


async def test_a_status_can_be_forced_and_the_money_follows() -> None:
    async with customer_of(Sandbox(dialect="json", balance="10")) as customer:
        order = await customer.buy()
        seen = []
        for status, remains in (
            ("Completed", None),
            ("PARTIAL", 400),
            ("In progress", 400),
            ("CANCELLED", 0),
            ("?", 5),
        ):
            state = await customer.steer("order", order=order, status=status, remains=remains)
            answer = await customer.call("status", order=order)
            seen.append((answer["status"], answer["remains"], state["balance"]))
        assert seen == [
            ("COMPLETED", 0, "7.5"),
            ("PARTIAL", 400, "8.5"),
            ("IN_PROGRESS", 400, "7.5"),
            ("CANCELLED", 0, "10"),
            ("?", 5, "7.5"),
        ]


async def test_a_panel_can_be_down_hang_show_a_page_or_refuse_everything() -> None:
    async with customer_of(Sandbox()) as customer:
        await customer.steer("mode", mode="down")
        assert (await customer.send("balance")).status_code == 503
        await customer.steer("mode", mode="html")
        page = await customer.send("balance")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        await customer.steer("mode", mode="refuse:We-are closed")
        assert await customer.call("balance") == {"error": "We-are closed"}
        await customer.steer("mode", mode="hang")
        with pytest.raises(httpx.ReadTimeout):
            await customer.http.post("/api/v2", timeout=0.2)
        assert (await customer.steer("mode", mode="up"))["mode"] == "up"
        assert "balance" in await customer.call("balance")


async def test_the_catalogue_can_be_replaced_and_a_service_withdrawn() -> None:
    async with customer_of(Sandbox()) as customer:
        rows = [{"service": "7a", "rate": 1.10, "min": 1}, {"service": 8, "rate": "0.5", "min": 1}]
        await customer.steer("catalogue", rows=rows)
        assert await customer.call("services") == rows
        assert await customer.buy(service="7a") == 1000
        await customer.steer("catalogue", remove=8)
        assert await customer.call("services") == rows[:1]


@pytest.mark.parametrize(
    ("lever", "change"),
    [
        ("balance", {"balance": "NaN"}),
        ("rate", {"service": 99, "rate": "1"}),
        ("order", {"order": 5, "status": "Partial"}),
        ("mode", {"mode": "sideways"}),
        ("catalogue", {"remove": 99}),
        ("catalogue", {"remove": 1, "rows": []}),
    ],
)
async def test_a_lever_that_does_not_move_says_why(lever: str, change: dict[str, object]) -> None:
    async with customer_of(Sandbox()) as customer:
        before = await customer.steer("state")
        reply = await customer.http.post(f"/sandbox/{lever}", json=change)
        assert reply.status_code == 400
        assert reply.json()["error"]
        assert await customer.steer("state") == before


async def test_the_same_levers_move_from_within() -> None:
    sandbox = Sandbox(speed=0)
    async with customer_of(sandbox) as customer:
        order = await customer.buy()
        sandbox.set_order(order, "Partial", 10)
        sandbox.set_balance("1")
        sandbox.set_mode("refuse:no")
        assert await customer.call("balance") == {"error": "no"}
        assert (sandbox.orders[0].status, sandbox.orders[0].remains) == ("Partial", 10)
        assert await customer.steer("state") == {
            "balance": "1",
            "charges": "2.475",
            "currency": "USD",
            "dialect": "classic",
            "mode": "refuse:no",
            "speed": 0.0,
            "services": 7,
            "adds": 1,
            "orders": 1,
        }
