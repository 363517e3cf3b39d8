"""The habits of real clients, by their numbers in the list of quirks: each is understood as it is meant."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from aggregator.storage import tables
from providers.vocabulary import ServiceType
from tests.api.served import Client
from tests.interop.market import FOLLOWERS, Market, service, wallet
from tests.interop.upstream import FIRST_ORDER

INCORRECT = {"error": "Incorrect request"}
UNKNOWN = {"error": "Incorrect order ID"}
PLAIN: dict[str, Any] = {"service": FOLLOWERS, "link": "https://x.example/u", "quantity": 1000}


async def post(client: Client, **fields: object) -> Any:
    """A form with a key and nothing but these fields."""
    return (await client.http.post("/api/v2", data={"key": client.key, **fields})).json()


async def count_orders() -> int:
    return int(await tables.Order.count())


async def completed(trade: Market, ann: Client) -> int:
    order = await trade.buy(ann)
    await trade.ask(order, status="Completed", remains="0")
    return order


async def sent(trade: Market, client: Client, kind: ServiceType, **fields: object) -> dict[str, Any]:
    """Order, and see what its provider is sent."""
    await trade.buy(client, kind, **{"quantity": "", **fields})
    return dict(trade.alpha.taken[-1].values)


async def test_q54_an_action_is_guessed_only_where_nothing_can_be_created(trade: Market, ann: Client) -> None:
    """The much-copied PHP class forgets it in four methods; of these, two only ask."""
    order = await completed(trade, ann)
    refill = (await ann.form("refill", order=order)).json()["refill"]
    assert await post(ann, refill=refill) == {"status": "Pending"}
    assert await post(ann, refills=refill) == [{"refill": int(refill), "status": "Pending"}]
    before = await tables.Refill.count(), await count_orders()
    for fields in ({"order": order}, {"orders": order}, PLAIN, {}):
        assert await post(ann, **fields) == INCORRECT
    assert before == (await tables.Refill.count(), await count_orders())


@pytest.mark.parametrize(
    "action", ["Status", "STATUS", " status ", "multiStatus", "multi_status", "multi-status", "statuses"]
)
async def test_q55_an_action_in_odd_spelling_is_still_that_action(trade: Market, ann: Client, action: str) -> None:
    order = await trade.buy(ann)
    reply = await post(ann, action=action, orders=order)
    assert reply[str(order)]["status"] == "Pending"
    for word in ("refill-status", "refillStatus", "Refill_Status", "REFILL STATUS"):
        assert await post(ann, action=word, refill=1) == {"error": "Refill not found"}
    assert (await post(ann, action="Add", **PLAIN)).keys() == {"order"}


@pytest.mark.parametrize(
    "text", ["one\r\ntwo\r\nthree", "one\ntwo\nthree", "one\\ntwo\\nthree", "\n one \r\n\r\ntwo\nthree\n"]
)
async def test_q56_comments_are_lines_however_they_are_broken(trade: Market, ann: Client, text: str) -> None:
    """Three comments are billed and three are sent, with commas where they were."""
    before = await wallet(ann)
    fields = await sent(trade, ann, ServiceType.CUSTOM_COMMENTS, comments=text.replace("two", "two, or so"))
    assert (fields["comments"], fields["quantity"]) == ("one\ntwo, or so\nthree", "3")
    assert str(before - await wallet(ann)) == "0.0075"


async def test_q57_a_quantity_beside_lines_is_ignored(trade: Market, ann: Client) -> None:
    """SmartPanel and others send one along, right or wrong."""
    for quantity in ("3", "500", "x", "0"):
        fields = await sent(trade, ann, ServiceType.CUSTOM_COMMENTS, comments="a\nb\nc", quantity=quantity)
        assert fields["quantity"] == "3"
    assert "quantity" not in await sent(trade, ann, ServiceType.PACKAGE, quantity="70")


async def test_q58_an_empty_parameter_is_as_good_as_none(trade: Market, ann: Client) -> None:
    fields = await sent(
        trade,
        ann,
        ServiceType.DEFAULT,
        quantity=1000,
        comments="",
        runs="",
        interval=" ",
        username="",
        custom_id="",
        request_id="",
    )
    assert fields.keys() == {"key", "action", "service", "link", "quantity"}
    assert await post(ann, action="add", **{**PLAIN, "link": "  "}) == {"error": "Bad link"}


async def test_q59_orders_may_be_listed_in_any_way(trade: Market, ann: Client) -> None:
    one, two = await trade.buy(ann), await trade.buy(ann)
    both = {str(one), str(two)}
    for asked in (f"{one},{two}", f" {one} , {two} ,", f"{one},,{two},{one}", f"{one},\n{two}"):
        assert (await post(ann, action="status", orders=asked)).keys() == both
    for name in ("orders[]", "orders"):
        assert (await post(ann, action="status", **{name: [one, two, one]})).keys() == both
    assert (await post(ann, action="status", **{"orders[0]": one, "orders[1]": two})).keys() == both
    assert (await post(ann, action="status", orders=one)).keys() == {str(one)}
    for asked in (f"[{one},{two}]", f'["{one}", "{two}"]'):
        assert (await post(ann, action="status", orders=asked)).keys() == both
    for listed in ([one, two], [str(one), str(two)], f"{one},{two}"):
        assert (await ann.json("status", orders=listed)).json().keys() == both


async def test_q60_a_list_wins_over_a_single_order(trade: Market, ann: Client) -> None:
    one, two = await trade.buy(ann), await trade.buy(ann)
    assert (await post(ann, action="status", order=one, orders=two)).keys() == {str(two)}
    assert (await post(ann, action="status", order=one, orders=""))["status"] == "Pending"


async def test_q61_a_list_in_the_single_field_is_a_list(trade: Market, ann: Client) -> None:
    one, two = await trade.buy(ann), await trade.buy(ann)
    assert (await post(ann, action="status", order=f"{one},{two}")).keys() == {str(one), str(two)}


async def test_q62_a_service_is_a_number_however_it_is_padded(trade: Market, ann: Client) -> None:
    for written in (f"{FOLLOWERS} ", f"0{FOLLOWERS}", f" 000{FOLLOWERS}", f"{FOLLOWERS}.0"):
        assert (await post(ann, action="add", **{**PLAIN, "service": written})).keys() == {"order"}, written
    for written in (f"{FOLLOWERS}x", "-1", "1e0", "77777"):
        assert await post(ann, action="add", **{**PLAIN, "service": written}) == {"error": "Incorrect service ID"}


async def test_q63_an_order_may_come_in_the_address(trade: Market, ann: Client) -> None:
    reply = await ann.http.get("/api/v2", params={"key": ann.key, "action": "add", **PLAIN})
    assert (reply.status_code, reply.json().keys()) == (200, {"order"})
    assert await count_orders() == 1


async def test_q64_json_is_understood_and_answered_as_the_key_wants(trade: Market, ann: Client) -> None:
    """Many write JSON to classic panels and read classic replies."""
    classic = await trade.another_key("ann", spelling="classic")
    order = (await classic.json("add", **PLAIN)).json()["order"]
    assert (await classic.json("status", order=order)).json()["remains"] == "1000"
    assert (await ann.json("status", order=order)).json()["remains"] == 1000
    assert ((await classic.json("add")).status_code, (await ann.json("add")).status_code) == (200, 400)


async def test_q64_a_key_is_answered_in_its_spelling_even_where_nothing_else_can_be_read(
    trade: Market, ann: Client
) -> None:
    """A client that only reads classic replies is told so in one, wherever its key can still be made out."""
    classic = await trade.another_key("ann", spelling="classic")
    broken: list[dict[str, Any]] = [
        {"content": '{"key": "%s", "action": "status", "order": 1'},
        {"content": '{"action": "add", "link": "a\nb", "key": "%s"}'},
        {"content": '{"action":', "params": {"key": "%s"}},
        {"content": '{"action":', "headers": {"Authorization": "Bearer %s"}},
    ]
    for request in broken:
        codes = [
            (await trade.http.post("/api/v2", **_with_key(request, client.key))).status_code
            for client in (classic, ann)
        ]
        assert codes == [200, 400], request
    assert (await trade.http.post("/api/v2", content='{"key": "nobody", "action"')).status_code == 400


def _with_key(request: dict[str, Any], key: str) -> dict[str, Any]:
    return {
        name: part.replace("%s", key)
        if isinstance(part, str)
        else {one: key_in.replace("%s", key) for one, key_in in part.items()}
        for name, part in request.items()
    }


async def test_q65_a_subscription_may_name_its_account_as_link(trade: Market, ann: Client) -> None:
    plan = {"min": 10, "max": 20, "posts": 2, "delay": 0}
    for names in ({"link": "somebody"}, {"link": "", "username": "somebody"}, {"link": "x", "username": "somebody"}):
        assert (await sent(trade, ann, ServiceType.SUBSCRIPTIONS, **plan, **names))["username"] == "somebody"


async def test_q66_a_date_is_turned_round_only_where_it_must_be(trade: Market, ann: Client) -> None:
    plan = {"username": "u", "min": 10, "max": 20, "posts": 2, "delay": 0}
    for written, meant in (("12/31/2030", "31/12/2030"), ("31/12/2030", "31/12/2030"), ("5/6/2030", "05/06/2030")):
        assert (await sent(trade, ann, ServiceType.SUBSCRIPTIONS, **plan, expiry=written))["expiry"] == meant
    refused = {"service": service(ServiceType.SUBSCRIPTIONS), **plan, "expiry": "31/31/2030"}
    assert await post(ann, action="add", **refused) == INCORRECT


async def test_q67_no_run_or_one_is_a_plain_order(trade: Market, ann: Client) -> None:
    for runs in ("0", "1", ""):
        for interval in ("", "0", "30"):
            fields = await sent(trade, ann, ServiceType.DEFAULT, quantity=1000, runs=runs, interval=interval)
            assert (fields["quantity"], "runs" in fields, "interval" in fields) == ("1000", False, False)
    assert await post(ann, action="add", **PLAIN, runs=2) == INCORRECT


async def test_q68_fields_have_other_names(trade: Market, ann: Client) -> None:
    for name in ("comments", "comment", "customComments", "custom_comments"):
        assert (await sent(trade, ann, ServiceType.CUSTOM_COMMENTS, **{name: "a\nb"}))["comments"] == "a\nb"
    for name in ("answer_number", "answers_number"):
        assert (await sent(trade, ann, ServiceType.POLL, quantity=10, **{name: "3"}))["answer_number"] == "3"
    for name in ("username", "comment_username"):
        assert (await sent(trade, ann, ServiceType.COMMENT_LIKES, quantity=10, **{name: "u"}))["username"] == "u"


async def test_q69_an_order_sent_again_after_a_timeout_is_the_first_one(trade: Market, ann: Client) -> None:
    """By an id of the client's, or by likeness where the key says so; without either it is another order."""
    soft = await trade.another_key("ann", duplicate_seconds=120)
    for client, fields in ((ann, {"request_id": "r1"}), (ann, {"custom_id": "c1"}), (soft, {})):
        first, again = [await post(client, action="add", **PLAIN, **fields) for _ in range(2)]
        assert first == again
    headers = {"Idempotency-Key": "r1"}
    header = await ann.http.post("/api/v2", data={"key": ann.key, "action": "add", **PLAIN}, headers=headers)
    assert header.json() == {"order": 1}
    assert (await post(soft, action="add", **{**PLAIN, "quantity": 1001}))["order"] > 2
    assert await post(ann, action="add", **PLAIN) != await post(ann, action="add", **PLAIN)


