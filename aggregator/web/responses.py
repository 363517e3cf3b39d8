"""How a handler answers: with a page, a redirect with a flash message, or a file."""

from __future__ import annotations

from typing import Any, TypeAlias

from litestar import MediaType, Response
from litestar.plugins.flash import flash
from litestar.response import Redirect, Template
from litestar.response.base import ASGIResponse

from aggregator.web.sessions import HttpRequest

Page: TypeAlias = Response[Any]


def page(template: str, *, status: int = 200, **context: Any) -> Template:
    """The template with what it shows; or a piece of a page, for the script to put in."""
    return Template(template, status_code=status, context=context)


class Onward(Redirect):
    """On to another of our pages, with a flash message for it."""

    def __init__(self, path: str, told: str = "", *, bad: bool = False) -> None:
        super().__init__(path, status_code=303, media_type=MediaType.HTML)
        self._told = told
        self._bad = bad

    def to_asgi_response(self, app: Any, request: HttpRequest, **more: Any) -> ASGIResponse:
        if self._told:
            flash(request, self._told, "bad" if self._bad else "ok")
        return super().to_asgi_response(app, request, **more)


def download(body: bytes, kind: str, name: str) -> Page:
    """A file that the browser keeps under a name."""
    return Response(body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
