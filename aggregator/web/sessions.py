"""Authentication and flash messages by two cookies; only what a page changed is sent back, nothing is stored for it.

Litestar's own server-side sessions would write and set a cookie at every answer, and keep the id at sign-in. Here
`request.session["id"]` is what the browser holds: `people.sessions` keeps its hash, and gives a new one at sign-in.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import MutableScopeHeaders
from litestar.exceptions import ServiceUnavailableException
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.middleware.session.base import BaseBackendConfig, BaseSessionBackend
from litestar.types import ASGIApp, Message
from markupsafe import Markup

from aggregator.people import sessions
from aggregator.people.model import LONGEST_TOKEN, Person, Session, Stage, make_token
from aggregator.web.cookies import Cookies, form_token, pack, unpack

HttpRequest: TypeAlias = Request[Person | None, Session | None, Any]
Connection: TypeAlias = ASGIConnection[Any, Person | None, Session | None, Any]


class CookieSessions(BaseSessionBackend["SessionConfig"]):
    """The session as Litestar's flash messages know it, between one request's cookies and its answer's."""

    def get_session_id(self, connection: Connection) -> str | None:
        return self.config.cookies.read(connection.headers.get("cookie", ""))[0] or None

    async def load_from_connection(self, connection: Connection) -> dict[str, Any]:
        held, told = self.config.cookies.read(connection.headers.get("cookie", ""))
        return {"id": held, **({"_messages": [unpack(told)]} if told else {})}

    async def store_in_message(self, scope_session: Any, message: Message, connection: Connection) -> None:
        """Set the cookies that are others now; an answer with one, or for somebody signed in, is nobody else's."""
        before, after = await self.load_from_connection(connection), scope_session
        cookies, headers, changed = self.config.cookies, MutableScopeHeaders.from_message(message), []
        if after["id"] != before["id"]:
            changed.append(cookies.make(cookies.session, after["id"] or None))
        if (told := after.get("_messages")) != before.get("_messages"):
            changed.append(cookies.make(cookies.flash, pack(**told[-1]) if told else None))
        for cookie in changed:
            headers.add("set-cookie", cookie.to_header(header=""))
        headers.setdefault("cache-control", "no-store" if changed or connection.scope.get("user") else "no-cache")


class SessionConfig(BaseBackendConfig[CookieSessions]):
    """Names and flags of the cookies, for every page."""

    _backend_class = CookieSessions
    exclude = None
    exclude_opt_key = "without_session"

    def __init__(self, cookies: Cookies) -> None:
        self.cookies = cookies


class Authentication(AbstractAuthenticationMiddleware):
    """`request.user` is whoever has given every proof, or None; `request.auth` the session, also before the code."""

    def __init__(self, app: ASGIApp, ready: Callable[[], bool]) -> None:
        super().__init__(app)
        self._ready = ready

    async def authenticate_request(self, connection: Connection) -> AuthenticationResult:
        if not self._ready():
            raise ServiceUnavailableException
        held = connection.session["id"]
        found = await sessions.find(held) if 0 < len(held) <= LONGEST_TOKEN else None
        return AuthenticationResult(user=found.person if found and found.stage is Stage.FULL else None, auth=found)


def token_field(request: HttpRequest) -> Markup:
    """What every form carries, bound to the session; whoever has none is given an id for it."""
    request.session["id"] = request.session["id"] or make_token()
    return Markup('<input type="hidden" name="token" value="{}">').format(form_token(request.session["id"]))


def once_field() -> Markup:
    """What a form carries that counts once."""
    return Markup('<input type="hidden" name="once" value="{}">').format(secrets.token_urlsafe(18))
