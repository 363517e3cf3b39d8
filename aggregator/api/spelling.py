"""Every reply in its two spellings, as bytes: the specification's JSON, and the classic one of all other panels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType
from typing import TypeAlias

import msgspec
from msgspec import Raw

from aggregator.api.texts import text_of
from aggregator.api.views import OrderRow, Parent, RefillStatus, ServiceRow, Spelling, Status, StatusView
from aggregator.errors import OrderNotFound, RefillNotFound, ResellerError
from aggregator.orders.intake.numbers import LARGEST, read_id
from pricing.money import print_units

Members: TypeAlias = dict[str, object]

_CLASSIC_WORDS = MappingProxyType(
    {
        "pending": "Pending",
        "processing": "Processing",
        "in_progress": "In progress",
        "completed": "Completed",
        "partial": "Partial",
        "cancelled": "Canceled",
        "rejected": "Rejected",
    }
)
_SUBSCRIPTION_WORDS = MappingProxyType(
    {Status.COMPLETED: "Completed", Status.PARTIAL: "Expired", Status.CANCELLED: "Canceled"}
)
"""Of ended subscriptions; open ones are Active, whatever happens upstream: Paused would be taken for an end."""
CANCELLED = 1
"""What stands under `cancel` where a cancel was taken."""
_encode = msgspec.json.encode


def render_services(rows: Iterable[ServiceRow], spelling: Spelling) -> bytes:
    """The price list; its keys stand in the order of the pages that clients were written from.

    A service with a rate below nothing is not on it.
    """
    write = _json_service if spelling is Spelling.JSON else _classic_service
    return _encode([write(row) for row in rows if row.rate.units >= 0])


def _json_service(row: ServiceRow) -> Members:
    members: Members = {
        "service": row.service,
        "name": row.name,
        "category": row.category,
        "rate": _number(str(row.rate)),
        "min": _count(row.minimum),
        "max": _count(row.maximum),
        "refill": row.refill,
        "cancel": row.cancel,
        "dripfeed": row.dripfeed,
        "currency": row.currency,
        "type": row.type,
    }
    members |= {"step": row.step} if row.step > 1 else {}
    return {**members, "description": row.description} if row.description else members


def _classic_service(row: ServiceRow) -> Members:
    members: Members = {
        "service": row.service,
        "name": row.name,
        "type": row.type,
        "category": row.category,
        "rate": row.rate.text(2),
        "min": str(_count(row.minimum)),
        "max": str(_count(row.maximum)),
        "refill": row.refill,
        "cancel": row.cancel,
        "dripfeed": row.dripfeed,
    }
    return {**members, "step": str(row.step)} if row.step > 1 else members


def render_add(order: int) -> bytes:
    """The id of the order, the same in both spellings."""
    return _encode({"order": order})


def render_status(view: StatusView, spelling: Spelling) -> bytes:
    """One order. JSON: the gross charge, no start count while it is unknown. Classic: net, and "0" while unknown.

    No number is below nothing: clients keep them in columns without a sign.
    """
    members = _json_status(view) if spelling is Spelling.JSON else _classic_status(view)
    return _encode(members)


def _json_status(view: StatusView) -> Members:
    members: Members = {
        "charge": _number(print_units(_count(view.charge))),
        "status": word(view.status, Spelling.JSON),
        "currency": view.currency,
    }
    if view.start_count is not None and view.start_count >= 0:
        members["start_count"] = view.start_count
    members["remains"] = _count(view.remains)
    return members if view.parent is None else {**members, **_served(view.parent, _count(view.parent.done))}


def _classic_status(view: StatusView) -> Members:
    members: Members = {
        "charge": print_units(_count(view.charge - view.refunded)),
        "start_count": str(_count(view.start_count or 0)),
        "status": _classic_word(view),
        "remains": str(_count(view.remains)),
        "currency": view.currency,
    }
    return members if view.parent is None else {**members, **_served(view.parent, str(_count(view.parent.done)))}


def _served(parent: Parent, done: int | str) -> Members:
    return {"posts" if parent.subscription else "runs": done}


def _classic_word(view: StatusView) -> str:
    """Panels that resell subscriptions know words of their own for them."""
    if view.parent is not None and view.parent.subscription:
        return _SUBSCRIPTION_WORDS.get(view.status, "Active")
    return word(view.status, Spelling.CLASSIC)


def render_statuses(asked: Iterable[str], replies: Sequence[bytes | None]) -> bytes:
    """Many orders by their ids as asked: each as `render_status` wrote it, None for one that we do not know."""
    unknown = _encode(_error(OrderNotFound(), Spelling.CLASSIC))
    return _encode(dict(zip(asked, [Raw(unknown if reply is None else reply) for reply in replies], strict=True)))


def render_orders(rows: Iterable[OrderRow], replies: Iterable[bytes | None], spelling: Spelling) -> bytes:
    """Orders as they were placed, newest first, each with what `render_status` wrote of it."""
    told = zip(rows, replies, strict=True)
    return _encode([_order(row, spelling) | _members(reply) for row, reply in told if reply is not None])


def _order(row: OrderRow, spelling: Spelling) -> Members:
    numbers = {"service": row.service, "quantity": row.quantity}
    return {
        "order": row.order,
        **(numbers if spelling is Spelling.JSON else {name: str(number) for name, number in numbers.items()}),
        "link": row.link,
        "request_id": row.request_id,
    }


def _members(reply: bytes) -> Members:
    """What stands in a reply, number by number as it was written."""
    return dict(msgspec.json.decode(reply, type=dict[str, Raw]))


def render_balance(balance: int, currency: str) -> bytes:
    """The wallet in whole 1e-8; text with at least two decimals in both spellings."""
    return _encode({"balance": print_units(balance, 2), "currency": currency})


def render_refill(refill: int, spelling: Spelling) -> bytes:
    """The id of a refill: classic clients know it as text here, and as a number in the list."""
    return _encode({"refill": refill if spelling is Spelling.JSON else str(refill)})


def render_refills(rows: Sequence[tuple[str, int | ResellerError]], spelling: Spelling) -> bytes:
    """For each order as asked the id of its refill, or why there is none."""
    return _encode([{"order": _id(asked), "refill": _or_error(outcome, spelling)} for asked, outcome in rows])


def render_refill_status(status: RefillStatus, spelling: Spelling) -> bytes:
    return _encode({"status": word(status, spelling)})


def render_refill_statuses(rows: Sequence[tuple[str, RefillStatus | None]], spelling: Spelling) -> bytes:
    """For each refill as asked its status, None for one that we do not know."""
    unknown = _error(RefillNotFound(), spelling)
    return _encode(
        [{"refill": _id(asked), "status": word(status, spelling) if status else unknown} for asked, status in rows]
    )


def render_cancel(asked: str) -> bytes:
    """That the order is called off, or its provider will be asked to."""
    return _encode({"order": _id(asked), "cancel": CANCELLED})


def render_cancels(rows: Sequence[tuple[str, int | ResellerError]], spelling: Spelling) -> bytes:
    """For each order as asked `CANCELLED`, or why it is not."""
    return _encode([{"order": _id(asked), "cancel": _or_error(outcome, spelling)} for asked, outcome in rows])


def word(status: Status | RefillStatus, spelling: Spelling) -> str:
    """A status as clients of this spelling know it."""
    return status.upper() if spelling is Spelling.JSON else _CLASSIC_WORDS[status]


def _or_error(outcome: int | ResellerError, spelling: Spelling) -> int | Members:
    return outcome if isinstance(outcome, int) else _error(outcome, spelling)


def _error(error: ResellerError, spelling: Spelling) -> Members:
    return {"error": text_of(error, spelling)}


def _id(asked: str) -> int | str:
    """An id as asked, as a number where JSON writes it alike."""
    number = read_id(asked)
    return asked if number is None or number >= LARGEST or str(number) != asked else number


def _count(number: int) -> int:
    """Whatever a row may say: nothing is the least that is told."""
    return max(number, 0)


def _number(text: str) -> Raw:
    return Raw(text.encode())
