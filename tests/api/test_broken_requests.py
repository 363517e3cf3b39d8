"""Whatever bytes arrive, the answer is a refusal that a client can read: never a crash, never a guess."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.api.fields import read_add, read_orders, read_refills
from aggregator.api.names import KNOWN
from aggregator.api.wire import Request, read_request
from aggregator.errors import BadLink, IncorrectRequest, ResellerError
from aggregator.orders.intake.types import read_terms
from providers.vocabulary import ServiceType
from tests.api.clients import FORM

JSON = {"content-type": "application/json"}
MULTIPART = {"content-type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


def post_json(body: str) -> Request:
    return read_request("POST", JSON, b"", body.encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize(
    "body",
    [
        '{"key":',
        '{"key":"K"} x',
        '{"key":"K"}{}',
        "{'key':'K'}",
        '{"key":"K",}',
        '{"key":"K"/**/}',
        "{",
        '{"a":NaN}',
        '{"a":-Infinity}',
        '{"key":"K","action":"add","link":"a\nb"}',
        '{"key":"K","link":5}',
        '{"key":"K","link":"\\ud800"}',
        '{"key":"K","note":"\\udc00"}',
        '{"key":"K","\\ud800":"x"}',
        '{"key":"K","note":"a\\u0000"}',
        '{"key":"K","quantity":true}',
        '{"key":"K","quantity":{"$gt":0}}',
        '{"key":"K","orders":[1,[2]]}',
        '{"key":"K","action":["add"],"action":"add"}',
        '{"key":"K","action":{}}',
    ],
)
def test_json_that_is_broken_or_of_another_shape_is_refused(body: str) -> None:
    with pytest.raises((IncorrectRequest, BadLink)):
        post_json(body)


@pytest.mark.parametrize("body", ["null", "[]", '"x"', "1", '[{"key":"K"}]', "K", "&&&", "=", "%zz"])
def test_a_body_that_says_nothing_is_refused(body: str) -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", JSON, b"", body.encode())


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_json_in_another_encoding_than_utf_8_is_refused(encoding: str) -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", JSON, b"", '{"key":"K","action":"balance"}'.encode(encoding))


@pytest.mark.parametrize(
    "body",
    ['{"key":"K","quantity":1,"quantity":2}', '{"key":"K","quantity":1,"\\u0071uantity":1}', '{"x":{"a":1,"a":2}}'],
)
def test_a_json_key_given_twice_is_refused_however_it_is_escaped(body: str) -> None:
    with pytest.raises(IncorrectRequest, match="Incorrect request"):
        post_json(body)


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", "quantity=5&quantity=5"),
        ("", "quantity=5&quantity[]=6"),
        ("quantity=5", "quantity=6"),
        ("", "key=K&api_key=L"),
        ("", "comments=a&comment=b"),
        ("", "action=add&action=balance"),
        ("", "order=1&order=2"),
    ],
)
def test_a_field_given_twice_is_refused_and_never_one_of_the_two_believed(query: str, body: str) -> None:
    with pytest.raises(ResellerError):
        read_add(read_request("POST", FORM, query.encode(), f"service=1&{body}".encode()))


def test_the_same_key_in_the_address_and_in_the_body_is_one_key() -> None:
    assert read_request("POST", FORM, b"key=K", b"key=K&action=balance").key == "K"


def test_an_unknown_field_of_any_shape_is_ignored() -> None:
    request = post_json('{"key":"K","action":"balance","debug":true,"meta":{"a":[1]},"wallet":null}')
    assert request.fields == {}


@pytest.mark.parametrize(
    "bomb",
    [
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 1_000_000,
        b'{"a":"' + b'\\"' * 500_000,
        b'{"a":"' + b'"' * 500_000,
        b'{"a":' + b"[]," * 300_000,
        b'{"a":' + b"[" * 16 + b"]" * 16 + b"}",
        b'{"a":' + b"9" * 1_000_000,
    ],
)
def test_json_too_deep_for_the_parser_is_refused_before_it_is_parsed(bomb: bytes) -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", JSON, b"", bomb)


def test_brackets_inside_a_text_are_no_depth() -> None:
    link = "[" * 100 + '\\"' + "{" * 100
    assert post_json(f'{{"key":"K","link":"{link}"}}').fields["link"] == "[" * 100 + '"' + "{" * 100


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (FORM, b"a=b&" * 500_000),
        (FORM, b"&" * 500_000),
        (FORM, b"&".join(b"f%d=1" % n for n in range(65))),
        (JSON, json.dumps({f"f{n}": 1 for n in range(65)}).encode()),
        (MULTIPART, b"".join(PART % (b"f%d" % n, b"1") for n in range(65)) + b"--x--\r\n"),
        (MULTIPART, PART % (b"orders[]", b"1") * 10_000 + b"--x--\r\n"),
    ],
)
def test_more_fields_than_any_client_needs_are_refused(headers: dict[str, str], body: bytes) -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", headers, b"", body)


@pytest.mark.parametrize(
    "body",
    [
        PART % (b"key", b"K"),
        PART % (b"key", b"K") + b"--x",
        b"--y--\r\n",
        b"key=K&action=balance",
        b'--x\r\nContent-Disposition: form-data; name="key"\n\nK\n--x--\n',
        b'--x\r\nContent-Disposition: form-data; name="key"; filename="a.txt"\r\n\r\nK\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: attachment\r\n\r\nK\r\n--x--\r\n",
        b"--x\r\n\r\nK\r\n--x--\r\n",
    ],
)
def test_a_multipart_body_that_is_cut_or_holds_a_file_is_refused(body: bytes) -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", MULTIPART, b"", body)


def test_a_multipart_body_without_its_boundary_is_refused() -> None:
    with pytest.raises(IncorrectRequest):
        read_request("POST", {"content-type": "multipart/form-data"}, b"", PART % (b"key", b"K") + b"--x--\r\n")


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_a_compressed_body_is_refused_rather_than_unpacked(encoding: str) -> None:
    with pytest.raises(IncorrectRequest, match="Incorrect request"):
        read_request("POST", {**FORM, "content-encoding": encoding}, b"", b"key=K&action=balance")


def everything_readable(request: Request) -> None:
    for read in (read_orders, read_refills):
        try:
            read(request)
        except ResellerError:
            continue
    add = read_add(request)
    for kind in ServiceType:
        try:
            read_terms(kind, add)
        except ResellerError:
            continue


texts = st.text(max_size=30)
headers = st.sampled_from([{}, FORM, JSON, MULTIPART, {"content-type": "text/plain"}]) | st.dictionaries(
    st.sampled_from(["content-type", "authorization", "x-api-key", "idempotency-key", "content-encoding"]), texts
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
names = st.sampled_from([*sorted(KNOWN), "key", "order[]"])
pieces = st.lists(st.sampled_from([b"--x", b"--x--", b"\r\n", b"\n", PART, b'name="a"', b"Content-Length: 1", b"\xff"]))
bodies = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=100).map(lambda rest: b"{" + rest),
    st.dictionaries(names | texts, json_values).map(lambda fields: json.dumps(fields).encode()),
    st.lists(st.tuples(names, st.binary(max_size=12))).map(lambda p: b"&".join(n.encode() + b"=" + v for n, v in p)),
    pieces.map(b"".join),
)


@given(headers, st.binary(max_size=60), bodies)
@example(MULTIPART, b"", PART % (b"a", b"b") + b"--x--\r\n")
@example({"content-type": "multipart/form-data; boundary=\ud800"}, b"", b"--x")
@example({"content-type": 'multipart/form-data; boundary="'}, b"", b"--x")
def test_no_bytes_are_ever_answered_by_anything_but_a_reply_or_a_refusal(
    headers: dict[str, str], query: bytes, body: bytes
) -> None:
    try:
        everything_readable(read_request("POST", headers, query, body))
    except ResellerError as refusal:
        assert str(refusal).isprintable()  # noqa: PT017 (either outcome is right, another exception is not)
