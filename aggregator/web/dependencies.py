"""What a handler is given by the name of its parameter: the panel's parts, what was sent, and who is signed in."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, TypeAlias

from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import PathParameter

from aggregator.cache.limits import Limits
from aggregator.cache.windows import Window
from aggregator.people.model import Person, Session
from aggregator.web.forms import Fields, Form
from aggregator.web.parts import Parts
from aggregator.web.refusals import TooOften
from aggregator.web.sessions import HttpRequest

Id: TypeAlias = Annotated[int, PathParameter(ge=1, le=2**63 - 1)]
"""A number of the path; beyond what a database holds there is nothing."""


def params(request: HttpRequest) -> Fields:
    """What stands after the ? of the address."""
    return Fields(request.scope["query_string"].decode("ascii", "replace"))


def form(request: HttpRequest) -> Form:
    """What `form_check` let pass; empty for a page that is only looked at."""
    return request.state.get("form") or Form()


def person(request: HttpRequest) -> Person | None:
    """Whoever is signed in, with every proof given."""
    found: Person | None = request.user
    return found


def me(request: HttpRequest) -> Person:
    """The same, on pages that nobody else reaches."""
    if request.user is None:
        raise NotFoundException
    found: Person = request.user
    return found


def author(me: NamedDependency[Person]) -> str:
    """The name under which decisions are written down."""
    return f"{me.name} (web)"


def session(request: HttpRequest) -> Session | None:
    """Who has given the password, and perhaps still owes the code."""
    found: Session | None = request.auth
    return found


def address(request: HttpRequest) -> str:
    """Where the request comes from; a proxy on this machine is believed."""
    return request.client.host if request.client else "unknown"


def seller_id(me: NamedDependency[Person]) -> int:
    """The id of the reseller who looks."""
    if me.reseller is None:
        raise NotFoundException
    return me.reseller


def of_panel(parts: Parts) -> dict[str, Provide]:
    """For all pages of one panel."""

    def the_parts() -> Parts:
        return parts

    given = (params, form, person, me, author, session, address, seller_id)
    named = {one.__name__: Provide(one, sync_to_thread=False) for one in given}
    return {"parts": Provide(the_parts, sync_to_thread=False), **named}


async def allow(limits: Limits, name: str, *, calls: int, seconds: int) -> None:
    """Count a try under this name; raises `TooOften` past so many in a moving window."""
    if wait := await limits.hit(Window(calls, float(Decimal(seconds))), f"web:{name}"):
        raise TooOften(wait)
