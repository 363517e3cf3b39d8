"""Why something was refused, in the words of a page."""

from __future__ import annotations

from aggregator.api.texts import text_of
from aggregator.api.views import Spelling
from aggregator.errors import (
    AccountInactive,
    IncorrectRequest,
    NotEnoughFunds,
    OrderNotFound,
    QuantityNoMultiple,
    QuantityOutOfRange,
    ResellerError,
    ServiceNotFound,
)

_FIELDS = {
    "service": "The service",
    "link": "The link",
    "quantity": "The quantity",
    "runs": "The number of runs",
    "interval": "The interval",
    "comments": "The list of comments",
}


def told(error: ResellerError) -> str:
    match error:
        case NotEnoughFunds():
            text = "Your balance does not cover this. Add funds, or order less."
        case AccountInactive():
            text = "This account is frozen: nothing can be ordered or changed. Please write to us."
        case OrderNotFound():
            text = "There is no such order of yours."
        case ServiceNotFound():
            text = "There is no service with this id."
        case QuantityOutOfRange():
            text = f"The quantity must be from {error.minimum:,} to {error.maximum:,}."
        case QuantityNoMultiple():
            text = f"The quantity must be a multiple of {error.step:,}."
        case IncorrectRequest(field=str() as field):
            text = f"{_FIELDS.get(field, field.replace('_', ' ').capitalize())} {error.hint or 'cannot be read'}."
        case _:
            text = f"{text_of(error, Spelling.JSON).removesuffix('.')}."
    return text
