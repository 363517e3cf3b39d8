"""The corpus of odd values as requests: each in every encoding that can say it, and what the panel must make of it.

`corpus.json` holds groups of values for one field: `texts` are sent in each encoding (a pair is a text and how often
it is repeated), `literals` are values that only JSON can write. `must` is what has to come of every one of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from msgspec import Struct

GROUPS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("corpus.json").read_text())
KEY = "KEY"
"""Stands for the reseller's own key."""
ADD = {"service": "1", "link": "https://x.example/u", "quantity": "1000"}
AT = "http://panel/api/v2"
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_BOUNDARY = "corpus-3f9a"
_MULTIPART = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Case(Struct, frozen=True, kw_only=True):
    """One value of one field."""

    about: str
    must: str
    action: str
    field: str
    fields: dict[str, str]
    """All others."""
    text: str | None = None
    literal: str | None = None
    """As JSON writes it, where no other encoding can."""
    headers: list[tuple[str, str]] = []
    """Besides those that the encoding has."""

    def requests(self, key: str) -> Iterator[tuple[str, httpx.Request]]:
        """The name of each encoding that can say it, and the request."""
        for way, request in self._plain(key):
            request.headers = httpx.Headers([*request.headers.multi_items(), *self.headers])
            yield way, request

    def _plain(self, key: str) -> Iterator[tuple[str, httpx.Request]]:
        fields = {"key": key, "action": self.action, **self.fields}
        fields.pop(self.field, None)
        if self.literal is not None:
            yield "literal", _json(fields, self.field, self.literal.replace(KEY, key))
            return
        text = (self.text or "").replace(KEY, key)
        yield "json", _json(fields, self.field, json.dumps(text))
        if _NUMBER.fullmatch(text):
            yield "number", _json(fields, self.field, text)
        fields[self.field] = text
        yield "form", httpx.Request("POST", AT, content=urlencode(fields).encode(), headers=_FORM)
        yield "multipart", httpx.Request("POST", AT, content=_multipart(fields), headers=_MULTIPART)
        yield "query", httpx.Request("GET", f"{AT}?{urlencode(fields)}")


def cases() -> Iterator[Case]:
    for group in GROUPS:
        action = group.get("of", "add")
        common = {
            "about": group["about"],
            "must": group["must"],
            "action": action,
            "field": group["field"],
            "fields": {**(ADD if action == "add" else {}), **group.get("with", {})},
            "headers": group.get("headers", []),
        }
        for text in group["texts"]:
            yield Case(**common, text=text if isinstance(text, str) else text[0] * text[1])
        for literal in group.get("literals", ()):
            yield Case(**common, literal=literal)


def _json(fields: Mapping[str, str], field: str, literal: str) -> httpx.Request:
    members = [*(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in fields.items()), f'"{field}": {literal}']
    return httpx.Request("POST", AT, content=("{" + ", ".join(members) + "}").encode())


def _multipart(fields: Mapping[str, str]) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()
