"""A dishonest panel does what it does, says what it says, and its own truth adds up nevertheless."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from providers.sandbox import Sandbox, Tricks
from tests.providers.sandbox_server import Customer, customer_of

ROW = {"service": 1, "name": "Likes", "rate": "2.50", "min": 1, "max": 100_000, "cancel": True, "dripfeed": True}
POSTS = {"service": 2, "name": "Auto likes", "type": "Subscriptions", "rate": "2.50", "min": 1, "max": 100_000}
PAID_IN = Decimal(1000)


def panel(dialect: str = "classic", **told: Any) -> Sandbox:
    return Sandbox(dialect=dialect, catalogue=[ROW, POSTS], speed=0, **told)  # type: ignore[arg-type]


def kept(sandbox: Sandbox) -> list[Decimal | None]:
    """What it keeps of each order, by its truth, which adds up."""
    assert sandbox.balance + sandbox.charges == PAID_IN
    return [seen.charge for seen in sandbox.orders]


async def ask(customer: Customer, order: int, times: int = 1) -> dict[str, Any]:
    """The last of so many answers."""
    answers = [await customer.call("status", order=order) for _ in range(times)]
    assert isinstance(answers[-1], dict)
    return answers[-1]


@pytest.mark.parametrize(
    ("dialect", "word", "charge", "stated"),
    [
        ("classic", "", "2.5", "2.5"),
        ("classic", "overcharge/3", "7.5", "7.5"),
        ("classic", "skim/3", "7.5", "2.5"),
        ("json", "overcharge/1.07", "2.675", "2.675"),
        ("json", "skim/1.07", "2.675", "2.5"),
        ("classic", "skim/1.07/partial/300", "1.8725", "1.75"),
        ("json", "overcharge/2/partial/300", "3.5", "5"),
        ("classic", "overcharge/0", "2.5", "2.5"),
    ],
)
async def test_more_is_charged_than_the_list_says(dialect: str, word: str, charge: str, stated: str) -> None:
    sandbox = panel(dialect)
    async with customer_of(sandbox) as customer:
        answer = await ask(customer, await customer.buy(word), 2)
        assert Decimal(str(answer["charge"])) == Decimal(stated)
        assert kept(sandbox) == [Decimal(charge)]


@pytest.mark.parametrize("dialect", ["classic", "json"])
async def test_a_cancelled_order_keeps_the_money_and_says_that_it_does_not(dialect: str) -> None:
    sandbox = panel(dialect)
    async with customer_of(sandbox) as customer:
        answer = await ask(customer, await customer.buy("keep/cancel"))
        asked_off = await customer.buy("keep/pending")
        await customer.call("cancel", orders=str(asked_off))
        for one in (answer, await ask(customer, asked_off)):
            assert (one["status"].upper()[:6], Decimal(str(one["charge"]))) == ("CANCEL", Decimal(0))
        assert kept(sandbox) == [Decimal("2.5"), Decimal("2.5")]


async def test_a_cancelled_order_is_delivered_after_all() -> None:
    """Paid back at first, by its own fate or by the customer's wish, and charged again."""
    sandbox = panel()
    async with customer_of(sandbox) as customer:
        own, asked_off = await customer.buy("revive/cancel"), await customer.buy("revive/pending")
        await customer.call("cancel", orders=str(asked_off))
        assert [(await ask(customer, order))["status"] for order in (own, asked_off)] == ["Canceled"] * 2
        assert kept(sandbox) == [Decimal(0)] * 2
        assert [(await ask(customer, order, 2))["status"] for order in (own, asked_off)] == ["Completed"] * 2
        assert kept(sandbox) == [Decimal("2.5")] * 2


@pytest.mark.parametrize("dialect", ["classic", "json"])
async def test_a_drip_feed_is_called_off_midway(dialect: str) -> None:
    """Two of five runs were begun; the other three are paid back."""
    sandbox = panel(dialect)
    async with customer_of(sandbox) as customer:
        link = "https://x.example/dripcancel/2"
        order = (await customer.call("add", service=1, link=link, quantity=100, runs=5, interval=10))["order"]
        answer = await ask(customer, order)
        assert (answer["status"].upper()[:6], int(answer["remains"]), int(answer["runs"])) == ("CANCEL", 300, 2)
        assert kept(sandbox) == [Decimal("0.5")]
        plain = await customer.buy("dripcancel/2")
        assert "runs" not in await ask(customer, plain)


async def test_a_subscription_serves_more_posts_than_were_bought() -> None:
    sandbox = panel()
    async with customer_of(sandbox) as customer:
        wanted = {"username": "https://x.example/overserve/3", "min": 100, "max": 100, "posts": 5, "delay": 0}
        order = (await customer.call("add", service=2, **wanted))["order"]
        answer = await ask(customer, order)
        assert (answer["status"], answer["posts"]) == ("Completed", "8")
        assert kept(sandbox) == [Decimal("1.25")]


async def test_a_start_count_is_below_zero() -> None:
    async with customer_of(panel("json")) as customer:
        assert (await ask(customer, await customer.buy("negative")))["start_count"] < 0


async def test_the_first_cancel_is_too_much() -> None:
    async with customer_of(panel()) as customer:
        order, other = await customer.buy("busycancel/pending"), await customer.buy("pending")
        reply = await customer.send("cancel", orders=f"{order},{other}")
        assert (reply.status_code, reply.json()) == (429, {"error": "Too many requests"})
        assert (await ask(customer, other))["status"] == "Pending"
        assert await customer.call("cancel", orders=str(order)) == [{"order": order, "cancel": 1}]


