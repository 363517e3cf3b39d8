"""Requests as real clients send them, and how they are understood."""

from __future__ import annotations

import pytest

from aggregator.api.fields import read_add, read_orders, read_refills
from aggregator.api.views import Spelling
from aggregator.api.wire import Action, Request, read_request, spelling_of
from aggregator.errors import BadLink, IncorrectRequest
from tests.api.clients import FORM, send_form, send_json

JSON = {"content-type": "application/json"}


def post(body: str, headers: dict[str, str] = FORM, query: str = "") -> Request:
    return read_request("POST", headers, query.encode(), body.encode())


def test_the_php_sample_class_posts_a_form() -> None:
    request = post("key=K&action=add&service=1&link=https%3A%2F%2Fa.test%2Fp&quantity=100&runs=2&interval=5")
    add = read_add(request)
    assert (request.key, request.action, request.spelling) == ("K", Action.ADD, Spelling.CLASSIC)
    assert (add.service, add.link, add.quantity) == (1, "https://a.test/p", "100")
    assert add.extras == {"runs": "2", "interval": "5"}


def test_the_specifications_client_posts_json() -> None:
    request = post('{"key":"K","action":"add","service":1,"link":"https://instagram.com/u","quantity":1000}', JSON)
    assert (request.key, request.action, request.spelling) == ("K", Action.ADD, Spelling.JSON)
    assert read_add(request).quantity == "1000"


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, FORM, {"content-type": "multipart/form-data"}])
def test_json_is_known_by_its_first_byte_since_clients_forget_the_header(headers: dict[str, str]) -> None:
    request = post('\ufeff \r\n{"key":"K","action":"balance"}', headers)
    assert (request.key, request.action, request.spelling) == ("K", Action.BALANCE, Spelling.JSON)


@pytest.mark.parametrize("headers", [{}, {"content-type": "text/plain"}, JSON])
def test_a_form_is_read_as_a_form_whatever_the_header_says(headers: dict[str, str]) -> None:
    request = post("\ufeffkey=K&action=balance\n", headers)
    assert (request.key, request.action, request.spelling) == ("K", Action.BALANCE, Spelling.CLASSIC)


def test_a_post_may_carry_everything_in_the_query() -> None:
    request = post("", {"content-type": "multipart/form-data; boundary=x"}, query="key=K&action=balance")
    assert (request.key, request.action) == ("K", Action.BALANCE)


def test_a_plus_in_a_form_is_a_blank_and_an_escaped_plus_is_a_plus() -> None:
    assert read_add(post("key=K&action=add&service=1&link=a%2Bb+c")).link == "a+b c"


def test_latin_1_text_in_a_form_is_read_with_replacement_characters() -> None:
    request = read_request("POST", FORM, b"", b"key=K&action=add&service=1&link=x&comments=caf\xe9%E9")
    assert read_add(request).extras == {"comments": "caf\ufffd\ufffd"}


def test_a_json_body_with_bytes_that_are_no_utf_8_is_refused() -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", JSON, b"", b'{"key":"K","action":"add","link":"caf\xe9"}')


@pytest.mark.parametrize(
    ("body", "headers", "key"),
    [
        ("action=balance&key=+K+", {}, "K"),
        ("action=balance&api_token=K", {}, "K"),
        ("action=balance&apikey=K", {}, "K"),
        ("action=balance&api_key=K", {}, "K"),
        ("action=balance", {"authorization": "bearer K"}, "K"),
        ("action=balance", {"x-api-key": "K"}, "K"),
        ("action=balance&key=K", {"authorization": "Bearer other"}, "K"),
        ("action=balance", {"authorization": "Basic SzpL"}, ""),
        ("action=balance&key[]=K", {}, ""),
        ("action=balance&key=K%00", {}, ""),
        ("action=balance&key=" + "K" * 129, {}, ""),
        ("action=balance", {}, ""),
    ],
)
def test_a_key_is_found_where_clients_put_it_and_what_cannot_be_one_is_none(
    body: str, headers: dict[str, str], key: str
) -> None:
    assert post(body, headers).key == key


