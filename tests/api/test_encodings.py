"""A call means the same whatever its encoding: no client pays less, or more, for sending a form instead of JSON."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.api.fields import read_add
from aggregator.api.wire import Request, read_request
from aggregator.errors import ResellerError
from aggregator.orders.intake.types import OrderTerms, read_terms
from providers.vocabulary import ServiceType
from tests.api.clients import EVERY_WAY, Send

ORDER = {"key": "K", "action": "add", "service": "1", "link": "https://instagram.com/username", "quantity": "1000"}

COMMENTS = ["a,b", "\\n", "a\nb", "a\tb", "\x00", "\x85", "\u202eexe", "日本", "👍", "%00", " ", "x" * 2001]


def verdict(send: Send, fields: dict[str, str], kind: ServiceType) -> tuple[object, ...]:
    try:
        request = send(fields)
        return request.key, request.action, dict(request.fields), *understand(request, kind)
    except ResellerError as error:
        return type(error), str(error)


def understand(request: Request, kind: ServiceType) -> tuple[int, OrderTerms]:
    add = read_add(request)
    return add.service, read_terms(kind, add)


@pytest.mark.parametrize("value", COMMENTS)
def test_comments_are_split_and_billed_alike_in_every_encoding(value: str) -> None:
    fields = ORDER | {"comments": f"first\r\n{value}\rlast"}
    verdicts = [verdict(send, fields, ServiceType.CUSTOM_COMMENTS) for send in EVERY_WAY]
    assert verdicts == [verdicts[0]] * len(EVERY_WAY)


@given(
    st.dictionaries(
        st.sampled_from(["key", "action", "service", "link", "quantity", "runs", "interval", "custom_id", "note"]),
        st.text(st.characters(codec="utf-8"), max_size=20),
    )
)
def test_no_text_at_all_is_understood_differently_by_encoding(fields: dict[str, str]) -> None:
    said = {"media": "x", **fields}  # a JSON object that says nothing lacks a key, and any other silence is no request
    verdicts = [verdict(send, said, ServiceType.DEFAULT) for send in EVERY_WAY]
    assert verdicts == [verdicts[0]] * len(EVERY_WAY)


@pytest.mark.parametrize("literal", ["1000", "1000.0", "1e3", "-0", "1.5", "10000000000000000000000", "1E-400"])
def test_a_json_number_is_read_by_the_very_grammar_of_a_form(literal: str) -> None:
    """`1e3` must not become a thousand on its way through a float, nor `1E-400` a zero."""
    form, *_ = EVERY_WAY
    as_number = verdict(lambda _: json_order(literal), ORDER, ServiceType.DEFAULT)
    assert as_number == verdict(form, ORDER | {"quantity": literal}, ServiceType.DEFAULT)


def json_order(quantity: str) -> Request:
    body = f'{{"key":"K","action":"add","service":1,"link":"https://instagram.com/username","quantity":{quantity}}}'
    return read_request("POST", {"content-type": "application/json"}, b"", body.encode())