async def test_q70_anothers_order_is_unknown(trade: Market, ann: Client) -> None:
    bob = await trade.reseller("bob")
    order = await completed(trade, ann)
    assert await post(bob, action="status", order=order) == UNKNOWN
    assert await post(bob, action="status", orders=order) == {str(order): UNKNOWN}
    assert await post(bob, action="cancel", orders=order) == [{"order": order, "cancel": UNKNOWN}]
    assert await post(bob, action="refill", order=order) == UNKNOWN
    assert (await post(ann, action="status", order=order))["status"] == "Completed"


async def test_q71_an_id_that_cannot_be_is_unknown(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann)
    odd = ["0", "-1", "99999999999999999999999", "2147483648", "9223372036854775808", "ord_1", "1e3", "1.5", "١"]
    assert await post(ann, action="status", orders=",".join([*odd, str(order)])) == {
        **dict.fromkeys(odd, UNKNOWN),
        str(order): await post(ann, action="status", order=order),
    }
    for one in odd:
        assert await post(ann, action="status", order=one) == UNKNOWN
        assert await post(ann, action="refill", order=one) == UNKNOWN


async def test_q72_a_link_is_trimmed_and_may_not_hold_control_characters(trade: Market, ann: Client) -> None:
    """A second line would be cut off, or be another parameter, further up the chain."""
    fields = await sent(trade, ann, ServiceType.DEFAULT, quantity=1000, link=" \r\n https://x.example/a b \t\n")
    assert fields["link"] == "https://x.example/a b"
    for link in ("https://x.example/u\nhttps://y.example", "https://x.example/\x00", "a\tb", "a\x7fb"):
        assert await post(ann, action="add", **{**PLAIN, "link": link}) == {"error": "Bad link"}
    assert await count_orders() == 1


