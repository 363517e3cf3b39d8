"""Fault injection: places where a test makes this process die, stop, fail or dawdle; inert without its variable.

`AGGREGATOR_FAILPOINTS` holds `name:nth:action`, several with commas: at the nth time (counted in this process) that the
point is passed, the action happens, once.

| action | does |
|---|---|
| `kill9` | ends the process as a crash would |
| `term` | asks the process to end, as a deployment does |
| `stop` | freezes the process until somebody sends SIGCONT |
| `raise` | raises what a lost connection raises |
| `sleep(ms)` | waits so many milliseconds |

There are three seams, and a point is named by what passes them:

| point | when |
|---|---|
| `WORK.begin` | before the transaction of a piece of work |
| `WORK.before-commit` | all is written, nothing is committed |
| `WORK.after-commit` | it is committed, nobody knows yet |
| `ACTION.connect` | before a new connection to a provider, for `add`, `status`, `services`, ... |
| `ACTION.headers-sent`, `ACTION.body-sent` | the first, the last byte of the request has left |
| `ACTION.reply-read` | the last byte of the reply is here |
| `LOOP.round`, `LOOP.round-done` | around each round of `dispatch`, `sweep`, `look`, `poll:PROVIDER`, `sync:PROVIDER` |

WORK is `module.function`, without leading underscores, of whoever calls `storage.transaction.write`. The moments that
no failure may turn into a wrong order or a wrong cent:

| moment | point |
|---|---|
| CP1 before the transaction of an order | `accept_store.commit.begin` |
| CP2 wallet debited, not committed | `accept_store.commit.before-commit` |
| CP3 order committed, reseller not answered | `accept_store.commit.after-commit` |
| CP4 placing is committed, nothing is sent | `attempt_writer.begin.after-commit`, `add.connect` |
| CP5 the request has begun to leave | `add.headers-sent` |
| CP6 the request has left | `add.body-sent` |
| CP7 reply read, result not committed | `add.reply-read`, `attempt_writer.accept.before-commit` |
| CP8 result committed | `attempt_writer.accept.after-commit` |
| CP9 statuses read, not applied | `status.reply-read` |
| CP10 between two orders of a batch | `settle.settle.begin`, from the second time on |
| CP11 refund written, not committed | `settle.settle.before-commit` |
| CP12 refund committed, nothing else done | `settle.settle.after-commit` |
| CP17 an owner's decision is written, not committed | `resolve.found.before-commit`, `resolve.absent.before-commit` |
| CP18 asked to end with calls in flight | `add.body-sent` with `term` |
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")
Work = Callable[[], Awaitable[T]]
Trace = Callable[[str, str], Awaitable[None]]
"""Told of each step of a call to a provider: the action, and the step's name."""

VARIABLE = "AGGREGATOR_FAILPOINTS"
_SIGNALS = {"kill9": signal.SIGKILL, "term": signal.SIGTERM, "stop": signal.SIGSTOP}
_POINT = re.compile(r"([\w.:-]+):([1-9]\d{0,8}):(kill9|term|stop|raise|sleep\(\d{1,6}\))")


_FORMERLY = {"attempts": "attempt_writer"}
"""Modules by the names under which scripts may know their points."""


class Injected(ConnectionError):
    """Raised by a failpoint."""


class Point(Struct, frozen=True):
    """One failpoint; `action` is one of the words above."""

    name: str
    nth: int
    action: str


class Failpoints:
    """None set: everything passes as if nobody stood there."""

    trace: Trace | None = None
    """For the transport; None = it need not tell."""

    def job(self, _: str, job: Work[T]) -> Work[T]:
        """A round of a loop, with what happens around it."""
        return job

    async def transaction(self, work: Work[T], run: Callable[[Work[T]], Awaitable[T]]) -> T:
        """A transaction that `run` makes of some work, with what happens around its commit."""
        return await run(work)


class Armed(Failpoints):
    """Some are set."""

    def __init__(self, points: list[Point]) -> None:
        self._points = points
        self._passed: Counter[str] = Counter()
        self.trace = self._step

    def job(self, name: str, job: Work[T]) -> Work[T]:
        async def round_() -> T:
            await self.pass_by(f"{name}.round")
            result = await job()
            await self.pass_by(f"{name}.round-done")
            return result

        return round_

    async def transaction(self, work: Work[T], run: Callable[[Work[T]], Awaitable[T]]) -> T:
        name = name_of(work)

        async def up_to_commit() -> T:
            result = await work()
            await self.pass_by(f"{name}.before-commit")
            return result

        await self.pass_by(f"{name}.begin")
        result = await run(up_to_commit)
        await self.pass_by(f"{name}.after-commit")
        return result

    async def _step(self, action: str, step: str) -> None:
        await self.pass_by(f"{action}.{step}")

    async def pass_by(self, name: str) -> None:
        """Do what is to be done at this point this time."""
        self._passed[name] += 1
        for point in self._points:
            if (point.name, point.nth) == (name, self._passed[name]):
                await _act(point)


async def _act(point: Point) -> None:
    print(f"failpoint {point.name}:{point.nth}:{point.action}", file=sys.stderr, flush=True)  # noqa: T201  # last words
    if point.action in _SIGNALS:
        os.kill(os.getpid(), _SIGNALS[point.action])
    elif point.action == "raise":
        raise Injected(f"failpoint {point.name}")
    else:
        await _sleep(int(point.action[6:-1]) / 1000)


async def _sleep(seconds: float) -> None:
    """A transaction that runs in a thread of its own sleeps there."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        time.sleep(seconds)  # noqa: ASYNC251  # no loop waits for this
    else:
        await asyncio.sleep(seconds)


def name_of(work: Callable[..., Any]) -> str:
    """`module.function` of whoever wrote the work down, without leading underscores."""
    module = work.__module__.rpartition(".")[2]
    function = work.__qualname__.partition(".<locals>")[0].rpartition(".")[2]
    return f"{module}.{function.lstrip('_')}"


def read_failpoints(environment: Mapping[str, str]) -> Failpoints:
    """What the variable asks for, with a warning on stderr; ValueError where it cannot be understood."""
    text = environment.get(VARIABLE, "")
    if not text:
        return Failpoints()
    points = [_read(part.strip()) for part in text.split(",")]
    print(f"warning: {VARIABLE} is set: this process fails on purpose ({text})", file=sys.stderr)  # noqa: T201  # no log yet
    return Armed(points)


def _read(text: str) -> Point:
    match = _POINT.fullmatch(text)
    if match is None:
        raise ValueError(f"{VARIABLE}: {text!r} is not name:nth:action, with kill9, term, stop, raise or sleep(ms)")
    module, _, rest = match[1].partition(".")
    return Point(f"{_FORMERLY.get(module, module)}.{rest}" if rest else module, int(match[2]), match[3])
