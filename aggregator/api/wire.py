"""A request to the API as a value: whose key, which action, which fields, and the spelling to answer in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from aggregator.api.body import content_of, is_json, read_fields, says_json
from aggregator.api.form_body import read_form
from aggregator.api.names import canonical
from aggregator.api.text import is_clean_line
from aggregator.api.views import Spelling
from aggregator.errors import IncorrectRequest
from aggregator.orders.intake.types import IDS, Value
from providers.vocabulary import Fields

LONGEST_KEY = 128
_KEY = re.compile(r"""["'&]?\b(?:key|api_?key|api_token)\b["']?\s*[:=]\s*["']?([^"'&\s,}]{1,128})""")


class Action(StrEnum):
    """What a client may ask for."""

    SERVICES = "services"
    ADD = "add"
    STATUS = "status"
    ORDERS = "orders"
    REFILL = "refill"
    REFILL_STATUS = "refill_status"
    CANCEL = "cancel"
    BALANCE = "balance"


_ACTIONS = MappingProxyType(
    {word: action for action in Action for word in (action.value, action.replace("_", ""))}
    | {"multistatus": Action.STATUS, "statuses": Action.STATUS, "packages": Action.SERVICES}
)


class Request(Struct, frozen=True, kw_only=True):
    """What was sent, decoded but not yet understood: `aggregator.api.fields` reads the fields of each action."""

    key: str
    """As sent, trimmed; "" if there is none, or none that could be a key."""
    action: Action | None
    """None if it is missing or none of ours."""
    fields: Mapping[str, Value]
    """By standard names; empty ones, the key and the action are not among them."""
    spelling: Spelling
    """Of the reply, as far as the request tells."""
    idempotency_key: str | None = None
    """From the header of that name, byte for byte."""

    def __repr__(self) -> str:
        """Without the key and the texts: a request ends up in logs and tracebacks."""
        return f"Request(action={self.action}, fields={sorted(self.fields)}, spelling={self.spelling})"


def spelling_of(method: str, body: bytes, content_type: str = "", query: bytes = b"") -> Spelling:
    """How to answer a request, even one that cannot be read: JSON is answered in the JSON spelling.

    So is a POST that is said to be JSON and says nothing at all; one that says everything in its address is not.
    """
    if is_json(_body_of(method, body), content_type):
        return Spelling.JSON
    silent = method.upper() != "GET" and not query and not content_of(body)
    return Spelling.JSON if silent and says_json(content_type) else Spelling.CLASSIC


def read_request(method: str, headers: Mapping[str, str], query: bytes, body: bytes) -> Request:
    """The request in these bytes; `headers` by lower-case names.

    Raises IncorrectRequest if it cannot be decoded, is compressed, says one thing twice, or says nothing at all but by
    an empty JSON object, and BadLink for a link that is a number or has control characters. A missing key or action
    is left to the caller, who looks at the key first (PROTOCOL.md, "What we must accept").
    """
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise IncorrectRequest(hint="a compressed body cannot be read")
    content_type = headers.get("content-type", "")
    body = _body_of(method, body)
    fields = read_fields(body, content_type, query)
    key = fields.pop("key", None)
    action = fields.pop("action", None)
    request = Request(
        key=_read_key(key, headers),
        action=_read_action(action, fields),
        fields=fields,
        spelling=spelling_of(method, body, content_type, query),
        idempotency_key=_read_idempotency_key(headers),
    )
    if not (fields or action or key or request.key or is_json(body, content_type)):
        raise IncorrectRequest
    return request


def find_key(method: str, headers: Mapping[str, str], query: bytes, body: bytes) -> str:
    """The key of a request that cannot be read, wherever it can still be made out; "" where it cannot.

    It decides nothing but how the refusal is spelled.
    """
    in_query = next((value for name, value in read_form(query) if canonical(name) == "key"), None)
    in_body = _KEY.search(_body_of(method, body).decode("utf-8", "replace"))
    return _read_key(in_query or (in_body[1] if in_body else None), headers)


def _body_of(method: str, body: bytes) -> bytes:
    return b"" if method.upper() == "GET" else body


def _read_key(key: Value | None, headers: Mapping[str, str]) -> str:
    given = key if key is not None else _bearer(headers) or headers.get("x-api-key", "")
    text = given.strip() if isinstance(given, str) else ""
    return text if len(text) <= LONGEST_KEY and text.isprintable() else ""


def _bearer(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token if scheme.lower() == "bearer" else ""


def _read_action(action: Value | None, fields: Fields) -> Action | None:
    """An old PHP class, much copied, forgets the action when it asks for refills: the one case that is no guess."""
    if action is None:
        return Action.REFILL_STATUS if "refill" in fields or "refills" in fields else None
    word = action if isinstance(action, str) else ""
    if word not in _ACTIONS:
        word = "".join(word.lower().split()).replace("_", "").replace("-", "")
    if word == Action.ORDERS and not IDS.isdisjoint(fields):
        return Action.STATUS if "orders" in fields else None
    return _ACTIONS.get(word)


def _read_idempotency_key(headers: Mapping[str, str]) -> str | None:
    text = headers.get("idempotency-key")
    if text is None:
        return None
    if "\n" in text:
        raise IncorrectRequest("Idempotency-Key", "is given twice")
    if not is_clean_line(text):
        raise IncorrectRequest("Idempotency-Key", "must not hold control characters")
    return text if text.strip() else None
