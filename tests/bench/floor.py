"""The floor: a Litestar handler that answers a fixed body, run by the same server as the panel.

`python -m tests.bench.floor SIZE...` answers `/SIZE` with so many bytes, and says on which port.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from litestar import Litestar, Response, post

from aggregator.serving import listen, make_server


def _handler(size: int) -> object:
    fixed = b'"' + b"x" * (size - 2) + b'"'

    @post(f"/{size}", status_code=200, include_in_schema=False)
    async def answer(body: bytes) -> Response[bytes]:  # reading it is part of the floor
        return Response(fixed, media_type="application/json")

    return answer


async def serve(sizes: list[int]) -> None:
    listener = listen("127.0.0.1", 0)
    application = Litestar([_handler(size) for size in sizes], openapi_config=None, logging_config=None)  # type: ignore[misc]  # handlers of one kind
    sys.stderr.write(f"floor on {listener.getsockname()[1]}\n")
    sys.stderr.flush()
    await make_server(application).serve(sockets=[listener])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve([int(size) for size in sys.argv[1:]]))
