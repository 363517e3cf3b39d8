"""Answers that everybody gets alike, which a browser that has one already need not load again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response

from aggregator.api.bodies import takes_gzip
from aggregator.web.page_cache import CachedPage, PageCache, made
from aggregator.web.responses import Page, page_apart
from aggregator.web.sessions import HttpRequest
from aggregator.web.templating import render

MOMENT = "public, max-age=60"
ASK_AGAIN = "no-cache"


async def show(
    request: HttpRequest,
    kept: PageCache,
    key: str,
    of: tuple[object, ...],
    template: str,
    context: Callable[[], Mapping[str, Any]],
) -> Page:
    """A page; for whoever is not signed in as it was made last from the same things. No key: it is made anew.

    It is written beside the event loop: a page of the price list has hundreds of categories.
    """
    if request.user or "_messages" in request.session:
        return await page_apart(request, template, **context())

    def make() -> CachedPage:
        return made(render(request, template, **context()).encode())

    known = kept.find(key, of)
    if known is None:
        fresh = await asyncio.to_thread(make)
        known = kept.get(key, of, lambda: fresh) if key else fresh
    return send(request, known)


def send(request: HttpRequest, what: CachedPage, cache: str = ASK_AGAIN) -> Page:
    """The body in the way that suits the browser, or that it has it already."""
    headers = {"cache-control": cache, "etag": what.tag, "vary": "accept-encoding, cookie"}
    asked = request.headers
    if what.tag in asked.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=what.kind)
    packed = takes_gzip(asked.get("accept-encoding", ""))
    headers |= {"content-encoding": "gzip"} if packed else {}
    return Response(what.packed if packed else what.body, headers=headers, media_type=what.kind)
