"""Exception handlers: the page that each refusal becomes, in one list for all pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias
from urllib.parse import quote

import structlog
from litestar import Response
from litestar.exceptions import (
    HTTPException,
    NotAuthorizedException,
    NotFoundException,
    PermissionDeniedException,
    ServiceUnavailableException,
    ValidationException,
)
from litestar.response import Redirect, Template

from aggregator.errors import CannotBeDone, ResellerError
from aggregator.people.passwords import TooBusy
from aggregator.resellers.accounts import Refusal
from aggregator.storage.engine import is_unreachable
from aggregator.storage.form_tokens import AlreadyUsed
from aggregator.web.forms import FormFault
from aggregator.web.guards import ForeignForm
from aggregator.web.leaving import Left
from aggregator.web.sessions import HttpRequest
from aggregator.web.texts import told

log = structlog.get_logger(__name__)
Handler: TypeAlias = Callable[[HttpRequest, Any], Response[Any]]


class TooOften(Exception):
    """Tried too often; the text says how long to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"That was tried too often. Please wait {seconds} seconds.")


def refused(request: HttpRequest, status: int, title: str, text: str) -> Template:
    """A page that says why there is no other, also where no middleware of the pages ran."""
    user = request.scope.setdefault("user", None)
    request.scope.setdefault("session", {})
    headers = {"cache-control": "no-store" if user else "no-cache"}
    return Template("refused.html", status_code=status, headers=headers, context={"title": title, "text": text})


def _says(status: int, title: str, text: Callable[[Any], str] | str) -> Handler:
    def handler(request: HttpRequest, error: Exception) -> Template:
        return refused(request, status, title, text if isinstance(text, str) else text(error))

    return handler


_unable = _says(503, "One moment", "The panel cannot reach its database. It tries again by itself.")
_not_here = _says(404, "There is nothing here", "The page does not exist, or it is not yours to see.")
_not_for_you = _says(403, "Not for you", "Please sign in as somebody who may do this.")
_failed = _says(500, "Something went wrong", "The fault is ours, and it has been written down.")


def _unknown(request: HttpRequest, error: NotAuthorizedException) -> Response[Any]:
    """Whoever wants to see a page signs in first, and is led on to it."""
    if request.method != "GET":
        return _not_for_you(request, error)
    return Redirect(f"/sign-in?next={quote(request.scope['path'])}", status_code=303, media_type="text/html")


def _not_said(request: HttpRequest, error: CannotBeDone) -> Response[Any]:
    """Its text is an owner's, whom the console tells: it may name providers, files and others' orders."""
    log.warning("web.refused", path=request.scope.get("path_template"), error=type(error).__name__, text=str(error))
    return refused(request, 400, "That cannot be done", "Please ask whoever runs this panel.")


def _unforeseen(request: HttpRequest, error: Exception) -> Response[Any]:
    """The last resort: nobody sees a traceback."""
    path = request.scope.get("path_template")
    if is_unreachable(error):
        log.warning("web.unable", path=path, error=type(error).__name__)
        return _unable(request, error)
    log.error("web.failed", path=path, error=type(error).__name__, exc_info=error)
    return _failed(request, error)


HANDLERS: dict[int | type[Exception], Handler] = {
    NotFoundException: _not_here,
    ValidationException: _not_here,
    NotAuthorizedException: _unknown,
    PermissionDeniedException: _not_for_you,
    ForeignForm: _says(
        403,
        "This form cannot be taken",
        "It may be too old, or your browser takes no cookies. Please open the page again.",
    ),
    AlreadyUsed: _says(
        409, "Already done", "The same form was sent before, and it was done then. Nothing was done twice."
    ),
    TooOften: _says(429, "Too often", str),
    TooBusy: _says(503, "One moment", "Many people are signing in just now. Please try again soon."),
    ServiceUnavailableException: _unable,
    Left: _says(499, "You have left", "Nobody is here to read this."),
    FormFault: _says(400, "That cannot be done", str),
    Refusal: _says(400, "That cannot be done", str),
    CannotBeDone: _not_said,
    ResellerError: _says(400, "That cannot be done", told),
    HTTPException: _unforeseen,
    Exception: _unforeseen,
}
