"""The one tolerant reader of whatever a panel, or something in front of it, sends back."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum
from html import unescape

from msgspec import Struct

from providers.reading.json_text import Json, cut_out, parse_twice

PAGE = re.compile(r"<html|<!doctype|just a moment|cf-chl|_cf_chl|attention required", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"just a moment|cf-chl|_cf_chl|attention required|sorry, you have been blocked|checking your browser",
    re.IGNORECASE,
)
_TITLE = re.compile(r"<title[^>]*>(.{0,500}?)</title>", re.IGNORECASE | re.DOTALL)
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_LOOKED_AT = 64_000
_BEFORE, _AFTER = 300, 700


class Kind(StrEnum):
    """What the body of a reply turned out to be."""

    JSON = "json"
    TEXT = "text"
    PAGE = "page"
    EMPTY = "empty"
    TRUNCATED = "truncated"


class Reply(Struct, frozen=True, kw_only=True):
    """A reply that has been read but not yet understood."""

    status: int
    kind: Kind
    text: str
    """The body, decoded; not masked."""
    value: Json = None
    """The JSON; for a plain text that text, unless no panel would talk for so long; else None."""
    dirty: bool = False
    """Whether the JSON had to be cut out of warnings."""
    retry_after: float | None = None  # seconds, not money

    @property
    def title(self) -> str:
        """What a page calls itself, for the owner to see."""
        found = _TITLE.search(self.text[:_LOOKED_AT])
        return " ".join(unescape(found[1]).split()) if found else ""

    def around(self, word: str) -> str:
        """The part of the body in which a word stands, to show it by; the beginning where it is not found."""
        at = max(0, self.text.find(word))
        return self.text[max(0, at - _BEFORE) : at + len(word) + _AFTER]

    @property
    def never_reached_the_panel(self) -> bool:
        """Whether something in front of the panel, or a wrong address, answered in its place."""
        if self.kind is not Kind.PAGE:
            return False
        blocked = self.status in (403, 503) and _CHALLENGE.search(self.text[:_LOOKED_AT]) is not None
        return blocked or self.status in (404, 405)


def read_reply(status: int, body: bytes, retry_after: float | None = None) -> Reply:  # seconds, not money
    """Decode, tell pages from JSON and take the JSON out of its wrappings (PROTOCOL.md, "Replies"); never raises."""
    text = _decode(body)
    kind, value, dirty = _recognise(text)
    return Reply(status=status, kind=kind, text=text, value=value, dirty=dirty, retry_after=retry_after)


def _decode(body: bytes) -> str:
    if body.startswith(UTF16_MARKS):
        return body.decode("utf-16", "replace").strip()
    return body.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").strip().lstrip("\ufeff")


def _recognise(text: str) -> tuple[Kind, Json, bool]:
    if not text:
        return Kind.EMPTY, None, False
    try:
        return Kind.JSON, parse_twice(text), False
    except ValueError:
        pass
    if not PAGE.search(text[:_LOOKED_AT]):
        try:
            return Kind.JSON, cut_out(text), True
        except ValueError:
            pass
    return _without_json(text)


def _without_json(text: str) -> tuple[Kind, Json, bool]:
    if text.startswith("<") or (PAGE.search(text[:_LOOKED_AT]) and not text.startswith(("{", "["))):
        return Kind.PAGE, None, False
    if text.startswith(("{", "[", '"')):
        return Kind.TRUNCATED, None, False
    return Kind.TEXT, text if len(text) <= _LOOKED_AT else None, False
