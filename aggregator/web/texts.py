"""Why something was refused, in the words of a page."""

from __future__ import annotations

from aggregator.api.texts import text_of
from aggregator.api.views import Spelling
from aggregator.errors import AccountInactive, IncorrectRequest, NotEnoughFunds, OrderNotFound, ResellerError

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
            return "Your balance does not cover this. Add funds, or order less."
        case AccountInactive():
            return "This account is frozen: nothing can be ordered or changed. Please write to us."
        case OrderNotFound():
            return "There is no such order of yours."
        case IncorrectRequest(field=str() as field):
            return f"{_FIELDS.get(field, field.replace('_', ' ').capitalize())} {error.hint or 'cannot be read'}."
    text = text_of(error, Spelling.JSON)
    return text if text.endswith(".") else f"{text}."
