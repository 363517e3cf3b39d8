"""The sandbox's controls over HTTP, on `/sandbox/...`: JSON in, JSON out, refusals with 400 and a sentence."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from providers.sandbox.amounts import plain
from providers.sandbox.controls import Controls
from providers.sandbox.reply import Reply

Body = TypeVar("Body", bound=Struct)


class NewBalance(Struct):
    balance: Decimal


class NewRate(Struct):
    service: int | str
    rate: Decimal


class NewStanding(Struct):
    order: int | str
    status: str
    remains: int | None = None


class NewMode(Struct):
    mode: str


class NewIds(Struct):
    next: int


class NewCatalogue(Struct):
    rows: list[dict[str, Any]] | None = None
    remove: int | str | None = None


def steer(controls: Controls, method: str, lever: str, body: bytes) -> Reply:
    """Pull one lever, named by the path after `/sandbox/`, or look at one."""
    try:
        match method, lever:
            case "GET", "orders":
                return _say(controls.orders)
            case "GET", "state":
                return _say(controls.state)
            case "GET", "tricks":
                return _say(controls.tricks)
            case "POST", _:
                return _pull(controls, lever, body)
    except (ValueError, RecursionError) as fault:
        return _say({"error": str(fault)}, 400)
    return _say({"error": "nothing here"}, 404)


def _pull(controls: Controls, lever: str, body: bytes) -> Reply:
    match lever:
        case "balance":
            controls.set_balance(_read(body, NewBalance).balance)
        case "rate":
            new_rate = _read(body, NewRate)
            controls.set_rate(new_rate.service, new_rate.rate)
        case "order":
            standing = _read(body, NewStanding)
            controls.set_order(standing.order, standing.status, standing.remains)
        case "mode":
            controls.set_mode(_read(body, NewMode).mode)
        case "ids":
            controls.set_next_id(_read(body, NewIds).next)
        case "tricks":
            controls.set_tricks(**msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode(body))
            return _say(controls.tricks)
        case "catalogue":
            _restock(controls, _read(body, NewCatalogue))
        case _:
            return _say({"error": "nothing here"}, 404)
    return _say(controls.state)


def _restock(controls: Controls, change: NewCatalogue) -> None:
    if (change.rows is None) == (change.remove is None):
        raise ValueError("give either rows or remove")
    if change.rows is not None:
        controls.set_catalogue(change.rows)
    elif change.remove is not None:
        controls.remove_service(change.remove)


def _read(body: bytes, kind: type[Body]) -> Body:
    return msgspec.json.Decoder(kind, float_hook=Decimal).decode(body)


def _say(content: Any, code: int = 200) -> Reply:
    """Money is printed as plain text here, whatever the dialect."""
    as_text = msgspec.to_builtins(content, builtin_types=(Decimal,))
    return Reply(code, msgspec.json.encode(_plainly(as_text)))


def _plainly(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plainly(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plainly(part) for part in value]
    return plain(value) if isinstance(value, Decimal) else value
