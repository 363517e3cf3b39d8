"""How deeds of the console end: back on a page with what was done, or with why it could not be."""

from __future__ import annotations

from collections.abc import Awaitable

from aggregator.catalog.cooldown import NothingLearned
from aggregator.catalog.decide import NothingHeld
from aggregator.catalog.drafts import Overtaken
from aggregator.catalog.suggestions import NoFreeId
from aggregator.catalog.words import WordUnknown
from aggregator.orders.model import Undecidable
from aggregator.resellers.accounts import Refusal
from aggregator.settings import ConfigurationError
from aggregator.settings.files import CannotWrite
from aggregator.web.visit import Page, Visit

REFUSALS = (
    ConfigurationError,
    CannotWrite,
    NoFreeId,
    NothingHeld,
    NothingLearned,
    Overtaken,
    Refusal,
    Undecidable,
    WordUnknown,
)
"""Errors whose text is the whole answer to an owner."""
_MOST_TOLD = 400
"""A message for the next page travels in a cookie."""


async def done(visit: Visit, deed: Awaitable[object], path: str, told: str) -> Page:
    """Do it and go on; what cannot be done is told there, in red."""
    try:
        await deed
    except REFUSALS as error:
        return visit.go(path, why(error)[:_MOST_TOLD], bad=True)
    return visit.go(path, told)


def why(error: Exception) -> str:
    """What an owner is told; of faults in a file, the first few with their lines."""
    if isinstance(error, ConfigurationError):
        return "; ".join(f"line {fault.line}: {fault.message}" for fault in error.faults[:3])
    text = str(error)
    return text[:1].upper() + text[1:]


def settle_ms(visit: Visit) -> int:
    """How long after an unsure add evidence is first believed."""
    return round(visit.parts.settings.pace.settle_seconds * 1000)


def reason(visit: Visit, *, needed: bool = False) -> str:
    return visit.form.text("reason", most=300, needed=needed)