def test_a_request_that_is_printed_does_not_tell_its_key() -> None:
    assert "SECRET" not in repr(send_form({"key": "SECRET", "action": "add", "link": "SECRET"}))


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("Add", Action.ADD),
        (" add ", Action.ADD),
        ("refill-status", Action.REFILL_STATUS),
        ("refillStatus", Action.REFILL_STATUS),
        ("Refill Status", Action.REFILL_STATUS),
        ("multi_status", Action.STATUS),
        ("multiStatus", Action.STATUS),
        ("orders", Action.STATUS),
        ("packages", Action.SERVICES),
        ("аdd", None),
        ("teleport", None),
        ("__proto__", None),
        ("order_list", None),
    ],
)
def test_an_action_is_known_in_any_case_and_with_any_joint(word: str, action: Action | None) -> None:
    assert send_form({"key": "K", "action": word, "orders": "1"}).action is action


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({"refill": "5"}, Action.REFILL_STATUS),
        ({"refills": "5,6"}, Action.REFILL_STATUS),
        ({"order": "5"}, None),
        ({"orders": "5,6"}, None),
        ({"service": "1", "link": "x"}, None),
        ({"action": "orders", "order": "5"}, None),
        ({}, None),
    ],
)
def test_a_missing_action_is_never_guessed_but_for_the_class_that_forgot_it(
    fields: dict[str, str], action: Action | None
) -> None:
    assert send_form({"key": "K", **fields}).action is action


def test_a_person_who_opens_the_address_is_told_that_it_is_no_request() -> None:
    with pytest.raises(IncorrectRequest, match=r"^Incorrect request$"):
        read_request("GET", {}, b"", b"")


@pytest.mark.parametrize(
    ("body", "ids", "many"),
    [
        ("order=77", ("77",), False),
        ("order=+77+", ("77",), False),
        ("order=1,10", ("1", "10"), True),
        ("orders=10", ("10",), True),
        ("orders=+1,+10,,1,10,", ("1", "10"), True),
        ("orders[]=1&orders[]=10", ("1", "10"), True),
        ("orders[0]=1&orders[1]=10", ("1", "10"), True),
        ("orders=1&orders=10", ("1", "10"), True),
        ("orders=&order=7", ("7",), False),
        ("orders=1,2&order=7", ("1", "2"), True),
        ("orders=-1,ord_1,2e3,9223372036854775808", ("-1", "ord_1", "2e3", "9223372036854775808"), True),
    ],
)
def test_orders_are_asked_for_one_by_one_or_as_a_list(body: str, ids: tuple[str, ...], *, many: bool) -> None:
    asked = read_orders(post(f"key=K&action=status&{body}"))
    assert (tuple(asked.names), asked.many) == (ids, many)


@pytest.mark.parametrize("orders", ["[1, 10]", '["1", "10"]', '"1,10"', "[1, 10, 1]"])
def test_json_clients_send_a_list_of_numbers_or_texts(orders: str) -> None:
    asked = read_orders(post(f'{{"key":"K","action":"status","orders":{orders}}}', JSON))
    assert (asked.names, asked.many) == ({"1": "1", "10": "10"}, True)


def test_an_id_is_the_same_however_it_is_written_and_what_is_none_is_nobodys() -> None:
    asked = read_orders(post("key=K&action=status&orders=7,07,7.0,x,-1,9223372036854775808"))
    most = str(2**63 - 1)
    assert asked.names == {"7": "7", "07": "7", "7.0": "7", "x": "0", "-1": "0", "9223372036854775808": most}


def test_a_hundred_orders_are_answered_and_one_more_is_refused_as_a_whole() -> None:
    hundred = ",".join(map(str, range(100)))
    assert len(read_orders(post(f"key=K&action=status&orders={hundred},0,1")).names) == 100
    with pytest.raises(IncorrectRequest, match="100"):
        read_orders(post(f"key=K&action=status&orders={hundred},100"))


