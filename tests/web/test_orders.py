"""What resellers do with orders on the pages: the API's deeds, its prices, and each of them once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from aggregator.app import failpoints
from aggregator.ledger import book
from aggregator.orders import attempt_store, store
from aggregator.orders.state import OrderState
from aggregator.resellers import accounts
from aggregator.storage import tables
from aggregator.storage.transaction import Work, intercept_writes
from pricing.money import parse_units
from tests.builders import set_attempt
from tests.web.kit import Visitor, Web, once_of, plain, without_tokens
from tests.web.stories import LINK, begun, busy, live, order


async def balance(visitor: Visitor) -> int:
    return await book.balance(visitor.reseller)


async def test_an_order_costs_what_the_form_had_said(web: Web, anna: Visitor) -> None:
    """The charge that is told while one types is the one that is taken."""
    told = await anna.get(f"/orders/quote?service=1&link={LINK}&quantity=1001")
    assert "Charge for 1,001 2.50 25 USD Balance now 150.00 USD Balance then 147.49 75 USD" in plain(told)
    assert "Order 1 is taken." in plain(await order(anna, LINK, quantity=1001))
    assert await balance(anna) == parse_units("147.4975")


async def test_a_form_sent_twice_orders_once(web: Web, anna: Visitor) -> None:
    """Pressed twice, or sent again by the browser: the first order is shown again."""
    fields = {
        "service": "1",
        "link": LINK,
        "quantity": "1000",
        "once": once_of(await anna.get("/orders/new?service=1")),
    }
    first, again = [await anna.send("/orders/new", fields) for _ in range(2)]
    assert first.headers["location"] == again.headers["location"] == "/orders/1"
    assert await balance(anna) == parse_units("147.5")


async def test_nothing_is_ordered_dearer_than_was_shown(web: Web, anna: Visitor) -> None:
    """The price rose between the look and the press: the form comes back and tells the new one."""
    form = {"service": "1", "link": LINK, "quantity": "1000", "once": "o" * 20, "expected": "249999999"}
    page = plain(await anna.post("/orders/new", form))
    assert "The price has changed. Nothing was ordered yet" in page
    assert "Charge for 1,000 2.50 USD" in page
    assert await store.newest_of(anna.reseller, 1) == []
    await anna.post("/orders/new", form | {"expected": "250000000"})
    assert len(await store.newest_of(anna.reseller, 9)) == 1


async def test_what_cannot_be_ordered_is_told_in_the_form(web: Web, anna: Visitor) -> None:
    """With everything that was typed still in it, and nothing charged."""
    for fields, said in [
        ({"quantity": "5"}, "The quantity must be from 100 to 100,000."),
        ({"quantity": "ten"}, "The quantity must be a whole number."),
        ({"link": ""}, "link is required"),
        ({"quantity": "100000"}, "Your balance does not cover this."),
    ]:
        form = {"service": "1", "link": LINK, "quantity": "1000", "once": "o" * 20, **fields}
        page = await anna.post("/orders/new", form)
        assert said in plain(page), fields
        assert f'value="{form["quantity"]}"' in page
    assert await balance(anna) == parse_units("150")


async def test_each_type_of_service_asks_for_its_own_fields(web: Web, anna: Visitor) -> None:
    form = await anna.get("/orders/new?service=2")
    assert 'name="comments"' in form
    assert 'name="quantity"' not in form
    fields = {"service": "2", "link": LINK, "comments": "wow\r\nnice\r\n\r\nhm", "once": once_of(form)}
    assert "Order 1 is taken." in plain(await anna.post("/orders/new", fields))
    assert "wow\nnice\nhm" in await anna.get("/orders/1")


async def test_nobody_sees_or_touches_anothers_order(web: Web, anna: Visitor) -> None:
    eve = await web.reseller("eve")
    await order(anna, LINK)
    await eve.get("/orders/1", code=404)
    assert "There is no such order of yours." in plain(await eve.post("/orders/1/cancel"))
    assert "No orders yet" in plain(await eve.get("/orders"))


async def test_an_order_that_has_not_left_is_cancelled_and_paid_back(web: Web, anna: Visitor) -> None:
    await order(anna, LINK)
    page = plain(await anna.post("/orders/1/cancel"))
    assert "Cancelled" in page
    assert "Paid back: 1,000 of 1,000 not delivered +2.50 USD" in page
    assert await balance(anna) == parse_units("150")
    assert "/orders/1/cancel" not in await anna.get("/orders/1"), "there is nothing left to cancel"


async def test_whose_cancel_was_refused_is_told_so_and_may_ask_again(web: Web, anna: Visitor) -> None:
    await order(anna, LINK)
    while await web.panel.dispatcher.run_once():
        await web.panel.dispatcher.idle()
    await store.request_cancel(1)
    assert "Being called off" in plain(await anna.get("/orders/1"))
    assert "/orders/1/cancel" not in await anna.get("/orders/1")
    [attempt] = await attempt_store.of_order(1)
    await set_attempt(attempt.id, {tables.Attempt.cancel_answer: "CANCEL_DISABLED"})
    page = await anna.get("/orders/1")
    assert "Cannot be cancelled" in plain(page)
    assert "/orders/1/cancel" in page
    assert "This order cannot be cancelled." in plain(await anna.post("/orders/1/cancel"))


async def test_a_refill_is_offered_for_what_was_completed(web: Web, anna: Visitor) -> None:
    await order(anna, LINK)
    assert "Ask for a refill" not in plain(await anna.get("/orders/1"))
    assert "The order is not completed." in plain(await anna.post("/orders/1/refill"))
    await live(web)
    assert "Ask for a refill" in plain(await anna.get("/orders/1"))
    page = plain(await anna.post("/orders/1/refill"))
    assert "Refill 1 asked for" in page
    assert "Pending" in page.rpartition("Refill Asked for Status")[2]
    assert "The refill task is not completed for this order." in plain(await anna.post("/orders/1/refill"))


async def test_lists_are_filtered_and_searched(web: Web) -> None:
    anna = await busy(web)
    asked = {
        "": "4 3 2 1",
        "?state=open": "2 1",
        "?state=partial": "3",
        "?state=cancelled": "4",
        "?q=n%3D2": "3",
        "?q=N=2": "3",
        "?q=%23 2": "",
        "?q=%232": "2",
        "?q=%25": "",
        "?service=1&before=3": "2 1",
        "?service=7": "",
    }
    for query, numbers in asked.items():
        page = await anna.get(f"/orders{query}")
        shown = [line.split('"')[0] for line in page.split('data-label="Order"><a href="/orders/')[1:]]
        assert " ".join(shown) == numbers, query


async def test_nothing_of_a_provider_is_shown(web: Web, anna: Visitor) -> None:
    """No name, id, price or word of theirs, whatever has happened to the order."""
    link = f"{LINK}refuse/ZZ-secret-words"
    await order(anna, link)
    await begun(1)
    await store.note(1, OrderState.ACTIVE, "alpha: ZZ upstream said no")
    for path in ("/home", "/orders", "/orders/1", "/wallet", "/orders/new", "/orders/new?service=1"):
        page = without_tokens(await anna.get(path)).replace(link, "").replace(quote(link, safe=""), "")
        for secret in ("alpha", "ZZ", "7101", "88000", "upstream"):
            assert secret not in page, (path, secret)


async def test_a_frozen_account_sees_all_and_orders_nothing(web: Web, anna: Visitor) -> None:
    await order(anna, LINK)
    await accounts.change("anna", tier=None, spelling=None, frozen=True)
    assert "147.50" in plain(await anna.get("/wallet"))
    assert "This account is frozen" in plain(await anna.post("/orders/new", service="1", link=LINK, quantity="1000"))
    assert "This account is frozen" in plain(await anna.post("/orders/1/cancel"))


MASS = f"1 | {LINK}a | 1000\n\n9 | {LINK}b | 1000\n1 | {LINK}c\n1|{LINK}d|2000\nhello"


async def test_a_mass_order_tells_every_fault_and_the_total_first(web: Web, anna: Visitor) -> None:
    page = plain(await anna.post("/orders/mass", orders=MASS))
    assert "2 of 5 lines can be ordered" in page
    assert "Total of those 7.50 USD" in page
    for said in ("There is no service with this id.", "quantity is required", "must be: service | link | quantity"):
        assert said in page
    assert await balance(anna) == parse_units("150")


async def test_a_mass_order_is_placed_once_and_whole_or_what_is_valid(web: Web, anna: Visitor) -> None:
    """Lines with a fault stand in the way of all, or are left out by choice; the same form again does nothing."""
    refused = await anna.post("/orders/mass/place", orders=MASS, which="all", once="o" * 20)
    assert "so nothing was" in plain(refused)
    once = once_of(await anna.post("/orders/mass", orders=MASS))
    assert "2 of 5 orders are taken" in plain(
        await anna.post("/orders/mass/place", orders=MASS, which="valid", once=once)
    )
    again = await anna.send("/orders/mass/place", orders=MASS, which="valid", once=once)
    assert again.status_code == 409
    assert await balance(anna) == parse_units("142.5")
    assert [row.link[-1] for row in await store.newest_of(anna.reseller, 9)] == ["d", "a"]


async def test_a_mass_order_beyond_the_balance_orders_nothing(web: Web, anna: Visitor) -> None:
    text = "\n".join(f"1 | {LINK}{number} | 30000" for number in range(3))
    assert "does not cover these orders" in plain(await anna.post("/orders/mass", orders=text))
    refused = await anna.post("/orders/mass/place", orders=text, which="all", once="o" * 20)
    assert "so nothing was ordered" in plain(refused)
    assert await store.newest_of(anna.reseller, 1) == []


async def test_a_mass_order_is_written_down_in_one_go(web: Web, anna: Visitor) -> None:
    """Sixty orders in the order of their lines, with one commit for all of them besides that of the form."""
    text = "\n".join(f"1 | {LINK}{number} | 100" for number in range(60))
    once = once_of(await anna.post("/orders/mass", orders=text))
    commits = 0

    async def count(work: Work[Any], run: Callable[[Work[Any]], Awaitable[Any]]) -> Any:
        nonlocal commits
        commits += 1
        return await run(work)

    intercept_writes(count)
    try:
        page = plain(await anna.post("/orders/mass/place", orders=text, which="all", once=once))
    finally:
        intercept_writes(failpoints().transaction)
    assert "60 of 60 orders are taken" in page
    assert commits == 2
    links = [row.link for row in reversed(await store.newest_of(anna.reseller, 99))]
    assert links == [f"{LINK}{number}" for number in range(60)]
    assert await balance(anna) == parse_units("135")
