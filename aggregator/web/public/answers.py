"""Answers that everybody gets alike, which a browser that has one already need not load again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from litestar import Response

from aggregator.api.bodies import takes_gzip
from aggregator.web.kept import Made, made
from aggregator.web.visit import Page, Visit

MOMENT = "public, max-age=60"
ASK_AGAIN = "no-cache"


async def show(
    visit: Visit, key: str, of: tuple[object, ...], template: str, context: Callable[[], Mapping[str, Any]]
) -> Page:
    """A page; for whoever is not signed in as it was made last from the same things. No key: it is made anew.

    It is written beside the event loop: a page of the price list has hundreds of categories.
    """
    if visit.person or visit.has_news:
        return await visit.render_apart(template, **context())

    def make() -> Made:
        return made(visit.fragment(template, **context()).encode())

    known = visit.parts.kept.find(key, of)
    if known is None:
        fresh = await asyncio.to_thread(make)
        known = visit.parts.kept.get(key, of, lambda: fresh) if key else fresh
    return send(visit, known)


def send(visit: Visit, what: Made, cache: str = ASK_AGAIN) -> Page:
    """The body in the way that suits the browser, or that it has it already."""
    headers = {"cache-control": cache, "etag": what.tag, "vary": "accept-encoding, cookie"}
    asked = visit.request.headers
    if what.tag in asked.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=headers, media_type=what.kind)
    if takes_gzip(asked.get("accept-encoding", "")):
        return Response(what.packed, headers=headers | {"content-encoding": "gzip"}, media_type=what.kind)
    return Response(what.body, headers=headers, media_type=what.kind)
