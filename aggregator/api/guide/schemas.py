"""JSON Schemas of the API: requests from the table of fields, replies from what the API really writes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from aggregator.api import spelling as spell
from aggregator.api.faults import refuse
from aggregator.api.guide.fields import FIELDS, SOLD, Field, taken_by_action, taken_by_add
from aggregator.api.views import OrderRow, Parent, RefillStatus, ServiceRow, Spelling, Status, StatusView
from aggregator.api.wire import Action
from aggregator.errors import OrderNotFound, RefillNotFound, ServiceNotFound
from aggregator.orders.intake.types import TypeFields
from pricing.money import Rate
from providers.vocabulary import ServiceType

Schema: TypeAlias = dict[str, Any]
_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_WORDS = frozenset({"status"})
"""Members whose every value is known."""


def name_of(kind: ServiceType) -> str:
    """Of the schema for an `add` of this type."""
    return "Add" + kind.value.title().replace(" ", "")


def requests() -> dict[str, Schema]:
    """By name: every action, `add` once for each order type."""
    plain = {
        "".join(part.title() for part in action.split("_")): _request(action, taken_by_action(action))
        for action in Action
        if action is not Action.ADD
    }
    return plain | {name_of(kind): _request(Action.ADD, taken_by_add(kind), kind.value) for kind in SOLD}


def _request(action: Action, taken: TypeFields, kind: str = "") -> Schema:
    names = [*taken.needed, *taken.optional]
    either = [{"required": [name]} for name in taken.optional] if action in _EITHER else []
    return {
        "type": "object",
        **({"description": f"An order of a service of type {kind}."} if kind else {}),
        "properties": {
            "key": _field(FIELDS["key"]),
            "action": {"const": action.value},
            **{name: _field(FIELDS[name]) for name in names},
        },
        "required": ["key", "action", *taken.needed],
        **({"anyOf": either} if either else {}),
    }


_EITHER = frozenset({Action.STATUS, Action.REFILL, Action.CANCEL, Action.REFILL_STATUS})


def _field(field: Field) -> Schema:
    told: Schema = {"description": field.text}
    match field.kind:
        case "integer":
            return {"type": ["integer", "string"], "pattern": "^[0-9]+$", **told}
        case "ids" | "lines":
            return {"type": ["string", "array"], "items": {"type": ["string", "integer"]}, **told}
    longest = {"maxLength": field.longest} if field.longest else {}
    return {"type": "string" if field.kind == "string" else ["string", "integer"], **longest, **told}


def replies(spelling: Spelling) -> dict[str, Schema]:
    """By name: what each action answers, from replies as the API writes them."""
    states = [spell.render_status(view, spelling) for view in _views()]
    status = _inferred(states)
    error = _inferred([refuse(OrderNotFound(), spelling).body])
    listed = [spell.render_orders([row], [state], spelling) for row in _ORDERS for state in states]
    refills = [spell.render_refill_status(state, spelling) for state in RefillStatus]
    return {
        "Services": _inferred([spell.render_services([_SERVICE, _PLAIN_SERVICE], spelling)]),
        "Add": _inferred([spell.render_add(1)]),
        "Status": status,
        "Statuses": {"type": "object", "additionalProperties": {"oneOf": [status, error]}},
        "Orders": _inferred(listed),
        "Refill": _inferred([spell.render_refill(1, spelling)]),
        "Refills": _inferred([spell.render_refills([("1", 1), ("2", OrderNotFound())], spelling)]),
        "RefillStatus": _inferred(refills),
        "RefillStatuses": _inferred([spell.render_refill_statuses(_REFILLS, spelling)]),
        "Cancel": _inferred([spell.render_cancel("1")]),
        "Cancels": _inferred([spell.render_cancels([("1", 1), ("2", OrderNotFound())], spelling)]),
        "Balance": _inferred([spell.render_balance(1, "USD")]),
        "Error": error,
        "ServiceNotFound": _inferred([refuse(ServiceNotFound(), spelling).body]),
        "RefillNotFound": _inferred([refuse(RefillNotFound(), spelling).body]),
    }


_REFILLS: Sequence[tuple[str, RefillStatus | None]] = [*((str(n), s) for n, s in enumerate(RefillStatus)), ("9", None)]
_ORDERS = [OrderRow(order=1, service=1, link="A", quantity=1, request_id=own) for own in ("x", None)]
_PLAIN_SERVICE = ServiceRow(
    service=1,
    name="A",
    type="Default",
    category="A",
    rate=Rate.parse("0.5", "USD"),
    minimum=1,
    maximum=2,
    refill=True,
    cancel=True,
    dripfeed=True,
    currency="USD",
)
_SERVICE = msgspec.structs.replace(_PLAIN_SERVICE, description="A")


def _views() -> Iterable[StatusView]:
    """One of each kind that is told differently."""
    plain = StatusView(status=Status.PENDING, charge=50_000_000, refunded=0, remains=1, currency="USD")
    for status in Status:
        yield msgspec.structs.replace(plain, status=status)
        yield msgspec.structs.replace(plain, status=status, parent=Parent(1, subscription=True))
    yield msgspec.structs.replace(plain, start_count=1)
    yield msgspec.structs.replace(plain, parent=Parent(1, subscription=False))


def _inferred(bodies: Iterable[bytes]) -> Schema:
    return infer([_DECODER.decode(body) for body in bodies])


def infer(values: Sequence[Any], name: str = "") -> Schema:
    """The narrowest schema that all of the values meet; `name` of the member that they are."""
    objects = [value for value in values if isinstance(value, dict)]
    lists = [value for value in values if isinstance(value, list)]
    scalars = [value for value in values if not isinstance(value, dict | list)]
    found = [
        *([_infer_object(objects)] if objects else []),
        *([{"type": "array", "items": infer([item for items in lists for item in items])}] if lists else []),
        *([_infer_scalar(scalars, name)] if scalars else []),
    ]
    return found[0] if len(found) == 1 else {"oneOf": found}


def _infer_object(objects: Sequence[Mapping[str, Any]]) -> Schema:
    names = dict.fromkeys(name for each in objects for name in each)
    return {
        "type": "object",
        "properties": {name: infer([each[name] for each in objects if name in each], name) for name in names},
        "required": [name for name in names if all(name in each for each in objects)],
    }


def _infer_scalar(scalars: Sequence[object], name: str) -> Schema:
    kinds = list(dict.fromkeys(_TYPES[type(value)] for value in scalars))
    if "number" in kinds:
        kinds = [kind for kind in kinds if kind != "integer"]
    schema: Schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    return schema | {"enum": list(dict.fromkeys(scalars))} if name in _WORDS else schema


_TYPES = {str: "string", bool: "boolean", int: "integer", Decimal: "number", type(None): "null"}
