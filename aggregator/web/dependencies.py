"""What a handler is given by the name of its parameter: the panel's parts, what was sent, and who is signed in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar

from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from aggregator.cache.windows import Window
from aggregator.people.model import Person
from aggregator.web import forms, sessions
from aggregator.web import parts as panel
from aggregator.web.refusals import TooOften

T = TypeVar("T")
HttpRequest: TypeAlias = sessions.HttpRequest
Id: TypeAlias = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
"""A number of the path; beyond what a database holds there is nothing."""
Parts: TypeAlias = NamedDependency[panel.Parts]
Form: TypeAlias = NamedDependency[forms.Form]
Params: TypeAlias = NamedDependency[forms.Fields]
"""What stands after the ? of the address."""
Me: TypeAlias = NamedDependency[Person]
"""Whoever is signed in, on pages that nobody else reaches; elsewhere `request.user` may be None."""
Author: TypeAlias = NamedDependency[str]
"""The name under which decisions are written down."""
SellerId: TypeAlias = NamedDependency[int]
"""The id of the reseller who looks."""
Address: TypeAlias = NamedDependency[str]
"""Where the request comes from; a proxy on this machine is believed."""


def or_404(found: T | None) -> T:
    """What was found, or the page that says that there is nothing."""
    if found is None:
        raise NotFoundException
    return found


def params(request: HttpRequest) -> forms.Fields:
    return forms.Fields(request.scope["query_string"].decode("ascii", "replace"))


def form(request: HttpRequest) -> forms.Form:
    """What `guards.form_check` let pass; empty for a page that is only looked at."""
    return request.state.get("form") or forms.Form()


def me(request: HttpRequest) -> Person:
    return or_404(request.user)


def author(me: Me) -> str:
    return f"{me.name} (web)"


def seller_id(me: Me) -> int:
    return or_404(me.reseller)


def address(request: HttpRequest) -> str:
    return request.client.host if request.client else "unknown"


def of_panel(parts: panel.Parts) -> dict[str, Provide]:
    """For all pages of one panel, by the names of their parameters."""
    given = (params, form, me, author, seller_id, address)
    named = {one.__name__: Provide(one, sync_to_thread=False) for one in given}
    return {"parts": Provide(lambda: parts, sync_to_thread=False), **named}


async def allow(parts: Parts, name: str, *, calls: int, seconds: int) -> None:
    """Count a try under this name; raises `TooOften` past so many in a moving window."""
    if wait := await parts.limits.hit(Window(calls, float(Decimal(seconds))), f"web:{name}"):
        raise TooOften(wait)
