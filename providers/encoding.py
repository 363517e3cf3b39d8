"""Writes a call as an HTTP request: with an action, in the encoding that the panel reads, or along a path."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from providers.adapter import Profile
from providers.errors import Code, Refused
from providers.http import httpx

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


def build_request(profile: Profile, action: str, params: dict[str, str], route: Route | None = None) -> httpx.Request:
    """A request with all parameters in its body, or in its URL where it has none.

    Raises `httpx.InvalidURL` for a URL that cannot be used, and `Refused` with TOO_LARGE for one that grows too long.
    """
    fields = _fields(profile, action, params, route)
    path, verb = (route.path, route.method) if route is not None else ("", profile.dialect.method)
    url = _address(profile.url.rstrip("/") + path if route is not None else profile.url)
    headers = {**_headers(profile), **(route.headers if route is not None else {})}
    if _has_no_body(profile, verb):
        return _ask(verb, _with_query(url, fields), headers)
    match profile.dialect.body_format:
        case "json":
            written = {name: _json_value(name, text) for name, text in fields.items()}
            body = json.dumps(written, ensure_ascii=False).encode("utf-8", "replace")
            return _ask(verb, url, {**headers, "Content-Type": "application/json"}, content=body)
        case "multipart":
            return _in_parts(verb, url, headers, fields)
        case _:
            return _form(profile, verb, url, headers, fields)


def size_of(profile: Profile, params: dict[str, str]) -> int:
    """Bytes of an `add` with these parameters, as it would be sent: of its body, or of its URL where it has none."""
    if _has_no_body(profile, profile.dialect.method):
        return len(profile.url) + len(urlencode(_fields(profile, "add", params)))
    return len(build_request(profile, "add", params).content)


def _fields(profile: Profile, action: str, params: dict[str, str], route: Route | None = None) -> dict[str, str]:
    dialect = profile.dialect
    own = {} if route is not None else {dialect.key_param: profile.key, "action": action}
    return {**dialect.extra_params, **params, **own}


def _has_no_body(profile: Profile, method: str) -> bool:
    return method == "GET" or profile.dialect.body_format == "query"


@lru_cache(maxsize=1024)
def _address(url: str) -> httpx.URL:
    return httpx.URL(url)


def _with_query(url: httpx.URL, fields: dict[str, str]) -> httpx.URL:
    try:
        return url.copy_merge_params(fields)
    except httpx.InvalidURL as error:  # the rest of it was read before
        raise Refused("no server takes so long an address; nothing was sent", code=Code.TOO_LARGE) from error


def _ask(method: str, url: httpx.URL, headers: dict[str, str], **content: Any) -> httpx.Request:
    return httpx.Request(method, url, headers=httpx.Headers(headers, encoding="utf-8"), **content)


def _form(
    profile: Profile, method: str, url: httpx.URL, headers: dict[str, str], fields: dict[str, str]
) -> httpx.Request:
    """A form; what is large goes in parts where the panel takes them and that is shorter."""
    form = _ask(method, url, {**headers, "Content-Type": _FORM}, content=urlencode(fields).encode())
    if len(form.content) <= LARGE_BYTES or profile.dialect.large_texts != "multipart":
        return form
    parts = _in_parts(method, url, headers, fields)
    return parts if len(parts.content) < len(form.content) else form


def _in_parts(method: str, url: httpx.URL, headers: dict[str, str], fields: dict[str, str]) -> httpx.Request:
    parts = [(name, (None, text, "text/plain; charset=utf-8")) for name, text in fields.items()]
    request = _ask(method, url, headers, files=parts)
    request.read()
    return request


def _headers(profile: Profile) -> dict[str, str]:
    """Web application firewalls turn the names of HTTP libraries away; a compressed reply could hide its size."""
    return {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": profile.user_agent}


def _json_value(name: str, text: str) -> str | int:
    plain = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and str(int(text)) == text
    return int(text) if name in _NUMBERS and plain else text