def test_a_php_client_may_spell_a_hundred_orders_as_an_array() -> None:
    body = "&".join(f"orders[{n}]={n + 1}" for n in range(100))
    assert len(read_orders(post(f"key=K&action=status&{body}")).names) == 100


@pytest.mark.parametrize("body", ["", "&order=", "&orders=,,", "&order=+"])
def test_a_status_of_nothing_says_which_field_is_missing(body: str) -> None:
    with pytest.raises(IncorrectRequest) as caught:
        read_orders(post(f"key=K&action=status{body}"))
    assert (caught.value.field, caught.value.hint) == ("order", "is required")


def test_refills_are_asked_for_like_orders() -> None:
    assert read_refills(post("key=K&refills=5,6")).names == {"5": "5", "6": "6"}
    assert read_refills(post("key=K&action=refill_status&refill=5")).many is False


def test_an_order_is_not_placed_under_a_service_that_cannot_be_read() -> None:
    for service in ("abc", "-0", "1.5", "１"):
        with pytest.raises(IncorrectRequest) as caught:
            read_add(send_json({"key": "K", "action": "add", "service": service, "link": "x"}))
        assert caught.value.field == "service"
    assert read_add(send_form({"key": "K", "action": "add", "service": " 0123 ", "link": "x"})).service == 123


@pytest.mark.parametrize("link", ["x", "@name", "https://a.test/ü?a=1 2", "javascript:alert(1)", "=1+1", "l" * 2000])
def test_a_link_is_kept_as_it_was_sent(link: str) -> None:
    assert read_add(send_form({"key": "K", "action": "add", "service": "1", "link": f" {link}\r\n"})).link == link


@pytest.mark.parametrize("link", ["a\nb", "a\tb", "a\x00b", "a\x1bb", "a\u202eb", "a\u2069b", "l" * 2001])
def test_a_link_with_control_characters_or_beyond_2000_is_bad(link: str) -> None:
    with pytest.raises(BadLink):
        read_add(send_form({"key": "K", "action": "add", "service": "1", "link": link}))


def test_a_request_id_comes_from_the_header_or_the_body_and_is_kept_byte_for_byte() -> None:
    order = {"key": "K", "action": "add", "service": "1", "link": "x"}
    assert read_add(send_form({**order, "request_id": " A b "})).request_id == " A b "
    assert read_add(send_json({**order, "custom_id": "7", "request_id": ""})).request_id is None
    by_header = post("key=K&action=add&service=1&link=x", {**FORM, "idempotency-key": "A"})
    assert read_add(by_header).request_id == by_header.idempotency_key == "A"


def test_two_different_request_ids_in_one_request_are_refused() -> None:
    with pytest.raises(IncorrectRequest, match="Idempotency-Key"):
        read_add(post("key=K&action=add&service=1&request_id=B", {**FORM, "idempotency-key": "A"}))


@pytest.mark.parametrize("field", ["request_id", "custom_id"])
def test_a_request_id_of_more_than_255_bytes_is_refused(field: str) -> None:
    order = {"key": "K", "action": "add", "service": "1"}
    assert read_add(send_form({**order, field: "é" * 127 + "x"})).service == 1
    with pytest.raises(IncorrectRequest, match=field):
        read_add(send_form({**order, field: "é" * 128}))


def test_a_failed_json_request_is_still_answered_in_json() -> None:
    assert spelling_of("POST", b' {"key":') is Spelling.JSON
    assert spelling_of("POST", b"[]") is spelling_of("POST", b"", JSON["content-type"]) is Spelling.JSON
    assert spelling_of("POST", b"") is spelling_of("POST", b"", JSON["content-type"], b"key=K") is Spelling.CLASSIC
    assert spelling_of("GET", b"{}") is spelling_of("GET", b"", JSON["content-type"]) is Spelling.CLASSIC
    assert spelling_of("POST", b"\x1f\x8b\x08=", JSON["content-type"]) is Spelling.JSON
