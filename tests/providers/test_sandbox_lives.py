"""A link tells the sandbox what becomes of its order, and no money is lost or made on the way."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from providers.sandbox import Sandbox
from tests.providers.sandbox_server import Customer, customer_of


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def follow(word: str, *ages: float, dialect: str = "classic") -> list[tuple[str, int]]:
    """Status and remains of an order of 1,000 at these ages, in lifetimes of four seconds."""
    clock = Clock()
    sandbox = Sandbox(dialect=dialect, clock=clock)  # type: ignore[arg-type]
    seen = []
    async with customer_of(sandbox) as customer:
        order = await customer.buy(word)
        for age in ages:
            clock.now = age * 4
            answer = await customer.call("status", order=order)
            seen.append((answer["status"], int(answer["remains"])))
    return seen


async def test_an_ordinary_order_waits_then_falls_then_completes() -> None:
    assert await follow("", 0, 0.5, 0.75, 1, 9) == [
        ("Pending", 1000),
        ("In progress", 667),
        ("In progress", 334),
        ("Completed", 0),
        ("Completed", 0),
    ]


async def test_a_partial_order_stops_short() -> None:
    assert await follow("partial/300", 0.999, 1, 5) == [("In progress", 301), ("Partial", 300), ("Partial", 300)]


async def test_a_link_can_not_leave_more_than_was_ordered() -> None:
    assert await follow("partial/3000", 1) == [("Partial", 1000)]


async def test_a_cancelled_order_never_begins() -> None:
    assert await follow("cancel", 0.9, 1) == [("Pending", 1000), ("Canceled", 1000)]


async def test_an_order_can_be_cancelled_half_way() -> None:
    assert await follow("cancel/400", 0.5, 1, dialect="json") == [("IN_PROGRESS", 800), ("CANCELLED", 400)]


async def test_a_slow_order_never_ends() -> None:
    assert await follow("slow", 0, 10, 99999) == [("In progress", 1000), ("In progress", 990), ("In progress", 1)]


async def test_a_pending_order_waits_for_ever() -> None:
    assert await follow("pending", 0, 99999) == [("Pending", 1000)] * 2


async def test_a_late_order_completes_and_turns_partial_afterwards() -> None:
    assert await follow("late/200", 1, 1.9, 2) == [("Completed", 0), ("Completed", 0), ("Partial", 200)]


async def test_a_growing_order_loses_more_and_more() -> None:
    assert await follow("grow/200/500", 1, 1.9, 2, 9) == [("Partial", n) for n in (200, 200, 500, 500)]


async def test_a_status_may_be_a_word_that_nobody_knows() -> None:
    assert await follow("unknownword/Being%20baked", 0, 9) == [("Being baked", 1000)] * 2


async def test_words_count_anywhere_in_the_path_and_only_there() -> None:
    """A handle, a host or a query that happens to hold a word changes nothing."""
    assert await follow("partial/9/photos?x=1", 1) == [("Partial", 9)]
    assert await follow("impartial/9", 1) == [("Completed", 0)]
    assert await follow("?next=/cancel/", 1) == [("Completed", 0)]
    assert await follow("partial/some", 1) == [("Completed", 0)]


async def test_without_time_orders_live_by_being_asked_for() -> None:
    async with customer_of(Sandbox(speed=0)) as customer:
        done, late = await customer.buy(), await customer.buy("late/5")
        assert [seen["status"] for seen in await customer.steer("orders")] == ["Pending", "Pending"]
        assert (await customer.call("status", order=done))["status"] == "Completed"
        words = [(await customer.call("status", order=late))["status"] for _ in range(3)]
        assert words == ["Completed", "Completed", "Partial"]


@pytest.mark.parametrize("segment", ["Not%20enough%20funds", "Not+enough+funds", "Not-enough-funds"])
async def test_a_refusal_says_what_the_link_says(segment: str) -> None:
    async with customer_of(Sandbox()) as customer:
        link = f"https://x.example/refuse/{segment}"
        assert await customer.call("add", service=1, link=link, quantity=100) == {"error": "Not enough funds"}
    async with customer_of(Sandbox(dialect="json")) as customer:
        reply = await customer.send("add", service=1, link=link, quantity=100)
        assert (reply.status_code, reply.json()) == (400, {"error": "Not enough funds"})


async def lose(customer: Customer, word: str) -> type[httpx.HTTPError]:
    """How an add whose answer never comes ends for an impatient customer."""
    link = f"https://x.example/{word}/partial/250"
    fields = {"key": "sandbox", "action": "add", "service": 1, "link": link, "quantity": 1000}
    with pytest.raises(httpx.HTTPError) as caught:
        await customer.http.post("/api/v2", data=fields, timeout=0.3)
    return caught.type


async def test_an_answer_can_be_lost_after_the_order_was_taken() -> None:
    """The order lives on, is charged, and shows in the truth; the panel goes on serving."""
    async with customer_of(Sandbox(speed=0, balance="10")) as customer:
        assert await lose(customer, "lost") is httpx.ReadTimeout
        assert await lose(customer, "drop") is httpx.RemoteProtocolError
        assert await customer.call("balance") == {"balance": "5", "currency": "USD"}
        seen = await customer.steer("orders")
        assert [(one["accepted"], one["order"]) for one in seen] == [(True, 1000), (True, 1001)]
        assert (await customer.call("status", order=1000))["remains"] == "250"


async def test_an_answer_can_be_lost_without_the_order_being_taken() -> None:
    async with customer_of(Sandbox(balance="10")) as customer:
        assert await lose(customer, "lostno") is httpx.ReadTimeout
        assert await customer.call("balance") == {"balance": "10", "currency": "USD"}
        (seen,) = await customer.steer("orders")
        assert (seen["accepted"], seen["order"]) == (False, None)


async def test_an_order_can_be_taken_and_answered_with_a_page() -> None:
    async with customer_of(Sandbox(balance="10")) as customer:
        reply = await customer.send("add", service=1, link="https://x.example/error500", quantity=1000)
        assert reply.status_code == 500
        assert reply.headers["content-type"].startswith("text/html")
        assert await customer.call("balance") == {"balance": "7.5", "currency": "USD"}


@pytest.mark.parametrize("dialect", ["classic", "json"])
async def test_balance_and_charges_always_add_up(dialect: str) -> None:
    """Rates with binary noise, every kind of end, a rate that moves in between: not a digit is lost."""
    rows = [{"service": 1, "name": "Likes", "rate": 0.24000000000000002, "min": "1", "max": "5000", "cancel": True}]
    sandbox = Sandbox(dialect=dialect, balance="3.3333333", catalogue=rows, speed=0)  # type: ignore[arg-type]
    words = ["", "partial/333", "cancel", "cancel/77", "late/13", "grow/7/999", "slow", "pending", "unknownword/eh"]
    async with customer_of(sandbox) as customer:
        orders = [await customer.buy(word, quantity=999) for word in words]
        for turn in range(4):
            await customer.call("status", orders=",".join(map(str, orders)))
            sandbox.set_rate(1, f"0.1{turn}")
            assert sandbox.balance + sandbox.charges == Decimal("3.3333333")
        await customer.call("cancel", orders=",".join(map(str, orders)))
        assert sandbox.balance + sandbox.charges == Decimal("3.3333333")


@pytest.mark.parametrize(("dialect", "kept"), [("classic", "0"), ("json", "1.5")])
async def test_the_dialects_differ_in_what_cancelled_half_way_pays_back(dialect: str, kept: str) -> None:
    sandbox = Sandbox(dialect=dialect, speed=0)  # type: ignore[arg-type]
    async with customer_of(sandbox) as customer:
        order = await customer.buy("cancel/400")
        await customer.call("status", order=order)
        assert sandbox.charges == Decimal(kept)
        assert sandbox.balance == 1000 - Decimal(kept)


async def test_money_that_is_due_pays_for_the_next_order() -> None:
    """A refund nobody asked about yet counts when the next order comes."""
    clock = Clock()
    async with customer_of(Sandbox(balance="2.5", clock=clock)) as customer:
        await customer.buy("cancel")
        clock.now = 4
        assert await customer.buy() == 1001
