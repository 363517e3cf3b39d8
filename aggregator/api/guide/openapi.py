"""openapi.json: both encodings of a request, both spellings of every reply, the errors, and all examples."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

from aggregator import __version__
from aggregator.api.guide.errors import errors
from aggregator.api.guide.examples import Example, examples
from aggregator.api.guide.schemas import replies, requests
from aggregator.api.views import Spelling
from aggregator.api.wire import Action
from aggregator.settings import Limits, PanelSettings

Node: TypeAlias = dict[str, Any]

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_SUFFIX = {Spelling.JSON: "", Spelling.CLASSIC: "Classic"}
_ERRORS = ("Error", "ServiceNotFound", "RefillNotFound")
_TEXT = """One address for everything; `action` says what to do. A JSON body is answered in the JSON spelling: numbers
are numbers, and the HTTP code tells; JSON that is no object is a 400. A form is answered in the classic spelling of
other panels: numbers are text, and refusals come with HTTP 200, too. A key can be pinned to one of them. One id in
`order` is answered for itself, or by an error alone; `orders`, also with one id, for each id. GET with the fields in
the address works as well.
"""


def document(panel: PanelSettings, limits: Limits) -> bytes:
    """OpenAPI 3.1 for this panel, as JSON."""
    return msgspec.json.format(msgspec.json.encode(_document(panel, limits)), indent=1)


def _document(panel: PanelSettings, limits: Limits) -> Node:
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{panel.name} API", "version": __version__, "description": _TEXT, **_contact(panel)},
        "servers": [{"url": panel.public_url}],
        "paths": {"/api/v2": {"post": _operation(limits)}},
        "components": {
            "schemas": {
                **{f"{name}Request": schema for name, schema in requests().items()},
                **{
                    f"{name}{suffix}": schema
                    for spelling, suffix in _SUFFIX.items()
                    for name, schema in replies(spelling).items()
                },
            }
        },
    }


def _contact(panel: PanelSettings) -> Node:
    address = panel.support.removeprefix("mailto:")
    if not panel.support:
        return {}
    return {"contact": {"email": address} if panel.support.startswith("mailto:") else {"url": panel.support}}


def _operation(limits: Limits) -> Node:
    return {
        "operationId": "call",
        "summary": "Every action",
        "description": f"{_limit(limits)} {_open_posts(limits)}",
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string"},
                "description": "As request_id: an `add` repeated with it returns the first order.",
            }
        ],
        "requestBody": {"required": True, "content": {kind: _request(kind) for kind in (_JSON, _FORM)}},
        "responses": {
            "200": _reply("Done. In the classic spelling also every refusal.", 200),
            "201": _reply("The order was placed; JSON spelling.", 201),
            **{str(code): _refusal(code) for code in sorted({row.code for row in errors()})},
        },
    }


def _open_posts(limits: Limits) -> str:
    return f"A subscription that names no coming posts gets, and is charged, {limits.open_subscription_posts} of them."


def _limit(limits: Limits) -> str:
    if not limits.requests_per_second:
        return "There is no limit of requests."
    seconds = limits.burst / limits.requests_per_second
    return f"A key may make {limits.burst} requests in any {seconds:g} seconds; a status of your own is always told."


def _request(kind: str) -> Node:
    names = {f"{name}Request": schema["properties"]["action"]["const"] for name, schema in requests().items()}
    return {
        "schema": {"anyOf": [_ref(name) for name in names]},
        "examples": {
            example.name: {"summary": example.title, "value": _sent(example, kind)} for example in examples().example
        },
    }


def _sent(example: Example, kind: str) -> Node:
    return example.fields if kind == _JSON else {name: str(value) for name, value in example.fields.items()}


def _reply(text: str, code: int) -> Node:
    shown = [
        (example, spelling)
        for example in examples().example
        for spelling in Spelling
        if example.status(spelling) == code and not (example.refused and spelling is Spelling.JSON)
    ]
    names = dict.fromkeys(schema for example, spelling in shown for schema in _schemas(example, spelling))
    return {
        "description": text,
        "content": {_JSON: {"schema": {"anyOf": [_ref(name) for name in names]}, "examples": _shown(shown)}},
    }


def _schemas(example: Example, spelling: Spelling) -> list[str]:
    """The schemas of what an action answers; in the classic spelling a refusal comes with the same code."""
    suffix = _SUFFIX[spelling]
    return [f"{reply_name(example)}{suffix}", *([f"Error{suffix}"] if spelling is Spelling.CLASSIC else [])]


def reply_name(example: Example) -> str:
    """The name of the schema of an example's reply, without the suffix of its spelling."""
    if example.refused:
        return "ServiceNotFound" if example.code == 500 else "Error"  # noqa: PLR2004  # the specification's own code
    many = "orders" in example.send or "refills" in example.send
    return _REPLIES[example.action][many]


_REPLIES: dict[Action, tuple[str, str]] = {
    Action.SERVICES: ("Services", "Services"),
    Action.ADD: ("Add", "Add"),
    Action.STATUS: ("Status", "Statuses"),
    Action.ORDERS: ("Orders", "Orders"),
    Action.REFILL: ("Refill", "Refills"),
    Action.REFILL_STATUS: ("RefillStatus", "RefillStatuses"),
    Action.CANCEL: ("Cancel", "Cancels"),
    Action.BALANCE: ("Balance", "Balance"),
}


def _refusal(code: int) -> Node:
    rows = [row for row in errors() if row.code == code]
    shown = [(example, Spelling.JSON) for example in examples().refused if example.code == code]
    schema = "ServiceNotFound" if code == 500 else "Error"  # noqa: PLR2004  # the specification's own code
    waits = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds to wait."}}
    return {
        "description": "; ".join(f"{row.when} ({row.json})" for row in rows),
        **({"headers": waits} if code in (429, 503) else {}),
        "content": {_JSON: {"schema": _ref(schema), **({"examples": _shown(shown)} if shown else {})}},
    }


def _shown(shown: list[tuple[Example, Spelling]]) -> Node:
    return {
        f"{example.name}-{spelling.value}": {
            "summary": f"{example.title} ({spelling.value} spelling)",
            "value": msgspec.Raw(example.reply(spelling).encode()),
        }
        for example, spelling in shown
    }


def _ref(name: str) -> Node:
    return {"$ref": f"#/components/schemas/{name}"}
