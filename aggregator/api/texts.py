"""The sentence that tells a reseller why a request was refused, in the words that each kind of client knows."""

from __future__ import annotations

from types import MappingProxyType

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

_COMMON: MappingProxyType[type[Exception], str] = MappingProxyType(
    {
        InvalidKey: "Invalid API key",
        AccountInactive: "Your account is inactive",
        OrderNotFound: "Incorrect order ID",
        RequestIdTaken: "This request id belongs to another order",
        TooManyRequests: "Too many requests",
        SameLink: "You have active order with this link. Please wait until order being completed.",
        CancelRefused: "Cancel is disabled for this service",
        RefillNotFound: "Refill not found",
        TemporarilyUnavailable: "The panel is temporarily unavailable, please try again later",
    }
)
_REFILL = MappingProxyType(
    {
        RefillRefusal.DISABLED: "Refill is disabled for this service",
        RefillRefusal.OF_ORDER: "This order is not eligible for refill",
        RefillRefusal.NOT_COMPLETED: "The order is not completed",
        RefillRefusal.TOO_EARLY: "The order was completed or refill was requested less than 24 hours ago",
        RefillRefusal.RUNNING: "The refill task is not completed for this order",
        RefillRefusal.EXPIRED: "Refill days are over",
    }
)


def text_of(error: Exception, spelling: Spelling) -> str:
    """What the reply says; nothing of an error that is not ours, for it may speak of providers or of the machine.

    The classic texts are the ones that chained panels match (PROTOCOL.md, "Errors we send").
    """
    if not isinstance(error, ResellerError):
        return "Internal error"
    if isinstance(error, RefillRefused):
        return _REFILL[error.refusal]
    if isinstance(error, CancelRefused) and error.of_order:
        return "This order cannot be cancelled"
    if isinstance(error, QuantityNoMultiple):
        return f"Quantity must be a multiple of {error.step}"
    if isinstance(error, TooManyOrders):
        return f"Maximum {error.limit} orders"
    return _COMMON.get(type(error)) or (_json if spelling is Spelling.JSON else _classic)(error)


def _json(error: ResellerError) -> str:
    text = "Incorrect request"
    match error:
        case QuantityOutOfRange():
            text = f"Quantity must be between {error.minimum} and {error.maximum}"
        case NotEnoughFunds():
            text = "Insufficient balance in wallet."
        case ServiceNotFound():
            text = "Service not found or unauthorized"
        case BadLink():
            text = str(error) or "Bad link"
        case IncorrectRequest(field=str() as field):
            text = f"{field} {error.hint or 'cannot be read'}"
        case IncorrectRequest() if error.hint:
            text = f"Incorrect request: {error.hint}"
    return text


def _classic(error: ResellerError) -> str:
    text = "Incorrect request"
    match error:
        case QuantityOutOfRange() if error.quantity < error.minimum:
            text = f"Quantity less than minimal {error.minimum}"
        case QuantityOutOfRange():
            text = f"Quantity more than maximum {error.maximum}"
        case NotEnoughFunds():
            text = "Not enough funds on balance"
        case BadLink():
            text = "Bad link"
        case ServiceNotFound():
            text = "Incorrect service ID"
        case IncorrectRequest(field="service") if not isinstance(error, MissingField):
            text = "Incorrect service ID"
    return text
