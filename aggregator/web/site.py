"""All pages together, ready to be joined with the API into one application."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, route
from litestar.exceptions import HTTPException

from aggregator.api.asgi import Pages
from aggregator.web import account, console, public
from aggregator.web.assets import FOR_EVER, by_path
from aggregator.web.cookies import Cookies
from aggregator.web.headers import guarded
from aggregator.web.parts import Parts
from aggregator.web.section import Route, Section, answer, refused
from aggregator.web.templating import compile_all, make_templates
from aggregator.web.visit import HttpRequest, Page, Visit

SECTIONS: tuple[Section, ...] = (*account.SECTIONS, *public.SECTIONS, *console.SECTIONS)


def routes() -> list[Route]:
    """Every route of every section."""
    return [each for section in SECTIONS for each in section.routes]


def warm_up() -> None:
    """What the first visitors would wait for, while they hold everybody else up; to be done beside the event loop."""
    by_path()
    compile_all()


def make_pages(parts: Parts) -> Pages:
    """The pages of one panel: handlers, their answer to what does not exist, and the guards around everything."""
    templates = make_templates(parts.settings)
    cookies = Cookies(parts.settings.panel.public_url)

    def visit_of(request: HttpRequest) -> Visit:
        return Visit(request, parts, templates, cookies)

    def handler(one: Route) -> Any:
        @route(one.path, http_method=[one.method], include_in_schema=False)  # type: ignore[list-item]  # "GET" or "POST"
        async def serve(request: HttpRequest) -> Page:
            return await answer(one, visit_of(request), cookies)

        return serve

    def refuse(request: HttpRequest, error: HTTPException) -> Page:
        text = "Perhaps the address was mistyped, or the page has moved."
        return refused(visit_of(request), error.status_code, "There is nothing here", text)

    return Pages(
        handlers=[_static, *map(handler, routes())],
        refuse=refuse,
        guard=lambda application: guarded(application, https=cookies.https),
    )


@get("/static/{name:str}", include_in_schema=False)
async def _static(request: HttpRequest) -> Page:
    asset = by_path().get(request.url.path)
    if asset is None:
        return Response(b"", status_code=404, media_type="text/plain")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.kind, headers=headers | {"content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.kind, headers=headers)