async def test_q73_a_refill_asked_twice_is_running(trade: Market, ann: Client) -> None:
    running = {"error": "The refill task is not completed for this order"}
    order = await completed(trade, ann)
    assert await post(ann, action="refill", order=order) == {"refill": "1"}
    assert await post(ann, action="refill", order=order) == running
    assert await post(ann, action="refill", orders=order) == [{"order": order, "refill": running}]


async def test_q74_a_cancel_asked_twice_is_answered_alike_until_the_order_has_ended(trade: Market, ann: Client) -> None:
    running, waiting = await trade.buy(ann), (await post(ann, action="add", **PLAIN))["order"]
    replies = [await post(ann, action="cancel", orders=running) for _ in range(3)]
    assert replies == [[{"order": running, "cancel": 1}]] * 3
    ended = {"error": "This order cannot be cancelled"}
    replies = [await post(ann, action="cancel", order=waiting) for _ in range(3)]
    assert replies == [{"order": waiting, "cancel": 1}, ended, ended]
    await trade.ask(running)
    await trade.ask(running)
    assert [call.text("orders") for call in trade.alpha.asked("cancel")] == [str(FIRST_ORDER)]


async def test_q75_a_key_may_come_in_a_header(trade: Market, ann: Client) -> None:
    expected = {"balance": "1000.00", "currency": "USD"}
    for headers in ({"Authorization": f"Bearer {ann.key}"}, {"X-Api-Key": ann.key}):
        assert (await ann.http.post("/api/v2", data={"action": "balance"}, headers=headers)).json() == expected
    for name in ("api_key", "apikey", "api_token"):
        assert (await ann.http.post("/api/v2", data={"action": "balance", name: ann.key})).json() == expected


async def test_q76_a_browser_gets_a_short_text(trade: Market) -> None:
    for send in (trade.http.get, trade.http.post):
        reply: httpx.Response = await send("/api/v2")
        assert (reply.status_code, reply.json()) == (200, INCORRECT)
        assert "set-cookie" not in reply.headers


async def test_q80_orders_as_an_action_is_the_status_of_many(trade: Market, ann: Client) -> None:
    order = await trade.buy(ann)
    assert (await post(ann, action="orders", orders=order)) == (await post(ann, action="status", orders=order))
