"""All pages together, ready to be joined with the API into one application."""

from __future__ import annotations

from litestar import Response, Router, get
from litestar.exceptions import HTTPException
from litestar.middleware import DefineMiddleware

from aggregator.api.asgi import Pages
from aggregator.web import account, console, public
from aggregator.web.assets import FOR_EVER, by_path
from aggregator.web.cookies import Cookies
from aggregator.web.dependencies import of_panel
from aggregator.web.guards import form_check
from aggregator.web.headers import guarded
from aggregator.web.leaving import leaving
from aggregator.web.parts import Parts
from aggregator.web.refusals import HANDLERS, refused
from aggregator.web.responses import Page
from aggregator.web.sessions import Authentication, HttpRequest, SessionConfig
from aggregator.web.templating import compile_all, make_templates

PAGES = (*account.PAGES, public.PAGES, console.PAGES)


def warm_up() -> None:
    """The cold start of pages: what the first visitors would wait for; to be done beside the event loop."""
    by_path()
    compile_all()


def make_router(parts: Parts, cookies: Cookies) -> Router:
    """Every page of one panel, and what each request passes on its way to its handler."""
    return Router(
        "/",
        route_handlers=PAGES,
        middleware=[leaving, SessionConfig(cookies).middleware, DefineMiddleware(Authentication, ready=parts.ready)],
        before_request=form_check(cookies, parts.sizes),
        dependencies=of_panel(parts),
        exception_handlers=HANDLERS,
        include_in_schema=False,
        request_max_body_size=None,  # form_check has a limit for each who may send one
    )


def make_pages(parts: Parts) -> Pages:
    """The pages of one panel: handlers, their answer to what does not exist, and the guards around everything."""
    cookies = Cookies(parts.settings.panel.public_url)
    return Pages(
        handlers=[static, make_router(parts, cookies)],
        templates=make_templates(parts.settings),
        refuse=refuse,
        guard=lambda application: guarded(application, https=cookies.https),
    )


def refuse(request: HttpRequest, error: HTTPException) -> Page:
    text = "Perhaps the address was mistyped, or the page has moved."
    return refused(request, error.status_code, "There is nothing here", text)


@get("/static/{name:str}", include_in_schema=False)
async def static(request: HttpRequest) -> Page:
    """From memory and compressed once: Litestar's static files are read from a disk, as they are."""
    asset = by_path().get(request.scope["path"])
    if asset is None:
        return Response(b"", status_code=404, media_type="text/plain")
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"} | ({"content-encoding": "gzip"} if packed else {})
    return Response(asset.packed if packed else asset.body, media_type=asset.kind, headers=headers)
