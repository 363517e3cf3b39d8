"""A panel whose replies fill whatever memory they are given; run as a program, the customer who asks it everything."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress

from providers.errors import Garbled
from tests.providers.panel_server import adapter_for

MIB = 2**20
_PIECE = 65_536


def stated() -> Iterator[bytes]:
    """It says that a hundred mebibytes come."""
    yield b"Content-Length: %d\r\n\r\n" % (100 * MIB)
    yield from [b"x" * _PIECE] * (100 * MIB // _PIECE)


def _chunked(*beginning: bytes, then: bytes, size: int, headers: bytes = b"") -> Iterator[bytes]:
    """It says nothing of how much will come."""
    yield headers + b"Transfer-Encoding: chunked\r\n\r\n"
    piece = then * (_PIECE // len(then))
    for one in [b"".join(beginning), *[piece] * (size // len(piece))]:
        yield b"%x\r\n%s\r\n" % (len(one), one) if one else b""
    yield b"0\r\n\r\n"


def bomb() -> Iterator[bytes]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(packer.compress(b"[" * MIB) for _ in range(100)) + packer.flush()
    yield from _chunked(packed, then=b"\0", size=0, headers=b"Content-Encoding: gzip\r\n")


_ROW = json.dumps({"service": 1, "name": "Likes " * 9, "category": "Photo", "rate": "0.9", "min": 50, "max": 9000})
FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "stated": stated,
    "garbage": lambda: _chunked(then=b"x", size=100 * MIB),
    "rows": lambda: _chunked(b"[", then=_ROW.encode() + b",", size=100 * MIB),
    "rows-without-end": lambda: _chunked(b"[", then=_ROW.encode() + b",", size=4 * MIB),
    "lists": lambda: _chunked(b'{"data":[', then=b"[],", size=31 * MIB),
    "a-text": lambda: _chunked(b'["', then=b"x", size=31 * MIB),
    "depth": lambda: _chunked(then=b"[", size=31 * MIB),
    "numbers": lambda: _chunked(b"[", then=b"1,", size=MIB // 2 - _PIECE),
    "objects": lambda: _chunked(b"{", then=b'"":{},', size=MIB // 2 - _PIECE),
    "wide": lambda: _chunked("\U0001f525".encode(), then=b"x", size=MIB // 2 - _PIECE),
    "bomb": bomb,
    "drip": lambda: iter([b"Content-Length: 99999\r\n\r\n", *[b"["] * 99_999]),
}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        head = await reader.readuntil(b"\r\n\r\n")
        # Whoever closes on a request that was not read to its end takes the reply back with it.
        await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]))
        name = head.split(b" ")[1].decode().strip("/")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for piece in FLOODS[name]():
            writer.write(piece)
            await writer.drain()
            if name == "drip":
                await asyncio.sleep(0.01)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def flooding() -> AsyncIterator[str]:
    """Its address; after it comes the name of a flood."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def _peak() -> int:
    """KiB that this process has ever held at once."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "darwin" else 1)


async def _ask(url: str) -> dict[str, int]:
    """KiB by which each flood raised the peak; what the first call of all takes is not the flood's."""
    grown: dict[str, int] = {}
    for name in ["stated", *FLOODS]:
        seconds = 0.5 if name == "drip" else 60
        async with adapter_for(url + name, timeout_seconds=seconds, services_timeout_seconds=seconds) as adapter:
            for call in (adapter.services, adapter.balance):
                before = _peak()
                try:
                    await call()
                except Garbled:
                    grown[f"{name}, {call.__name__}"] = _peak() - before
    return grown


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_ask(sys.argv[1]))))  # noqa: T201  # a program
