"""Receives the body of a reply without ever holding more of it than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from tempfile import SpooledTemporaryFile
from typing import IO

from providers.wire.http import httpx

HELD = 2**19
"""Bytes of a body that are held in memory; what is longer waits in a temporary file."""
_PIECE = 65_536
_ANY_ZLIB = 47
"""zlib's sign for: gzip or zlib, whichever it is."""
_SHORTEST_HEADER = 2


class Unreadable(Exception):
    """A reply whose body we refuse to take in."""


async def read_body(response: httpx.Response, limit: int, *, unpack: bool) -> tuple[IO[bytes], int]:
    """The body, to be read from its beginning, and its size: at most `limit` bytes, else `Unreadable`.

    We ask for no compression. Servers that compress all the same are understood for reads, within the same limit.
    """
    encoding = header(response, "content-encoding").strip().lower()
    packed = encoding not in ("", "identity")
    if packed and not (unpack and encoding in ("gzip", "deflate", "x-gzip")):
        raise Unreadable(f"compressed with {encoding[:40]}, although we asked for identity")
    stated = header(response, "content-length")
    if stated.isdecimal() and int(stated[:18]) > limit:
        raise Unreadable(f"more than {limit} bytes")
    body = _Body(limit, packed=packed)
    try:
        async for chunk in response.aiter_raw():
            body.take(chunk)
        return body.ended()
    except BaseException:
        body.kept.close()
        raise


class _Body:
    """What has come so far, unpacked piece by piece, so that a flood is known for one before it is kept."""

    def __init__(self, limit: int, *, packed: bool) -> None:
        self.kept: IO[bytes] = SpooledTemporaryFile(max_size=HELD)  # noqa: SIM115  # whoever reads it closes it
        self._limit = limit
        self._inflater = zlib.decompressobj(_ANY_ZLIB) if packed else None
        self._head = b""
        self._said = "bytes once unpacked" if packed else "bytes"

    def take(self, chunk: bytes) -> None:
        for piece in self._unpacked(chunk):
            if self.kept.tell() + len(piece) > self._limit:
                raise Unreadable(f"more than {self._limit} {self._said}")
            self.kept.write(piece)

    def ended(self) -> tuple[IO[bytes], int]:
        self.kept.write(self._head or (self._inflater.flush() if self._inflater else b""))
        size = self.kept.tell()
        self.kept.seek(0)
        return self.kept, size

    def _unpacked(self, chunk: bytes) -> Iterator[bytes]:
        if self._inflater is None:
            yield chunk
            return
        chunk, self._head = self._head + chunk, b""
        if len(chunk) < _SHORTEST_HEADER:
            self._head = chunk
            return
        try:
            while chunk:
                yield self._inflater.decompress(chunk, _PIECE)
                chunk = self._inflater.unconsumed_tail
        except zlib.error as error:
            if self.kept.tell():
                raise Unreadable(f"badly compressed: {error}") from None
            self._inflater = None  # a header may claim a compression that is none
            yield chunk


def header(response: httpx.Response, name: str) -> str:
    """What a header says: where several servers on the way wrote one each, the first; empty where there is none."""
    return next(iter(response.headers.get_list(name)), "")


def read_retry_after(response: httpx.Response) -> float | None:  # seconds, not money
    """Seconds from now, given as such or as a date; None when absent or unreadable."""
    text = header(response, "retry-after").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])  # seconds, not money
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
