"""Writes a call as an HTTP request, in the encoding that the panel reads."""

from __future__ import annotations

import json

import httpx

from providers.adapter import Profile

_NUMBERS = frozenset(
    ("service", "quantity", "order", "refill", "runs", "interval", "min", "max", "posts", "old_posts", "delay")
)
"""What a panel that reads JSON expects as numbers; everything else goes as text."""
_LONGEST_NUMBER = 15


def build_request(client: httpx.AsyncClient, profile: Profile, action: str, params: dict[str, str]) -> httpx.Request:
    """A POST with everything in the body; only body_format "query" puts the key into the URL.

    Raises whatever httpx says of a URL that cannot be used; nothing has been sent then.
    """
    dialect = profile.dialect
    fields = {**dialect.extra_params, **params, dialect.key_param: profile.key, "action": action}
    headers = _headers(profile)
    match dialect.body_format:
        case "json":
            headers["Content-Type"] = "application/json"
            content = json.dumps({name: _json_value(name, text) for name, text in fields.items()}).encode()
            return client.build_request("POST", profile.url, content=content, headers=headers)
        case "multipart":
            parts = {name: (None, text.encode()) for name, text in fields.items()}
            return client.build_request("POST", profile.url, files=parts, headers=headers)
        case "query":
            url = httpx.URL(profile.url).copy_merge_params(fields)
            return client.build_request("POST", url, headers=headers)
        case _:
            return client.build_request("POST", profile.url, data=fields, headers=headers)


def _headers(profile: Profile) -> dict[str, str]:
    """Web application firewalls turn the names of HTTP libraries away; a compressed reply could hide its size."""
    return {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": profile.user_agent}


def _json_value(name: str, text: str) -> str | int:
    plain = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER and str(int(text)) == text
    return int(text) if name in _NUMBERS and plain else text
