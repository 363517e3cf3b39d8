"""All that a page is given: who looks, what they sent, and how to answer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

import jinja2
from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response import Stream
from markupsafe import Markup

from aggregator.cache.windows import Window
from aggregator.people.model import Person, Role, Session, Stage, make_token
from aggregator.storage import once
from aggregator.storage.transaction import write
from aggregator.web.cookies import Cookies, form_token, pack, unpack
from aggregator.web.forms import Fields, FormFault
from aggregator.web.navigation import HOME, MENU, PUBLIC, here
from aggregator.web.parts import Parts

Page: TypeAlias = Response[Any]
HttpRequest: TypeAlias = Request[Any, Any, Any]


class Who(StrEnum):
    """Whom a route is for; every route says it."""

    ANYONE = "anyone"
    SIGNED_IN = "signed in"
    RESELLER = "reseller"
    OWNER = "owner"


class NotHere(Exception):
    """There is no such page, or not for whoever looks: both are answered alike."""


class TooOften(Exception):
    """Tried too often; `seconds` until the next try."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"That was tried too often. Please wait {seconds} seconds.")
        self.seconds = seconds


class Visit:
    """One request to a page."""

    def __init__(self, request: HttpRequest, parts: Parts, templates: jinja2.Environment, cookies: Cookies) -> None:
        self.request = request
        self.parts = parts
        self.path = request.url.path
        self.query = Fields(request.scope["query_string"].decode("ascii", "replace"))
        self.form = Fields("")
        self.session: Session | None = None
        self.cookie = request.cookies.get(cookies.session, "")
        self._templates = templates
        self._cookies = cookies
        self._out: list[Cookie] = []
        self._told = request.cookies.get(cookies.flash, "")

    @property
    def person(self) -> Person | None:
        """Whoever is signed in, with every proof given."""
        return self.session.person if self.session and self.session.stage is Stage.FULL else None

    @property
    def me(self) -> Person:
        """The same, on pages that nobody else reaches."""
        if self.person is None:
            raise NotHere
        return self.person

    @property
    def reseller(self) -> int:
        """The id of the reseller who looks."""
        if self.me.reseller is None:
            raise NotHere
        return self.me.reseller

    @property
    def author(self) -> str:
        """The name under which decisions are written down."""
        return f"{self.me.name} (web)"

    @property
    def address(self) -> str:
        """Where the request comes from; a proxy on this machine is believed."""
        return self.request.client.host if self.request.client else "unknown"

    def number(self, name: str) -> int:
        """A whole number of the path, as `{order:int}`; beyond what a database holds there is nothing."""
        value = int(self.request.path_params[name])
        if not 0 < value < 2**63:
            raise NotHere
        return value

    def word(self, name: str) -> str:
        """A text of the path, as `{provider:str}`."""
        return str(self.request.path_params[name])

    async def allow(self, name: str, *, calls: int, seconds: int) -> None:
        """Count a try under this name; raises `TooOften` past so many in a moving window."""
        window = Window(calls, float(Decimal(seconds)))
        if wait := await self.parts.limits.hit(window, f"web:{name}"):
            raise TooOften(wait)

    @asynccontextmanager
    async def once(self) -> AsyncIterator[None]:
        """Do the block at most once for this form; raises `UsedBefore`. What is refused may be sent again.

        A deed that takes the token itself, into its own transaction, is given `once_token` instead.
        """
        token = self.once_token
        await write(lambda: once.use(token))
        try:
            yield
        except Exception:
            await once.give_back(token)
            raise

    @property
    def once_token(self) -> str:
        """The form's own token, of the person who sent it; fit to be the reference of a payment or an order."""
        token = self.form.get("once", "")
        if not 16 <= len(token) <= 100 or not token.isascii() or not token.isprintable():  # noqa: PLR2004  # as made below
            raise FormFault("once", "This form cannot be told from another: please open it again.")
        return f"{self.me.id}:{token}"

    @property
    def has_news(self) -> bool:
        """Whether a message waits for the next page."""
        return bool(self._told)

    @property
    def token_field(self) -> Markup:
        """What every form carries."""
        if not self.cookie:
            self.hold(make_token())
        return Markup('<input type="hidden" name="token" value="{}">').format(form_token(self.cookie))

    @property
    def once_field(self) -> Markup:
        """What a form carries that counts once."""
        return Markup('<input type="hidden" name="once" value="{}">').format(secrets.token_urlsafe(18))

    def hold(self, session: str | None) -> None:
        """Give the browser another session id; None takes it away."""
        self.cookie = session or ""
        self._out.append(self._cookies.make(self._cookies.session, session))

    def render(self, template: str, *, status: int = 200, **context: Any) -> Page:
        """The template as a page."""
        return self._answer(self.fragment(template, **context), status)

    async def render_apart(self, template: str, **context: Any) -> Page:
        """The same, written beside the event loop: for what is long."""
        return self._answer(await asyncio.to_thread(self.fragment, template, **context), 200)

    def fragment(self, template: str, **context: Any) -> str:
        """The template as text."""
        flash = unpack(self._told) if self._told else None
        items = MENU[self.person.role] if self.person else ()
        page = self._templates.get_template(template).render(
            visit=self, flash=flash, menu=items, public=PUBLIC, here=here((*items, *PUBLIC), self.path),
            **{"faults": {}, **context},
        )  # fmt: skip
        if flash:
            self._out.append(self._cookies.make(self._cookies.flash, None))
        return page

    def part(self, template: str, *, status: int = 200, **context: Any) -> Page:
        """A piece of a page, for the script to put in; a message for the next page stays for it."""
        self._told = ""
        return self._answer(self.fragment(template, **context), status)

    def go(self, path: str, told: str = "", *, bad: bool = False) -> Page:
        """On to another of our pages, with a message for it."""
        if told:
            self._out.append(self._cookies.make(self._cookies.flash, pack("bad" if bad else "ok", told)))
        return self._answer("", 303, {"location": path})

    def go_home(self, role: Role, told: str = "") -> Page:
        return self.go(HOME[role], told)

    def send(self, body: bytes, kind: str, *, name: str = "") -> Page:
        """A file: shown, or kept under a name."""
        headers = {"content-disposition": f'attachment; filename="{name}"'} if name else {}
        return self._answer(body, 200, headers, kind)

    def stream(self, pieces: AsyncIterator[bytes], kind: str, *, name: str) -> Page:
        """A file to be kept under a name, of a length that nobody knows yet; none of it is read before it is sent."""
        headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
        return Stream(pieces, status_code=200, media_type=kind, headers=headers, cookies=self._out)

    def _answer(
        self, body: str | bytes, status: int, headers: dict[str, str] | None = None, kind: str = "text/html"
    ) -> Page:
        private = {"cache-control": "no-store"} if self.person or self._out else {"cache-control": "no-cache"}
        return Response(body, status_code=status, media_type=kind, headers=private | (headers or {}), cookies=self._out)
