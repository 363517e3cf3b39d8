"""Authorization: whom a page is for, and the CSRF protection that each deed of a page passes before its handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from aggregator.api.sizes import BodySizes
from aggregator.people.model import Role
from aggregator.web.cookies import Cookies, is_form_token
from aggregator.web.forms import MOST_BYTES, MOST_BYTES_SIGNED_IN, Form, FormFault
from aggregator.web.sessions import Connection, HttpRequest


class ForeignForm(PermissionDeniedException):
    """A form that none of our pages gave to this session."""


def anyone(_: Connection, __: BaseRouteHandler) -> None:
    """Said of what is for all, so that nothing is by oversight."""


def signed_in(connection: Connection, _: BaseRouteHandler) -> None:
    _admit(connection, *Role)


def resellers(connection: Connection, _: BaseRouteHandler) -> None:
    _admit(connection, Role.RESELLER)


def owners(connection: Connection, _: BaseRouteHandler) -> None:
    _admit(connection, Role.OWNER)


AUDIENCES = (anyone, signed_in, resellers, owners)
"""Every page is guarded by one of these, a test says."""


def _admit(connection: Connection, *roles: Role) -> None:
    if connection.scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]  # which an answer of Litestar's own tells to all
        return
    if connection.user is None:
        raise NotAuthorizedException
    if connection.user.role not in roles:
        raise PermissionDeniedException


def form_check(cookies: Cookies, sizes: BodySizes) -> Callable[[HttpRequest], Awaitable[None]]:
    """CSRF protection: reads a form, after the guards and within limits, and lets it pass if a page of ours sent it.

    Litestar's own reads the body before any guard, and is bound neither to a session nor to the page's origin.
    """

    async def check(request: HttpRequest) -> None:
        if request.method != "POST":
            return
        headers, sender = request.headers, request.user.id if request.user else None
        own = cookies.is_ours(headers.get("origin"), headers.get("sec-fetch-site"))
        most = MOST_BYTES if sender is None else max(MOST_BYTES_SIGNED_IN, sizes.most_of_form)
        form = Form((await _read(request, most)).decode("utf-8", "replace"), sender)
        if not own or not is_form_token(request.session["id"], form.get("token", "")):
            raise ForeignForm
        request.state.form = form

    return check


async def _read(request: HttpRequest, most: int) -> bytearray:
    """A stranger's form is small; a reseller may order as much text as by the API."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise FormFault("", f"That is more than a form may hold, which is {most // 1024} KiB.")
    return body
