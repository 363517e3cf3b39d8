"""How deeds of the console end: back on a page with what was done, or with why it could not be."""

from __future__ import annotations

from collections.abc import Awaitable

from aggregator.errors import CannotBeDone
from aggregator.settings import ConfigurationError
from aggregator.web.dependencies import Form, HttpRequest, Parts
from aggregator.web.refusals import refused
from aggregator.web.responses import Onward, Page

_MOST_TOLD = 400
"""A message for the next page travels in a cookie."""


async def done(deed: Awaitable[object], path: str, told: str) -> Page:
    """Do it and go on; what cannot be done is told there, in red."""
    try:
        await deed
    except CannotBeDone as error:
        return Onward(path, why(error)[:_MOST_TOLD], bad=True)
    return Onward(path, told)


def why(error: CannotBeDone) -> str:
    """What an owner is told; of faults in a file, the first few with their lines."""
    if isinstance(error, ConfigurationError):
        return "; ".join(f"line {fault.line}: {fault.message}" for fault in error.faults[:3])
    text = str(error)
    return text[:1].upper() + text[1:]


def refuse(request: HttpRequest, error: CannotBeDone) -> Page:
    """The exception handler of the console, for a page that does not tell it by itself."""
    return refused(request, 400, "That cannot be done", str(error))


def settle_ms(parts: Parts) -> int:
    """How long after an unsure add evidence is first believed."""
    return parts.settings.pace.settle_ms


def reason(form: Form, *, needed: bool = False) -> str:
    return form.text("reason", most=300, needed=needed)
