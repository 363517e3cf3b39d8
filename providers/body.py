"""Receives the body of a reply without ever holding more of it than allowed."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

_PIECE = 65_536
_ANY_ZLIB = 47
"""zlib's sign for: gzip or zlib, whichever it is."""


class Unreadable(Exception):
    """A reply whose body we refuse to take in."""


async def read_body(response: httpx.Response, limit: int, *, unpack: bool) -> bytes:
    """The body, at most `limit` bytes of it, else `Unreadable`.

    We ask for no compression. Servers that compress all the same are understood for reads, within the same limit.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    packed = encoding not in ("", "identity")
    if packed and not (unpack and encoding in ("gzip", "deflate", "x-gzip")):
        raise Unreadable(f"compressed with {encoding[:40]}, although we asked for identity")
    stated = response.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:18]) > limit:
        raise Unreadable(f"more than {limit} bytes")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > limit:
            raise Unreadable(f"more than {limit} bytes")
    return _unpacked(bytes(body), limit) if packed else bytes(body)


def _unpacked(body: bytes, limit: int) -> bytes:
    """A header may claim a compression that is none: then the bytes are what they are."""
    try:
        if _unpacked_size(body, limit) > limit:
            raise Unreadable(f"more than {limit} bytes once unpacked")
        return zlib.decompressobj(_ANY_ZLIB).decompress(body)
    except zlib.error:
        return body


def _unpacked_size(body: bytes, limit: int) -> int:
    """Counted piece by piece, so that a flood is known for one before any of it is kept."""
    size, inflater = 0, zlib.decompressobj(_ANY_ZLIB)
    while body and size <= limit:
        size += len(inflater.decompress(body, _PIECE))
        body = inflater.unconsumed_tail
    return size


def read_retry_after(header: str | None) -> float | None:  # seconds, not money
    """Seconds from now, given as such or as a date; None when absent or unreadable."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])  # seconds, not money
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
