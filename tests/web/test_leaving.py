"""What a page works out ends when its visitor leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
from litestar import Request

from aggregator.web.leaving import Left, while_here


def request(*messages: str) -> tuple[Request[Any, Any, Any], asyncio.Event]:
    """A request of which the server says these, one after the other; the last once the event is set."""
    goes = asyncio.Event()

    async def told() -> AsyncIterator[dict[str, Any]]:
        for message in messages[:-1]:
            yield {"type": message, "body": b"", "more_body": False}
        await goes.wait()
        yield {"type": messages[-1]}

    coming = told()

    async def receive() -> Any:
        return await anext(coming)

    scope: Any = {"type": "http", "headers": []}
    return Request(scope, receive), goes


async def test_a_visitor_who_leaves_ends_the_work() -> None:
    asked, goes = request("http.request", "http.disconnect")
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    page = asyncio.create_task(while_here(asked, work()))
    await asyncio.sleep(0.01)
    assert not page.done()
    goes.set()
    with pytest.raises(Left):
        await page
    await ended.wait()


async def test_a_visitor_who_stays_gets_the_page_or_its_fault() -> None:
    async def work(*, fails: bool) -> int:
        if fails:
            raise LookupError
        return 7

    assert await while_here(request("http.request", "http.disconnect")[0], work(fails=False)) == 7
    with pytest.raises(LookupError):
        await while_here(request("http.request", "http.disconnect")[0], work(fails=True))


async def test_a_page_that_is_cancelled_takes_its_work_along() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    page = asyncio.create_task(while_here(request("http.request", "http.disconnect")[0], work()))
    await asyncio.sleep(0.01)
    page.cancel()
    with suppress(asyncio.CancelledError):
        await page
    await ended.wait()
