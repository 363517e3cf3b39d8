"""The web application: the API under every path that clients use, the pages, and what monitoring asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import msgspec
import structlog
from litestar import Litestar, Response, get
from litestar.exceptions import HTTPException, NotFoundException
from litestar.template import TemplateConfig
from msgspec import Struct
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from aggregator.api.v2 import PATHS, Api, make_route

log = structlog.get_logger(__name__)

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Readiness(Struct, frozen=True):
    """Whether requests can be answered, and how each part is."""

    ready: bool
    parts: dict[str, str]


class Pages(Struct, frozen=True):
    """What people see in a browser, to be joined with the API."""

    handlers: list[Any]
    templates: TemplateConfig[Any]
    refuse: Callable[[Any, HTTPException], Response[Any]]
    """The page that stands where there is none."""
    guard: Callable[[Asgi], Asgi]
    """Puts on every answer what browsers must be told."""


def make_asgi(
    api: Api | None,
    *,
    readiness: Callable[[], Awaitable[Readiness]],
    metrics: Callable[[], Awaitable[bytes]],
    pages: Pages | None = None,
    trusted_proxies: Sequence[str] = (),
) -> Asgi:
    """The web application of a process; a worker, which has neither API nor pages, answers only monitoring.

    Behind a trusted proxy a client is whom the last trusted hop names; anybody else's word for it counts nothing.
    """

    @get("/healthz", include_in_schema=False)
    async def healthz() -> Response[bytes]:
        return _json(200, b'{"status":"ok"}')

    @get("/readyz", include_in_schema=False)
    async def readyz() -> Response[bytes]:
        told = await readiness()
        return _json(200 if told.ready else 503, msgspec.json.encode(told.parts))

    @get("/metrics", include_in_schema=False)
    async def counted() -> Response[bytes]:
        return Response(await metrics(), media_type="text/plain; version=0.0.4")

    def refuse(request: Any, error: HTTPException) -> Response[Any]:
        reads = "text/html" in request.headers.get("accept", "") and not request.scope["path"].startswith("/api/v")
        return pages.refuse(request, error) if pages and reads else _refuse_http(error)

    handlers = [healthz, readyz, counted, *([make_route(api)] if api else []), *(pages.handlers if pages else [])]
    application = Litestar(
        handlers,
        openapi_config=None,
        logging_config=None,
        template_config=pages.templates if pages else None,
        exception_handlers={HTTPException: refuse},
    )
    tidied = end_in_words(tidy_paths(application))  # type: ignore[arg-type]  # litestar's own names for the same types
    guarded = _apart(tidied, pages.guard(tidied)) if pages else tidied
    if not trusted_proxies:
        return guarded
    return ProxyHeadersMiddleware(guarded, list(trusted_proxies))  # type: ignore[arg-type,return-value]  # as above


def _apart(programs: Asgi, browsers: Asgi) -> Asgi:
    """What is told to browsers alone is not told to the programs that call the API."""

    async def either(scope: Scope, receive: Any, send: Any) -> None:
        await (programs if scope.get("path") in PATHS else browsers)(scope, receive, send)

    return either


def end_in_words(application: Asgi) -> Asgi:
    """A request that is cut off, when the process must end, is told so; a traceback would look like a fault."""

    async def ended(scope: Scope, receive: Any, send: Any) -> None:
        begun = False

        async def told(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await application(scope, receive, told)
        except asyncio.CancelledError:
            log.warning("request.cut_off", path=scope.get("path"))
            if not begun:
                # Nothing more: of a status, panels that chain here would take an error text for the order's end.
                headers = [(b"retry-after", b"5"), (b"content-length", b"0"), (b"connection", b"close")]
                await send({"type": "http.response.start", "status": 503, "headers": headers})
                await send({"type": "http.response.body", "body": b""})

    return ended


def tidy_paths(application: Asgi) -> Asgi:
    """Serve `/API/v2/`, `//api/v2` and the like as they are meant: a redirect would lose the body of a POST."""

    async def tidied(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] not in PATHS:
            parts = [part for part in scope["path"].split("/") if part]
            if parts and parts[0].lower() == "api":
                scope["path"] = "/" + "/".join(parts).lower()
                scope["raw_path"] = scope["path"].encode()
        await application(scope, receive, send)

    return tidied


def _json(code: int, body: bytes) -> Response[bytes]:
    return Response(body, status_code=code, media_type="application/json", headers={"Cache-Control": "no-store"})


def _refuse_http(error: HTTPException) -> Response[bytes]:
    text = b"Not found" if isinstance(error, NotFoundException) else b"This method is not allowed here"
    if error.status_code not in (404, 405):
        text = b"Incorrect request"
    answer = _json(error.status_code, b'{"error":"%s"}' % text)
    answer.headers.update(error.headers or {})
    return answer
