"""The fields of each action as typed values: what `add` orders, and which orders or refills a call is about."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from aggregator.api.wire import Request
from aggregator.errors import BadLink, IncorrectRequest, MissingField, TooManyOrders
from aggregator.orders.intake.lines import BLANKS
from aggregator.orders.intake.numbers import read_id, read_integer
from aggregator.orders.intake.types import IDS, LONGEST_LINK, Ask, Value

LONGEST_REQUEST_ID = 255
"""Bytes."""
MOST_IDS = 100
"""In one call, each counted once."""

_BRACKETS = re.compile(r"\[(.*)\]", re.DOTALL)
"""Around a list that a client wrote as JSON into a form."""
_PLAIN_IDS = re.compile(r"[1-9][0-9]{0,17}(?:,[1-9][0-9]{0,17})*")
"""As nearly everybody writes them."""
_COMMON = IDS | {"service", "link", "quantity", "request_id", "custom_id"}


class OrderIds(Struct, frozen=True):
    """The ids that a call is about."""

    names: Mapping[str, str]
    """By the ids as asked, trimmed, each once, in the order asked: the same in plain digits, "0" for what is no id."""
    many: bool
    """Whether the list form was used, which is answered in the list form, also for one id."""

    @property
    def one(self) -> int:
        """The id of a call that is about one alone."""
        (name,) = self.names.values()
        return int(name)


def read_add(request: Request) -> Ask:
    """Raises MissingField or IncorrectRequest naming the field, BadLink for a link that is too long."""
    fields = request.fields
    return Ask(
        service=_read_service(_read_text(fields.get("service"), "service")),
        link=_read_link(fields.get("link")),
        quantity=_read_text(fields.get("quantity"), "quantity"),
        request_id=_read_request_id(request),
        custom_id=_read_own_id(fields.get("custom_id"), "custom_id"),
        extras={name: value for name, value in fields.items() if name not in _COMMON},
    )


def read_orders(request: Request) -> OrderIds:
    """Of status, refill and cancel, from `orders` or `order`; raises MissingField, or TooManyOrders above 100."""
    return _read_ids(request, "order", "orders")


def read_refills(request: Request) -> OrderIds:
    """Of refill_status, from `refills` or `refill`; as `read_orders`."""
    return _read_ids(request, "refill", "refills")


def _read_ids(request: Request, one: str, many: str) -> OrderIds:
    """The list wins over the single field, and a list in the single field is a list, as some panels send it."""
    for name in (many, one):
        sent = request.fields.get(name)
        names = _split_ids(sent) if sent is not None else {}
        if len(names) > MOST_IDS:
            raise TooManyOrders(MOST_IDS)
        if names:
            return OrderIds(names, many=name == many or _is_list(sent))
    raise MissingField(one)


def _is_list(sent: Value | None) -> bool:
    return not isinstance(sent, str) or "," in sent or _BRACKETS.fullmatch(sent.strip(BLANKS)) is not None


def _split_ids(sent: Value) -> dict[str, str]:
    if isinstance(sent, str) and _PLAIN_IDS.fullmatch(sent):
        plain = sent.split(",")
        return dict(zip(plain, plain, strict=True))
    texts = [_BRACKETS.sub(r"\1", sent.strip(BLANKS))] if isinstance(sent, str) else sent
    ids = (part.strip(BLANKS + "\"'") for text in texts for part in text.split(","))
    return {text: str(read_id(text) or 0) for text in ids if text}


def _read_text(value: Value | None, name: str) -> str | None:
    if isinstance(value, list):
        raise IncorrectRequest(name, "must be one value, not a list")
    return None if value is None else value.strip(BLANKS)


def _read_service(text: str | None) -> int:
    if text is None:
        raise MissingField("service")
    service = read_id(text)
    if service is None:
        service = read_integer(text)  # below zero: a number of nothing that is sold
    if service is None:
        raise IncorrectRequest("service", "must be a whole number")
    return service


def _read_link(value: Value | None) -> str:
    if isinstance(value, list):
        raise BadLink("link must be one value, not a list")
    link = (value or "").strip(BLANKS)
    if len(link) > LONGEST_LINK:
        raise BadLink(f"link must be at most {LONGEST_LINK} characters")
    return link


def _read_request_id(request: Request) -> str | None:
    in_header = _read_own_id(request.idempotency_key, "Idempotency-Key")
    in_body = _read_own_id(request.fields.get("request_id"), "request_id")
    if in_header is not None and in_body is not None and in_header != in_body:
        raise IncorrectRequest("request_id", "differs from the Idempotency-Key header")
    return in_body if in_header is None else in_header


def _read_own_id(value: Value | None, name: str) -> str | None:
    if isinstance(value, list):
        raise IncorrectRequest(name, "must be one value, not a list")
    if value is not None and len(value.encode()) > LONGEST_REQUEST_ID:
        raise IncorrectRequest(name, f"must be at most {LONGEST_REQUEST_ID} bytes")
    return value
