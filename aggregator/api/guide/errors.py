"""Every refusal of the API in both spellings, when it comes, and what its reader can do about it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from aggregator.api.faults import refuse
from aggregator.api.fields import MOST_IDS
from aggregator.api.views import Spelling
from aggregator.errors import (
    AccountInactive,
    BadLink,
    CancelRefused,
    IncorrectRequest,
    InvalidKey,
    MissingField,
    NotEnoughFunds,
    OrderNotFound,
    QuantityNoMultiple,
    QuantityOutOfRange,
    RefillNotFound,
    RefillRefusal,
    RefillRefused,
    RequestIdTaken,
    ResellerError,
    SameLink,
    ServiceNotFound,
    TemporarilyUnavailable,
    TooManyOrders,
    TooManyRequests,
)

_KNOWN: tuple[tuple[ResellerError, str, str], ...] = (
    (InvalidKey(), "The key is missing, wrong, revoked, or tied to another address", "Check the key and its addresses"),
    (AccountInactive(), "The account is frozen, or the key may only read", "Use a key that may order, or ask support"),
    (IncorrectRequest(), "The action is missing or unknown", "Check the spelling of `action`"),
    (MissingField("quantity"), "A field that the action or the order type needs is missing", "Send it"),
    (BadLink("link is required"), "The link is missing or cannot be used", "Correct the link"),
    (ServiceNotFound(), "We do not sell this service", "Read the list of services again"),
    (QuantityOutOfRange(50, 100, 100000), "Fewer units than the service takes", "Order between its `min` and `max`"),
    (QuantityNoMultiple(50), "A quantity that the service's step does not divide", "Order a multiple of that number"),
    (QuantityOutOfRange(200000, 100, 100000), "More units than the service takes", "Order between its `min` and `max`"),
    (NotEnoughFunds(), "The wallet cannot pay the charge", "Add funds"),
    (SameLink(), "An order for this link is running, and your key takes one at a time", "Wait until it has ended"),
    (RequestIdTaken(), "Another order has this `request_id`", "Take a new one for each order"),
    (OrderNotFound(), "No order of yours has this id", "Check the id"),
    (TooManyOrders(MOST_IDS), f"More than {MOST_IDS} ids in one request", "Ask in portions"),
    (RefillRefused(RefillRefusal.DISABLED), "The service has no refill", "Look at `refill` in the list of services"),
    (RefillRefused(RefillRefusal.OF_ORDER), "This order gets no refill, others may", "Order again"),
    (RefillRefused(RefillRefusal.NOT_COMPLETED), "The order has not ended, or not whole", "Wait for its completion"),
    (RefillRefused(RefillRefusal.TOO_EARLY), "It is too early for a refill", "Wait a day"),
    (RefillRefused(RefillRefusal.RUNNING), "A refill of the order is running", "Wait for it: `refill_status`"),
    (RefillRefused(RefillRefusal.EXPIRED), "The time for refills is over", "Order again"),
    (RefillNotFound(), "No refill of yours has this id", "Check the id"),
    (CancelRefused(), "Orders of its service cannot be cancelled", "Wait for its end"),
    (CancelRefused(of_order=True), "It has ended, or its cancel was refused", "Wait for its end, or ask in an hour"),
    (TooManyRequests(), "The key is over its limit", "Wait as long as the header `Retry-After` says"),
    (TemporarilyUnavailable(), "The panel is unable for a moment", "Try again; keep the `request_id` of an `add`"),
)


class ErrorRow(Struct, frozen=True, kw_only=True):
    """One refusal; the replies as text."""

    error: str
    """Its name here."""
    when: str
    fix: str
    code: int
    """The HTTP status of the reply to a JSON body."""
    json: str
    classic: str
    classic_code: int


def errors() -> Iterator[ErrorRow]:
    """The table, most common first."""
    for error, when, fix in _KNOWN:
        in_json, classic = refuse(error, Spelling.JSON), refuse(error, Spelling.CLASSIC)
        yield ErrorRow(
            error=type(error).__name__,
            when=when,
            fix=fix,
            code=in_json.code,
            json=_said(in_json.body),
            classic=_said(classic.body),
            classic_code=classic.code,
        )


def _said(body: bytes) -> str:
    """The sentence in a refusal, whichever member carries it."""
    members = msgspec.json.decode(body, type=dict[str, object])
    return str(members.get("error") or members.get("message"))
