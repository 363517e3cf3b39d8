"""What the sandbox sends back: a reply, or one of the two ways of not sending any."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from msgspec import Struct

from providers.sandbox.catalogue import write_json


class Silence(Enum):
    """No reply at all."""

    HOLD = auto()
    """The connection stays open until the client leaves."""
    HANG_UP = auto()
    """The connection is closed at once."""


class Reply(Struct, frozen=True):
    """An HTTP reply with its whole body."""

    code: int
    body: bytes
    content_type: str = "application/json"


def in_json(content: Any, code: int = 200) -> Reply:
    """A JSON document; `Decimal`s become numbers, digit for digit."""
    return Reply(code, write_json(content))


def page(title: str, code: int) -> Reply:
    """A page of HTML, as a web server in front of a broken panel sends it."""
    body = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(code, body.encode(), "text/html; charset=utf-8")
