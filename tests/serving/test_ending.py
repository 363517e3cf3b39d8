"""A server that must end cuts off what takes too long, in words."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from aggregator.api.asgi import end_in_words
from aggregator.serving import address, listen, make_server


async def endless(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.sleep(3600)


async def test_a_page_that_is_cut_off_at_the_end_is_told_and_leaves_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server, door = make_server(end_in_words(endless)), listen("127.0.0.1", 0)
    server.config.timeout_graceful_shutdown = 1
    with capture_logs() as told:
        serving = asyncio.create_task(server.serve(sockets=[door]))
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            asking = asyncio.create_task(client.get(f"{address('127.0.0.1', door)}/console"))
            await asyncio.sleep(0.5)
            server.should_exit = True
            reply = await asking
        await serving
    assert (reply.status_code, reply.content, "retry-after" in reply.headers) == (503, b"", True)
    assert [line["event"] for line in told] == ["request.cut_off"]
    assert "Traceback" not in caplog.text


def test_an_address_is_written_as_in_a_url() -> None:
    with listen("127.0.0.1", 0) as door:
        assert address("127.0.0.1", door) == f"http://127.0.0.1:{door.getsockname()[1]}"
        assert address("::1", door) == f"http://[::1]:{door.getsockname()[1]}"


def test_an_empty_host_is_refused() -> None:
    with pytest.raises(OSError, match="names no host"):
        listen("", 0)
