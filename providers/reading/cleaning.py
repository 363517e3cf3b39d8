"""Cleans the names and descriptions of other people's catalogues; what a reseller will read."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

from providers.reading.json_text import Json, Number

_BREAKING_TAG = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_RULE = re.compile(r"[=~+|<>^`$]|[\u2500-\u25ff]")
_LEAST_LETTERS = 2
_LEAST_RUN = 4


def clean_line(value: Json, limit: int) -> str:
    """One line of plain text; empty for what is no text."""
    return " ".join(_plain(value).split())[:limit].strip()


def clean_text(value: Json, limit: int) -> str:
    """Plain text that keeps its line breaks, without blank lines at its ends."""
    lines = [" ".join(line.split()) for line in _plain(value).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()[:limit]


def is_separator(name: str) -> bool:
    """Whether a name only decorates a list, like "----- VIP -----" (PROTOCOL.md, "Catalogue")."""
    tight = "".join(name.split())
    if sum(char.isalnum() for char in tight) < _LEAST_LETTERS or name.casefold().startswith("read before order"):
        return True
    return all(map(_is_mark, tight[:_LEAST_RUN] + tight[-_LEAST_RUN:]))


def _is_mark(char: str) -> bool:
    return unicodedata.category(char).startswith("P") or _RULE.fullmatch(char) is not None


def _plain(value: Json) -> str:
    if not isinstance(value, str) or isinstance(value, Number):
        return value if isinstance(value, Number) else ""
    text = _BREAKING_TAG.sub("\n", unescape(value).replace("\r\n", "\n").replace("\r", "\n"))
    shown = _UNSEEN.sub("", unicodedata.normalize("NFC", _TAG.sub(" ", text)))
    return _CONTROL.sub(" ", shown)
