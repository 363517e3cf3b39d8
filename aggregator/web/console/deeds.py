"""How deeds of the console end: back on a page with what was done, or with why it could not be."""

from __future__ import annotations

from collections.abc import Awaitable

from aggregator.errors import CannotBeDone
from aggregator.settings import ConfigurationError
from aggregator.web.visit import Page, Visit

_MOST_TOLD = 400
"""A message for the next page travels in a cookie."""


async def done(visit: Visit, deed: Awaitable[object], path: str, told: str) -> Page:
    """Do it and go on; what cannot be done is told there, in red."""
    try:
        await deed
    except CannotBeDone as error:
        return visit.go(path, why(error)[:_MOST_TOLD], bad=True)
    return visit.go(path, told)


def why(error: CannotBeDone) -> str:
    """What an owner is told; of faults in a file, the first few with their lines."""
    if isinstance(error, ConfigurationError):
        return "; ".join(f"line {fault.line}: {fault.message}" for fault in error.faults[:3])
    text = str(error)
    return text[:1].upper() + text[1:]


def settle_ms(visit: Visit) -> int:
    """How long after an unsure add evidence is first believed."""
    return visit.parts.settings.pace.settle_ms


def reason(visit: Visit, *, needed: bool = False) -> str:
    return visit.form.text("reason", most=300, needed=needed)
