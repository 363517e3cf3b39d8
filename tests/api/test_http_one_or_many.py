"""One id is answered for itself, a list by a list: no panel takes a refusal in a list for a yes, and pays for it."""

from __future__ import annotations

from typing import Any

import pytest

from aggregator.orders import attempt_store
from aggregator.orders.settling.settle import settle
from tests.api.served import Client, Served
from tests.builders import activate, order_now

UNKNOWN = {"error": "Incorrect order ID"}
OVER = {"error": "This order cannot be cancelled"}
NOT_YET = {"error": "The order is not completed"}


async def body(client: Client, text: str) -> Any:
    """The answer to a JSON body that no library would write."""
    whole = f'{{"key": "{client.key}", {text}}}'
    return (await client.http.post("/api/v2", content=whole, headers={"Content-Type": "application/json"})).json()


async def completed(client: Client) -> int:
    order = await client.buy()
    await activate(await order_now(order))
    assert await settle(await order_now(order), 0, note="delivered")
    return order


async def test_the_cancel_of_one_order_is_no_list(anna: Client) -> None:
    first, second, third = [await anna.buy() for _ in range(3)]
    for order, reply in (
        (first, await anna.form("cancel", order=first)),
        (second, await anna.json("cancel", order=second)),
        (third, await anna.json("cancel", order=f" {third} ")),
    ):
        assert (reply.status_code, reply.json()) == (200, {"order": order, "cancel": 1})


@pytest.mark.parametrize("action", ["cancel", "refill"])
async def test_the_refusal_of_one_order_is_an_error_and_nothing_else(anna: Client, action: str) -> None:
    """400 in JSON; in the classic spelling 200, since its clients lose the text of any other code."""
    waiting = await anna.buy()
    done = await completed(anna)
    await anna.json("refill", order=done)
    refused = {"cancel": (done, OVER), "refill": (waiting, NOT_YET)}[action]
    for asked, said in (refused, (99_999, UNKNOWN), ("x", UNKNOWN), (-1, UNKNOWN)):
        told = [await anna.json(action, order=asked), await anna.form(action, order=asked)]
        assert [(reply.status_code, reply.json()) for reply in told] == [(400, said), (200, said)], asked
        get = await anna.http.get("/api/v2", params={"key": anna.key, "action": action, "order": str(asked)})
        assert (get.status_code, get.json()) == (200, said)


async def test_orders_and_lists_are_answered_by_a_list_even_of_one(anna: Client) -> None:
    """Whichever way the list is written."""
    forms: list[dict[str, Any]] = [
        {"orders": 99},
        {"orders": "99"},
        {"orders": "[99]"},
        {"order": "99,"},
        {"order": "[99]"},
        {"order": '["99"]'},
        {"orders[]": 99},
        {"order[]": 99},
        {"order[0]": 99},
    ]
    lists = ['"orders": 99', '"orders": [99]', '"orders": "99"', '"order": [99]', '"order": ["99"]', '"order": "[99]"']
    for action, field in (("cancel", "cancel"), ("refill", "refill")):
        for form in forms:
            assert (await anna.form(action, **form)).json() == [{"order": 99, field: UNKNOWN}], (action, form)
        for members in lists:
            assert await body(anna, f'"action": "{action}", {members}') == [{"order": 99, field: UNKNOWN}], members
    for form in forms:
        assert (await anna.form("status", **form)).json() == {"99": UNKNOWN}, form


async def test_the_cancels_of_several_are_told_as_other_panels_tell_them(anna: Client) -> None:
    first, second = await anna.buy(), await anna.buy()
    told = [{"order": first, "cancel": 1}, {"order": second, "cancel": 1}]
    assert (await anna.json("cancel", order=f"{first},{second}")).json() == told


async def test_refill_statuses_are_told_one_or_many_alike(anna: Client) -> None:
    missing = {"error": "Refill not found"}
    for form in ({"refill": 9}, {"refill": " 9 "}):
        replies = [await anna.json("refill_status", **form), await anna.form("refill_status", **form)]
        assert [(reply.status_code, reply.json()) for reply in replies] == [(400, missing), (200, missing)]
    for many in ({"refills": 9}, {"refill": "[9]"}, {"refill[]": 9}, {"refill": "9,"}):
        assert (await anna.form("refill_status", **many)).json() == [{"refill": 9, "status": missing}], many


async def test_each_id_is_answered_as_it_was_asked_and_done_once(shop: Served, anna: Client) -> None:
    """`01` and `1` are one order: it is called off once, and both are told the same."""
    order = await anna.buy()
    asked = f"0{order},{order}, {order},{order}.0"
    statuses = (await anna.form("status", orders=asked)).json()
    assert list(statuses) == [f"0{order}", f"{order}", f"{order}.0"]
    assert {told["status"] for told in statuses.values()} == {"Pending"}
    texts: list[str | int] = [f"0{order}", order, f"{order}.0"]
    assert (await anna.form("cancel", orders=asked)).json() == [{"order": text, "cancel": 1} for text in texts]
    done = await delivered(shop, anna)
    refills = (await anna.form("refill", orders=f"0{done},{done}")).json()
    assert refills == [{"order": f"0{done}", "refill": 1}, {"order": done, "refill": 1}]
    told = (await anna.form("refill_status", refills="01,1")).json()
    assert told == [{"refill": "01", "status": "Pending"}, {"refill": 1, "status": "Pending"}]


async def delivered(shop: Served, client: Client) -> int:
    """An order that a provider has really delivered, so that it can be refilled."""
    order = await client.buy()
    while await shop.panel.dispatcher.run_once():
        await shop.panel.dispatcher.idle()
    assert await attempt_store.of_order(order)
    assert await settle(await order_now(order), 0, note="delivered")
    return order


@pytest.mark.parametrize("odd", ["null", "true", "false", '{"a":1}', '{"a":[2]}', "1.5", '"null"', '"x"'])
async def test_whatever_stands_among_ids_is_answered_by_itself(anna: Client, odd: str) -> None:
    """A list that fails as a whole would make chained panels give up the orders beside it, too."""
    order = await anna.buy()
    name = odd.strip('"')
    for field in ("orders", "order"):
        told = await body(anna, f'"action": "status", "{field}": [{order}, {odd}]')
        assert list(told) == [str(order), name], told
        assert (told[str(order)]["status"], told[name]) == ("PENDING", UNKNOWN)
    told = await body(anna, f'"action": "refill", "orders": [{order}, {odd}]')
    assert told == [{"order": order, "refill": NOT_YET}, {"order": name, "refill": UNKNOWN}]
    told = await body(anna, f'"action": "cancel", "orders": [{odd}, {order}]')
    assert told == [{"order": name, "cancel": UNKNOWN}, {"order": order, "cancel": 1}]


async def test_a_null_in_place_of_all_ids_is_no_id(anna: Client) -> None:
    told = await body(anna, '"action": "status", "orders": [null]')
    assert told == {"null": UNKNOWN}
    assert (await anna.form("status", **{"orders[]": "null"})).json() == {"null": UNKNOWN}
    assert await body(anna, '"action": "status", "orders": null, "order": null') == {"error": "order is required"}


async def test_the_cancel_of_an_order_that_has_ended_is_refused(anna: Client) -> None:
    """However it has ended, also by a cancel before."""
    called_off = await anna.buy()
    assert (await anna.json("cancel", order=called_off)).json() == {"order": called_off, "cancel": 1}
    for order in (called_off, await completed(anna)):
        assert (await anna.json("cancel", order=order)).json() == OVER
        assert (await anna.form("cancel", orders=order)).json() == [{"order": order, "cancel": OVER}]
