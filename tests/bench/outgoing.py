"""Calls to providers: how many at once are really under way, and what one that never answers costs the others."""

from __future__ import annotations

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import uvloop

from providers.adapter import Adapter
from providers.errors import ProviderError
from providers.vocabulary import ServiceType, Submission
from tests.bench.client import Figure
from tests.bench.rows import Row
from tests.bench.stage import Serving
from tests.bench.upstream import ANSWER_SECONDS
from tests.providers.panel_server import adapter_for

PROVIDERS, AT_ONCE = 8, 8
"""Calls in flight are the product."""
HUNG = 200
SECONDS = 3
_FREE = 1_000_000.0  # calls a second

Call = Callable[[Adapter], Awaitable[object]]


@contextmanager
def rows(folder: Path) -> Iterator[list[Row]]:
    """The floor is what calls that take no computing would come to."""
    logging.getLogger("providers").setLevel(logging.CRITICAL)
    served = Serving(folder, ["tests.bench.upstream"], r"upstream on (\d+)")
    url = f"http://127.0.0.1:{served.port}"
    calls: dict[str, Call] = {"status": _ask, "add": _add}
    try:
        yield [
            *(
                Row(
                    name=f"outgoing {name}, {PROVIDERS * AT_ONCE} calls in flight",
                    goal=0.7,
                    floor=_limit,
                    subject=partial(_measure, url, call, PROVIDERS),
                )
                for name, call in calls.items()
            ),
            *(
                Row(
                    name=f"outgoing {name}, p99 beside a provider that hangs",
                    goal=1.2,
                    by="p99",
                    floor=partial(_measure, url, call, 1),
                    subject=partial(_measure, url, call, 1, hung=True),
                )
                for name, call in calls.items()
            ),
        ]
    finally:
        served.stop()


def _limit() -> Figure:
    return Figure(rate=PROVIDERS * AT_ONCE / ANSWER_SECONDS, p50=0, p99=0, failed=0)  # calls a second


def _measure(url: str, call: Call, providers: int, *, hung: bool = False) -> Figure:
    return uvloop.run(_busy(url, call, providers, hung=hung))


async def _busy(url: str, call: Call, providers: int, *, hung: bool) -> Figure:
    """Every provider has as many calls under way as it takes, for some seconds."""
    took: list[float] = []  # seconds
    async with AsyncExitStack() as stack:
        adapters = [await stack.enter_async_context(_adapter(url)) for _ in range(providers)]
        waiting = []
        if hung:
            stuck = await stack.enter_async_context(_adapter(f"{url}/hangs"))
            waiting = [asyncio.create_task(_silently(call, stuck)) for _ in range(HUNG)]
            await asyncio.sleep(0.2)
        gc.collect()
        gc.freeze()  # as `serve` does, against pauses of the collector
        until = time.perf_counter() + SECONDS
        await asyncio.gather(*(_keep_calling(call, one, until, took) for one in adapters for _ in range(AT_ONCE)))
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    took.sort()
    p50, p99 = (1000 * took[int(share * (len(took) - 1))] for share in (0.5, 0.99))  # ms
    return Figure(rate=len(took) / SECONDS, p50=p50, p99=p99, failed=0)


def _adapter(url: str) -> AbstractAsyncContextManager[Adapter]:
    return adapter_for(
        url,
        parallel=AT_ONCE,
        requests_per_second=_FREE,
        burst=1_000_000,
        timeout_seconds=60.0,
        add_timeout_seconds=60.0,
    )


async def _keep_calling(call: Call, adapter: Adapter, until: float, took: list[float]) -> None:  # seconds
    await call(adapter)  # the first one makes the connection
    while (begun := time.perf_counter()) < until:
        await call(adapter)
        took.append(time.perf_counter() - begun)


async def _silently(call: Call, adapter: Adapter) -> None:
    with suppress(ProviderError):
        await call(adapter)


async def _ask(adapter: Adapter) -> object:
    return await adapter.statuses(["1"])


async def _add(adapter: Adapter) -> object:
    order = Submission(service="1", type=ServiceType.DEFAULT, link="https://x.example/u", quantity=100)
    return await adapter.add(order)
