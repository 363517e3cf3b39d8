"""The hot paths over HTTP, on PostgreSQL with Redis and on the embedded default, each beside a fixed body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import httpx

from tests.bench import calls, transactions
from tests.bench.client import Figure
from tests.bench.rows import Row, load
from tests.bench.seed import Seeded, seed
from tests.bench.stage import Servers, Serving, Site, floor

SERVICES, ORDERS, CALLERS = 5_000, 1_000, 1_000
ADD_BYTES = 16
CROWD = 200
NO_LIMIT_IN_REACH = 100_000
"""Requests a second: every one is counted, none is refused."""
GZIP = "Accept-Encoding: gzip"
GOALS = {"redis": (0.70, 0.40, 0.35), "embedded": (0.80, 0.60, 0.38)}
"""Of one balance or status, of a hundred statuses, of an add."""


class Panel(NamedTuple):
    """A panel to be loaded."""

    name: str
    served: Serving
    seeded: Seeded


@contextmanager
def rows(folder: Path, servers: Servers) -> Iterator[list[Row]]:
    """Everything stands while the block runs."""
    with ExitStack() as stack:
        wide, small = servers.database(), f"sqlite:///{folder}/panel.sqlite"
        seeded = {name: asyncio.run(seed(name, services=SERVICES, orders=ORDERS)) for name in (wide, small)}

        def serve(name: str, database: str, cache: str, *, limit: int = 0) -> Serving:
            served = Site(folder / name, database, cache, limit=limit).serve()
            stack.callback(served.stop)
            return served

        redis = Panel("redis", serve("redis", wide, servers.redis.url), seeded[wide])
        second = serve("second", wide, servers.redis.url)
        limited = serve("limited", wide, servers.redis.url, limit=NO_LIMIT_IN_REACH)
        counted = Panel("counted", *_counted(folder, serve))
        embedded = Panel("embedded", serve("embedded", small, "memory://"), seeded[small])
        for panel in (redis, embedded):
            _warm(panel)
        sizes = {_size(redis, requests[0]) for requests in _reads(redis.seeded)} | {ADD_BYTES}
        fixed = floor(folder, sorted(sizes))
        stack.callback(fixed.stop)
        bare = stack.enter_context(transactions.bare(servers.database()))
        yield [
            *_paths(redis, fixed),
            *_paths(embedded, fixed),
            *_services(redis, fixed),
            *_more(redis, second, limited),
            *_wallets(redis),
            *_wallets(embedded),
            *_alone(redis, bare),
            _callers(counted, fixed),
        ]


def _reads(seeded: Seeded) -> list[list[str]]:
    return [calls.balance(seeded), calls.status(seeded), calls.statuses(seeded)]


def _paths(panel: Panel, fixed: Serving) -> Iterator[Row]:
    one, hundred, add = GOALS[panel.name]
    names = (("balance", one), ("status of one", one), ("status of 100", hundred))
    for (name, goal), requests in zip(names, _reads(panel.seeded), strict=True):
        size = _size(panel, requests[0])
        yield Row(
            name=f"{name}, {panel.name}",
            goal=goal,
            subject=load(panel.served, requests),
            floor=load(fixed, calls.fixed(size)),
        )
    adds = calls.adds(panel.seeded.keys, panel.seeded.service)
    beside = load(fixed, calls.fixed(ADD_BYTES))
    yield Row(name=f"add, {panel.name}, durable", goal=add, subject=load(panel.served, adds), floor=beside)
    yield Row(
        name=f"add, {panel.name}, {CROWD} clients",
        goal=add,
        floor=load(fixed, calls.fixed(ADD_BYTES)),
        subject=load(panel.served, adds, connections=CROWD),
    )


def _services(panel: Panel, fixed: Serving) -> Iterator[Row]:
    beside = load(fixed, calls.fixed(_size(panel, calls.balance(panel.seeded)[0])))
    subject = load(panel.served, calls.services(panel.seeded, GZIP))
    yield Row(name=f"services of {SERVICES:,}, gzip", goal=0.75, subject=subject, floor=beside)
    plain = load(panel.served, calls.services(panel.seeded))
    yield Row(name=f"services of {SERVICES:,}, plain", goal=0.15, subject=plain, floor=beside)


def _more(panel: Panel, second: Serving, limited: Serving) -> Iterator[Row]:
    status = calls.status(panel.seeded)
    yield Row(
        name="status with an exact limit, redis",
        goal=0.70,
        subject=load(limited, status),
        floor=load(panel.served, status),
    )
    one, other = load(panel.served, status), load(second, status)
    yield Row(name="status, two web processes against one", goal=1.5, subject=partial(_both, one, other), floor=one)


def _counted(folder: Path, serve: Callable[..., Serving]) -> tuple[Serving, Seeded]:
    """A panel that counts the calls of a thousand keys in its own memory."""
    database = f"sqlite:///{folder}/counted.sqlite"
    seeded = asyncio.run(seed(database, services=1, orders=1, resellers=CALLERS))
    return serve("counted", database, "memory://", limit=NO_LIMIT_IN_REACH), seeded


def _callers(panel: Panel, fixed: Serving) -> Row:
    requests = [request for key in panel.seeded.keys for request in calls.balance(Seeded([key], []))]
    return Row(
        name=f"balance of {CALLERS:,} keys with a limit, embedded",
        goal=0.75,
        subject=load(panel.served, requests),
        floor=load(fixed, calls.fixed(_size(panel, requests[0]))),
    )


def _wallets(panel: Panel) -> Iterator[Row]:
    many, hot = (calls.adds(keys, panel.seeded.service) for keys in (panel.seeded.keys, panel.seeded.keys[:1]))
    yield Row(
        name=f"add, one hot wallet, {panel.name}",
        goal=0.8,
        subject=load(panel.served, hot),
        floor=load(panel.served, many),
    )


def _alone(panel: Panel, bare: transactions.Bare) -> Iterator[Row]:
    alone = load(panel.served, calls.adds(panel.seeded.keys, panel.seeded.service), connections=1)
    for by, goal in (("p50", 2), ("p99", 3)):
        name = f"add, one connection, {by} against SQL"
        yield Row(name=name, goal=goal, by=by, subject=alone, floor=bare.measure)


def _both(one: object, other: object) -> Figure:
    """Two loads at once, added up."""
    figures: list[Figure] = []
    threads = [Thread(target=lambda run=run: figures.append(run())) for run in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = figures
    return Figure(
        rate=first.rate + second.rate,
        p50=max(first.p50, second.p50),
        p99=max(first.p99, second.p99),
        failed=first.failed + second.failed,
    )


def _warm(panel: Panel) -> None:
    """Every status is asked for once: what is measured is the cache."""
    for request in calls.statuses(panel.seeded):
        _size(panel, request)


def _size(panel: Panel, request: str) -> int:
    url = f"http://127.0.0.1:{panel.served.port}/api/v2"
    body = request.partition("\r\n\r\n")[2]
    headers = {"Content-Type": "application/json"}
    reply = httpx.post(url, content=body, headers=headers, trust_env=False, timeout=60)
    return len(reply.raise_for_status().content)
