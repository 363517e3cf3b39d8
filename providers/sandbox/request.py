"""Reads the parameters of a request, written as JSON, form, multipart or query (PROTOCOL.md, "Transport")."""

from __future__ import annotations

import re
from decimal import Decimal
from email.parser import BytesParser
from email.policy import HTTP
from typing import TypeAlias
from urllib.parse import parse_qsl

from msgspec import Struct

from providers.sandbox import refusals
from providers.sandbox.catalogue import read_json

Values: TypeAlias = dict[str, str | list[str]]


class Params(Struct, frozen=True):
    """The parameters of one call; an empty one counts as absent."""

    values: Values

    def text(self, name: str) -> str:
        """One parameter as trimmed text, empty when absent."""
        value = self.values.get(name, "")
        return (value if isinstance(value, str) else ",".join(value)).strip()

    def ids(self, name: str) -> list[str]:
        """A comma list or an array as ids, each once, in the order given."""
        return list(dict.fromkeys(part for part in map(str.strip, self.text(name).split(",")) if part))

    def lines(self, name: str) -> list[str]:
        """A parameter of several lines, blank ones left out."""
        value = self.values.get(name, "")
        text = value if isinstance(value, str) else "\n".join(value)
        return [line for line in map(str.strip, re.split(r"[\r\n]+", text)) if line]

    def others(self, *known: str) -> Values:
        """All parameters but these."""
        return {name: value for name, value in self.values.items() if name not in known}


def read_params(query: bytes, content_type: str, body: bytes) -> Params:
    """Merge query and body, the body winning; raises `Refusal` for JSON that is broken or no object."""
    return Params(_read_form(query) | _read_body(content_type.lower(), content_type, body))


def _read_body(kind: str, content_type: str, body: bytes) -> Values:
    body = body.removeprefix(b"\xef\xbb\xbf").strip()
    if not body:
        return {}
    if kind.startswith("multipart/form-data"):
        return _read_multipart(content_type, body)
    if "json" in kind or body.startswith(b"{"):
        return _read_object(body)
    return _read_form(body)


def _read_form(text: bytes) -> Values:
    values: Values = {}
    for name, value in parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"):
        if name.endswith("[]"):
            gathered = values.setdefault(name[:-2], [])
            values[name[:-2]] = [*(gathered if isinstance(gathered, list) else [gathered]), value]
        else:
            values[name] = value
    return values


def _read_multipart(content_type: str, body: bytes) -> Values:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    values: Values = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            values[name] = payload.decode("utf-8", "replace")
    return values


def _read_object(body: bytes) -> Values:
    try:
        content = read_json(body)
    except (ValueError, RecursionError) as fault:
        raise refusals.bad_request() from fault
    if not isinstance(content, dict):
        raise refusals.bad_request()
    return {str(name): _flatten(value) for name, value in content.items() if value is not None}


def _flatten(value: object) -> str | list[str]:
    if isinstance(value, list):
        return [part if isinstance(part, str) else _print(part) for part in value]
    return value if isinstance(value, str) else _print(value)


def _print(value: object) -> str:
    return str(value) if isinstance(value, int | Decimal) else ""
