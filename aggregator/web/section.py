"""Routes with whom they are for, and what each request passes on its way to its page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias
from urllib.parse import quote

import structlog
from msgspec import Struct

from aggregator.errors import CannotBeDone, ResellerError
from aggregator.people import sessions
from aggregator.people.model import LONGEST_TOKEN, Role
from aggregator.people.passwords import TooBusy
from aggregator.resellers.accounts import Refusal
from aggregator.storage.engine import is_unreachable
from aggregator.storage.once import UsedBefore
from aggregator.web.cookies import Cookies, is_form_token
from aggregator.web.forms import MOST_BYTES, MOST_BYTES_SIGNED_IN, MOST_FIELDS, Fields, FormFault
from aggregator.web.leaving import Left, while_here
from aggregator.web.texts import told
from aggregator.web.visit import NotHere, Page, TooOften, Visit, Who

log = structlog.get_logger(__name__)
Act: TypeAlias = Callable[[Visit], Awaitable[Page]]


class Route(Struct, frozen=True):
    """A page or a deed at an address."""

    method: str
    path: str
    who: Who
    act: Act


class Section:
    """Routes that belong together; `site.SECTIONS` joins them."""

    def __init__(self) -> None:
        self.routes: list[Route] = []

    def get(self, path: str, who: Who) -> Callable[[Act], Act]:
        """A page, which changes nothing."""
        return self._add("GET", path, who)

    def post(self, path: str, who: Who) -> Callable[[Act], Act]:
        """A deed: reached only from our own forms, with their token."""
        return self._add("POST", path, who)

    def _add(self, method: str, path: str, who: Who) -> Callable[[Act], Act]:
        def add(act: Act) -> Act:
            self.routes.append(Route(method, path, who, act))
            return act

        return add


async def answer(route: Route, visit: Visit, cookies: Cookies) -> Page:
    """Let whoever may come in, and tell everybody else why not."""
    try:
        return await _admit(route, visit, cookies)
    except Exception as error:  # noqa: BLE001  # the last resort: nobody sees a traceback
        return _tell(route, visit, error)


def _tell(route: Route, visit: Visit, error: Exception) -> Page:
    match error:
        case NotHere():
            page = refused(visit, 404, "There is nothing here", "The page does not exist, or it is not yours to see.")
        case UsedBefore():
            text = "The same form was sent before, and it was done then. Nothing was done twice."
            page = refused(visit, 409, "Already done", text)
        case TooOften():
            page = refused(visit, 429, "Too often", str(error))
        case TooBusy():
            page = refused(visit, 503, "One moment", "Many people are signing in just now. Please try again soon.")
        case Left():
            page = refused(visit, 499, "You have left", "Nobody is here to read this.")
        case Refusal() | FormFault():
            page = refused(visit, 400, "That cannot be done", str(error))
        case CannotBeDone():
            # Its text is an owner's: it may name providers, files and others' orders.
            told_why = str(error) if route.who is Who.OWNER else "Please ask whoever runs this panel."
            log.warning("web.refused", path=route.path, error=type(error).__name__, text=str(error))
            page = refused(visit, 400, "That cannot be done", told_why)
        case ResellerError():
            page = refused(visit, 400, "That cannot be done", told(error))
        case _ if is_unreachable(error):
            log.warning("web.unable", path=route.path, error=type(error).__name__)
            page = unable(visit)
        case _:
            log.error("web.failed", path=route.path, error=type(error).__name__, exc_info=error)
            page = refused(visit, 500, "Something went wrong", "The fault is ours, and it has been written down.")
    return page


async def _admit(route: Route, visit: Visit, cookies: Cookies) -> Page:
    if not visit.parts.ready():
        return unable(visit)
    if 0 < len(visit.cookie) <= LONGEST_TOKEN:
        visit.session = await sessions.find(visit.cookie)
    if not may(route.who, visit):
        if visit.person is None and route.method == "GET":
            return visit.go(f"/sign-in?next={quote(visit.path)}")
        return refused(visit, 403, "Not for you", "Please sign in as somebody who may do this.")
    if route.method == "POST":
        headers = visit.request.headers
        own = cookies.is_ours(headers.get("origin"), headers.get("sec-fetch-site"))
        visit.form = await _read_form(visit)
        if not own or not is_form_token(visit.cookie, visit.form.get("token", "")):
            text = "It may be too old, or your browser takes no cookies. Please open the page again."
            return refused(visit, 403, "This form cannot be taken", text)
    if route.method == "GET":
        return await while_here(visit.request, route.act(visit))
    return await route.act(visit)


def may(who: Who, visit: Visit) -> bool:
    """Whether whoever looks is one of those whom the route is for."""
    match who:
        case Who.ANYONE:
            return True
        case Who.SIGNED_IN:
            return visit.person is not None
        case Who.RESELLER:
            return visit.person is not None and visit.person.role is Role.RESELLER
        case Who.OWNER:
            return visit.person is not None and visit.person.role is Role.OWNER


def refused(visit: Visit, status: int, title: str, text: str) -> Page:
    """A page that says why there is no other."""
    return visit.render("refused.html", status=status, title=title, text=text)


def unable(visit: Visit) -> Page:
    return refused(visit, 503, "One moment", "The panel cannot reach its database. It tries again by itself.")


async def _read_form(visit: Visit) -> Fields:
    """A stranger's form is small; a reseller may order as much text as by the API."""
    most = MOST_BYTES if visit.person is None else max(MOST_BYTES_SIGNED_IN, visit.parts.sizes.most_of_form)
    body = bytearray()
    async for chunk in visit.request.stream():
        body += chunk
        if len(body) > most:
            raise FormFault("", f"That is more than a form may hold, which is {most // 1024} KiB.")
    try:
        return Fields(body.decode("utf-8", "replace"))
    except ValueError:
        raise FormFault("", f"That is more than a form may hold, which is {MOST_FIELDS} fields.") from None
