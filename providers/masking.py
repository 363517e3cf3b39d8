"""Keeps secrets out of whatever is stored, logged or raised."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from html import escape
from urllib.parse import quote, quote_plus, urlsplit

from providers.adapter import Profile

MASK = "***"
_TEXT_LIMIT = 500
_RAW_LIMIT = 2_000
_LOOKED_AT = 64_000
_SHORTEST_EXTRA = 8


class Mask:
    """Replaces a profile's secrets in texts, also where they come back URL-, JSON- or HTML-encoded."""

    def __init__(self, profile: Profile) -> None:
        spellings = {spelling for secret in _secrets(profile) for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)", re.IGNORECASE)

    def text(self, text: str) -> str:
        """A sentence for the owner: masked, storable, at most 500 characters."""
        return self._clean(text)[:_TEXT_LIMIT]

    def raw(self, body: str) -> str:
        """A reply for the owner: masked, storable, at most 2,000 characters."""
        return self._clean(body)[:_RAW_LIMIT]

    def _clean(self, text: str) -> str:
        storable = text[:_LOOKED_AT].replace("\x00", "").encode("utf-8", "replace").decode()
        return self._pattern.sub(MASK, storable)


def _secrets(profile: Profile) -> Iterator[str]:
    yield profile.key
    yield from (value for value in profile.dialect.extra_params.values() if len(value) >= _SHORTEST_EXTRA)
    for address in (profile.url, profile.proxy or ""):
        yield _password(address)


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""


def _spellings(secret: str) -> Iterable[str]:
    if not secret:
        return ()
    in_json = json.dumps(secret)[1:-1]
    in_urls = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    return in_urls | {secret, escape(secret), in_json, in_json.replace("/", r"\/")}
