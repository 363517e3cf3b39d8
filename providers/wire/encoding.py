"""Writes a call as an HTTP request: with an action, in the encoding that the panel reads, or along a path."""

from __future__ import annotations

import json
from functools import lru_cache
from urllib.parse import urlencode

from msgspec import Struct

from providers.adapter import Profile
from providers.errors import Code, Refused
from providers.wire.http import httpx

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
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


def build_request(profile: Profile, action: str, params: dict[str, str], route: Route | None = None) -> httpx.Request:
    """A request with all parameters in its body, or in its URL where it has none.

    Raises `httpx.InvalidURL` for a URL that cannot be used, and `Refused` with TOO_LARGE for one that grows too long.
    """
    fields = _fields(profile, action, params, route)
    if route is None:
        route, url = Route(method=profile.dialect.method), _address(profile.url)
    else:
        url = httpx.URL(profile.url.rstrip("/") + route.path)
    if _has_no_body(profile, route.method):
        return _request(profile, route, _with_query(url, fields))
    return _request(profile, route, url, *_content(profile, fields))


def size_of(profile: Profile, params: dict[str, str]) -> int:
    """Bytes of an `add` with these parameters, as it would be sent: of its body, or of its URL where it has none."""
    fields = _fields(profile, "add", params)
    if _has_no_body(profile, profile.dialect.method):
        return len(profile.url) + len(urlencode(fields))
    return len(_content(profile, fields)[1])


def _content(profile: Profile, fields: dict[str, str]) -> tuple[str, bytes]:
    """What stands in the body, and its type."""
    match profile.dialect.body_format:
        case "json":
            written = {name: _json_value(name, text) for name, text in fields.items()}
            return _JSON, json.dumps(written, ensure_ascii=False).encode("utf-8", "replace")
        case "multipart":
            return _parts(fields)
        case _:
            return _form(profile, fields)


def _fields(profile: Profile, action: str, params: dict[str, str], route: Route | None = None) -> dict[str, str]:
    dialect = profile.dialect
    own = {} if route is not None else {dialect.key_param: profile.key, "action": action}
    return {**dialect.extra_params, **params, **own}


def _has_no_body(profile: Profile, method: str) -> bool:
    return method == "GET" or profile.dialect.body_format == "query"


_address = lru_cache(httpx.URL)
"""Reading one takes as long as all the rest of a request."""


def _with_query(url: httpx.URL, fields: dict[str, str]) -> httpx.URL:
    try:
        return url.copy_merge_params(fields)
    except httpx.InvalidURL as error:  # the rest of it was read before
        raise Refused("no server takes so long an address; nothing was sent", code=Code.TOO_LARGE) from error


def _form(profile: Profile, fields: dict[str, str]) -> tuple[str, bytes]:
    """A form; what is large goes in parts where the panel takes them and that is shorter."""
    form = urlencode(fields).encode()
    if len(form) <= LARGE_BYTES or profile.dialect.large_texts != "multipart":
        return _FORM, form
    kind, parts = _parts(fields)
    return (kind, parts) if len(parts) < len(form) else (_FORM, form)


def _parts(fields: dict[str, str]) -> tuple[str, bytes]:
    parts = [(name, (None, text, "text/plain; charset=utf-8")) for name, text in fields.items()]
    written = httpx.Request("POST", "", files=parts)
    return written.headers["content-type"], written.read()


def _request(profile: Profile, route: Route, url: httpx.URL, kind: str = "", body: bytes = b"") -> httpx.Request:
    """With no header but these: a body as a stream adds none, and makes a request in an eighth of the time."""
    request = httpx.Request(
        route.method, url, headers=_usual_headers(profile.user_agent), stream=httpx.ByteStream(body)
    )
    request.read()
    request.headers.encoding = "utf-8"
    for name, text in route.headers.items():
        request.headers[name] = text
    if kind:
        request.headers["Content-Type"] = kind
    return request


@lru_cache
def _usual_headers(user_agent: str) -> httpx.Headers:
    """Web application firewalls turn the names of HTTP libraries away; a compressed reply could hide its size."""
    usual = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": user_agent}
    return httpx.Headers(usual, encoding="utf-8")


def _json_value(name: str, text: str) -> str | int:
    plain = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and str(int(text)) == text
    return int(text) if name in _NUMBERS and plain else text
