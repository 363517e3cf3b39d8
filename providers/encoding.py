"""Writes a call as an HTTP request: with an action, in the encoding that the panel reads, or along a path."""

from __future__ import annotations

import json

import httpx
from msgspec import Struct

from providers.adapter import Profile

_NUMBERS = frozenset(
    ("service", "quantity", "order", "refill", "runs", "interval", "min", "max", "posts", "old_posts", "delay")
)
"""What a panel that reads JSON expects as numbers; everything else goes as text."""
_LONGEST_NUMBER = 15


class Route(Struct, frozen=True, kw_only=True):
    """Where a call goes at an API that has paths and verbs in place of actions.

    Neither key nor action are added: such an API has its own place for the key, usually a header.
    """

    method: str = "GET"
    path: str = ""
    """Below the configured URL; ids in it are quoted by whoever makes it."""
    headers: dict[str, str] = {}
    """Besides the usual ones. Never logged."""


def build_request(
    client: httpx.AsyncClient, profile: Profile, action: str, params: dict[str, str], route: Route | None = None
) -> httpx.Request:
    """A request with all parameters in its body, or in its URL where it has none.

    Raises whatever httpx says of a URL that cannot be used; nothing has been sent then.
    """
    dialect = profile.dialect
    if route is not None:
        fields = {**dialect.extra_params, **params}
        url = httpx.URL(profile.url.rstrip("/") + route.path)
        return _build(client, profile, Route(method=route.method, headers=route.headers), url, fields)
    fields = {**dialect.extra_params, **params, dialect.key_param: profile.key, "action": action}
    return _build(client, profile, Route(method=dialect.method), httpx.URL(profile.url), fields)


def _build(
    client: httpx.AsyncClient, profile: Profile, route: Route, url: httpx.URL, fields: dict[str, str]
) -> httpx.Request:
    headers = {**_headers(profile), **route.headers}
    if route.method == "GET" or profile.dialect.body_format == "query":
        return client.build_request(route.method, url.copy_merge_params(fields), headers=headers)
    match profile.dialect.body_format:
        case "json":
            headers["Content-Type"] = "application/json"
            content = json.dumps({name: _json_value(name, text) for name, text in fields.items()}).encode()
            return client.build_request(route.method, url, content=content, headers=headers)
        case "multipart":
            parts = {name: (None, text.encode()) for name, text in fields.items()}
            return client.build_request(route.method, url, files=parts, headers=headers)
        case _:
            return client.build_request(route.method, url, data=fields, headers=headers)


def _headers(profile: Profile) -> dict[str, str]:
    """Web application firewalls turn the names of HTTP libraries away; a compressed reply could hide its size."""
    return {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": profile.user_agent}


def _json_value(name: str, text: str) -> str | int:
    plain = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and str(int(text)) == text
    return int(text) if name in _NUMBERS and plain else text
