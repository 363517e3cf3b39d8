"""How a handler answers: with a page, a redirect with a flash message, or a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from litestar import MediaType, Response
from litestar.plugins.flash import flash
from litestar.response import Redirect, Stream, Template
from litestar.response.base import ASGIResponse

from aggregator.web.sessions import HttpRequest
from aggregator.web.templating import render

Page: TypeAlias = Response[Any]


def page(template: str, *, status: int = 200, **context: Any) -> Template:
    """The template with what it shows; or a piece of a page, for the script to put in."""
    return Template(template, status_code=status, context=context)


async def page_apart(request: HttpRequest, template: str, **context: Any) -> Page:
    """The same, written beside the event loop: for what is long. A `Template` is written on it."""
    written = await asyncio.to_thread(render, request, template, **context)
    return Response(written, status_code=200, media_type=MediaType.HTML)  # of a deed Litestar would say 201


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


def stream(pieces: AsyncIterator[bytes], kind: str, name: str) -> Page:
    """A file that the browser keeps under a name, of a length that nobody knows yet, read while it is sent."""
    headers = {"cache-control": "no-store", "content-disposition": f'attachment; filename="{name}"'}
    return Stream(pieces, status_code=200, media_type=kind, headers=headers)
