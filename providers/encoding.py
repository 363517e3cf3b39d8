"""Writes a call as an HTTP request: with an action, in the encoding that the panel reads, or along a path."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from aiohttp import MultipartWriter
from msgspec import Struct
from yarl import URL

from providers.adapter import Profile

_FORM = "application/x-www-form-urlencoded"
_NUMBERS = frozenset(
    ("service", "quantity", "order", "refill", "runs", "interval", "min", "max", "posts", "old_posts", "delay")
)
"""What a panel that reads JSON expects as numbers; everything else goes as text."""
_LONGEST_NUMBER = 15
LARGE_BYTES = 16 * 1024
"""A form beyond this is large: percent signs make three bytes of each one that is not English."""


class Route(Struct, frozen=True, kw_only=True):
    """Where a call goes at an API that has paths and verbs in place of actions.

    Neither key nor action are added: such an API has its own place for the key, usually a header.
    """

    method: str = "GET"
    path: str = ""
    """Below the configured URL; ids in it are quoted by whoever makes it."""
    headers: dict[str, str] = {}
    """Besides the usual ones. Never logged."""


class Request(Struct, frozen=True, kw_only=True):
    """A call as it goes out."""

    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | MultipartWriter | None = None


def build_request(profile: Profile, action: str, params: dict[str, str], route: Route | None = None) -> Request:
    """A request with all parameters in its body, or in its URL where it has none.

    Raises ValueError for a URL that cannot be used.
    """
    dialect = profile.dialect
    if route is not None:
        fields = {**dialect.extra_params, **params}
        url = URL(profile.url.rstrip("/") + route.path)
        return _build(profile, Route(method=route.method, headers=route.headers), url, fields)
    fields = {**dialect.extra_params, **params, dialect.key_param: profile.key, "action": action}
    return _build(profile, Route(method=dialect.method), URL(profile.url), fields)


def _build(profile: Profile, route: Route, url: URL, fields: dict[str, str]) -> Request:
    headers = {**_headers(profile), **route.headers}
    if route.method == "GET" or profile.dialect.body_format == "query":
        return Request(method=route.method, url=url.update_query(fields), headers=headers)
    body: bytes | MultipartWriter
    match profile.dialect.body_format:
        case "json":
            headers["Content-Type"] = "application/json"
            written = {name: _json_value(name, text) for name, text in fields.items()}
            body = json.dumps(written, ensure_ascii=False).encode("utf-8", "replace")
        case "multipart":
            body = _parts(fields)
            headers["Content-Type"] = body.content_type
        case _:
            body = _form(profile, fields)
            headers["Content-Type"] = _FORM if isinstance(body, bytes) else body.content_type
    return Request(method=route.method, url=url, headers=headers, body=body)


def size_of(profile: Profile, params: dict[str, str]) -> int:
    """Bytes of the body of an `add` with these parameters, as it would be sent."""
    request = build_request(profile, "add", params)
    if request.body is None:
        return len(str(request.url))
    return len(request.body) if isinstance(request.body, bytes) else request.body.size or 0


def _form(profile: Profile, fields: dict[str, str]) -> bytes | MultipartWriter:
    """A form; what is large goes in parts where the panel takes them and that is shorter."""
    form = urlencode(fields).encode()
    if len(form) <= LARGE_BYTES or profile.dialect.large_texts != "multipart":
        return form
    parts = _parts(fields)
    return parts if (parts.size or len(form)) < len(form) else form


def _parts(fields: dict[str, str]) -> MultipartWriter:
    writer = MultipartWriter("form-data")
    for name, text in fields.items():
        writer.append(text).set_content_disposition("form-data", name=name)
    return writer


def _headers(profile: Profile) -> dict[str, str]:
    """Web application firewalls turn the names of HTTP libraries away; a compressed reply could hide its size."""
    return {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": profile.user_agent}


def _json_value(name: str, text: str) -> str | int:
    plain = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and str(int(text)) == text
    return int(text) if name in _NUMBERS and plain else text