async def test_the_first_cancel_is_carried_out_and_never_answered() -> None:
    async with customer_of(panel()) as customer:
        order = await customer.buy("lostcancel/pending")
        with pytest.raises(httpx.ReadTimeout):
            await customer.http.post(
                "/api/v2", data={"key": "sandbox", "action": "cancel", "orders": order}, timeout=0.3
            )
        assert (await ask(customer, order))["status"] == "Canceled"
        assert (await customer.call("cancel", orders=str(order)))[0]["cancel"] == {"error": "Cannot cancel"}


@pytest.mark.parametrize("dialect", ["classic", "json"])
async def test_what_was_sent_comes_back_in_refusals_and_pages(dialect: str) -> None:
    sandbox = panel(dialect)
    async with customer_of(sandbox) as customer:
        link = "https://x.example/echo/refuse/Bad-link"
        told = (await customer.send("add", service=1, link=link, quantity=100)).json()["error"]
        assert told.startswith("Bad link (")
        assert "key=sandbox" in told
        assert "refuse%2FBad-link" in told
        page = await customer.send("add", service=1, link="https://x.example/echo/error500", quantity=100)
        assert (page.status_code, "echo%2Ferror500" in page.text) == (500, True)
        sandbox.set_tricks(echoes=True)
        sandbox.set_mode("down")
        assert "action=balance" in (await customer.send("balance")).text


async def test_ids_are_given_again() -> None:
    """The newer order is the one that is asked for; the older one is charged all the same."""
    sandbox = panel()
    async with customer_of(sandbox) as customer:
        assert [await customer.buy("pending"), await customer.buy("pending")] == [1000, 1001]
        assert (await customer.steer("ids", next=1000))["orders"] == 2
        assert await customer.buy(quantity=500) == 1000
        assert (await ask(customer, 1000))["charge"] == "1.25"
        assert [seen.order for seen in sandbox.orders] == [1000, 1001, 1000]
        assert kept(sandbox) == [Decimal("2.5"), Decimal("2.5"), Decimal("1.25")]
        assert (await customer.steer("state"))["orders"] == 3


async def test_the_list_holds_orders_of_somebody_else() -> None:
    """A month old, of the customer's own link; nothing of them is in the truth."""
    sandbox = panel(lists_orders=True, tricks=Tricks(foreign_rows=2))
    async with customer_of(sandbox) as customer:
        order = await customer.buy()
        ours, *theirs = await customer.call("orders")
        assert (ours["order"], len(theirs)) == (order, 2)
        assert all((row["link"], row["quantity"]) == (ours["link"], ours["quantity"]) for row in theirs)
        assert all(row["created"] < ours["created"] for row in theirs)
        assert len(sandbox.orders) == 1
        sandbox.set_tricks(foreign_rows=0)
        assert [set(row) & {"created"} for row in await customer.call("orders")] == [set()]


async def test_tricks_are_begun_and_left_off_by_steering() -> None:
    """For the orders from then on; a link's own words come first."""
    sandbox = panel(tricks=Tricks(keeps=True))
    async with customer_of(sandbox) as customer:
        assert (await customer.steer("tricks", times="1.5", states=False))["times"] == "1.5"
        dear = await customer.buy()
        dearer = await customer.buy("overcharge/2")
        assert (await customer.steer("tricks", times=1))["keeps"] is True
        fair = await customer.buy("cancel")
        stated = [(await ask(customer, order))["charge"] for order in (dear, dearer, fair)]
        assert stated == ["2.5", "5", "0"]
        assert kept(sandbox) == [Decimal("3.75"), Decimal(5), Decimal("2.5")]
        assert (await customer.steer("tricks"))["states"] is False


@pytest.mark.parametrize(
    ("lever", "change"), [("tricks", {"honesty": 1}), ("tricks", {"times": "0"}), ("ids", {"next": 0})]
)
async def test_a_trick_that_there_is_not_is_refused(lever: str, change: dict[str, object]) -> None:
    async with customer_of(panel()) as customer:
        reply = await customer.http.post(f"/sandbox/{lever}", json=change)
        assert (reply.status_code, bool(reply.json()["error"])) == (400, True)
        assert (await customer.steer("tricks"))["times"] == "1"


@pytest.mark.parametrize("dialect", ["classic", "json"])
async def test_balance_and_charges_add_up_whatever_is_played(dialect: str) -> None:
    sandbox = panel(dialect, tricks=Tricks(times=Decimal("1.333333333")))
    words = [
        f"{trick}/{fate}"
        for trick in ("keep", "revive", "skim/1.07", "overcharge/0.5", "dripcancel/1")
        for fate in ("", "cancel", "cancel/77", "partial/333", "late/13", "pending")
    ]
    async with customer_of(sandbox) as customer:
        orders = [await customer.buy(word, quantity=999) for word in words]
        for turn in range(5):
            await customer.call("status", orders=",".join(map(str, orders)))
            kept(sandbox)
            if turn == 1:
                await customer.call("cancel", orders=",".join(map(str, orders)))
            if turn == 2:
                sandbox.set_next_id(1000)
                await customer.buy("keep/cancel")
