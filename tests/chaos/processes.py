"""Our commands as processes that die, freeze and come back, from this source or from a broken copy of it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from aggregator.failpoints import VARIABLE

ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds for a start, or for a command, on a busy machine."""


class Ended(Exception):
    """The process ended where it should have come up; the text is what it said."""


class Stalled(Exception):
    """A run cannot come to its end; the text says in what it hangs, and how those are that it waits for."""

    def __init__(self, what: str, *awaited: object) -> None:
        super().__init__("\n".join(map(str, [what, *awaited])))


class Answer(NamedTuple):
    """How a command with --json ended, and what it printed."""

    code: int
    document: Any


class Forked:
    """One process; `code` is known when it has ended."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.pid: asyncio.Future[int] = loop.create_future()
        self.code: asyncio.Future[int] = loop.create_future()


def run_to_the_end(work: Coroutine[Any, Any, bool]) -> int:
    """Run it; the exit code, 0 where it was good. Asked to end, it ends what it started first.

    What cannot come to its end fails, and says why.
    """

    async def run() -> bool:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await task

    try:
        return 0 if asyncio.run(run()) else 1
    except asyncio.CancelledError:
        return 130
    except (Stalled, Ended) as error:
        sys.stderr.write(f"stalled: {error}\n")
        return 1


class Source:
    """A source folder, loaded once, from which processes are forked."""

    def __init__(self, root: Path, folder: Path) -> None:
        self._root = root
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None
        self._gone: asyncio.Task[int] | None = None
        self._forked: dict[int, Forked] = {}
        self._ids = count(1)

    async def open(self) -> None:
        """Load it; what goes wrong is in the file `fork_server.log`."""
        with (self._folder / "fork_server.log").open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                str(Path(__file__).with_name("fork_server.py")),
                cwd=self._root,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._listening = asyncio.create_task(self._listen())
        self._gone = asyncio.create_task(self._process.wait())

    async def close(self) -> None:
        """End it, and all that was forked from it."""
        if self._process is not None and self._gone is not None and self._listening is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await asyncio.gather(self._gone, self._listening, return_exceptions=True)

    async def fork(self, argv: list[str], *, out: Path, err: Path, env: dict[str, str] | None = None) -> Forked:
        """Begin `aggregator ARGV`; what it says is added to the files. Raises `Ended` where the source cannot load."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._gone is not None
        forked, number = Forked(), next(self._ids)
        self._forked[number] = forked
        request = {"id": number, "argv": argv, "env": env or {}, "out": str(out), "err": str(err)}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        await asyncio.wait([forked.pid, self._gone], return_when="FIRST_COMPLETED")
        if not forked.pid.done():
            raise Ended((self._folder / "fork_server.log").read_text())
        return forked

    async def run(self, *words: object) -> Answer:
        """Run one command with --json to its end."""
        number = next(self._ids)
        printed, said = (self._folder / f"command-{number}.{name}" for name in ("out", "err"))
        forked = await self.fork([*map(str, words), "--json"], out=printed, err=said)
        async with asyncio.timeout(PATIENCE):
            code = await asyncio.shield(forked.code)
        text = printed.read_text()
        if not text:
            raise Ended(f"{words} ended with {code} and printed nothing:\n{said.read_text()}")
        printed.unlink()
        said.unlink()
        return Answer(code, json.loads(text))

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                told = json.loads(line)
                forked = self._forked[told["id"]]
                if "pid" in told:
                    forked.pid.set_result(told["pid"])
                else:
                    forked.code.set_result(told["code"])
        finally:
            # They end with the process that forked them; nobody may wait for them any more.
            for forked in self._forked.values():
                if not forked.code.done():
                    forked.code.set_result(-signal.SIGKILL)


class Child:
    """A command that keeps running; `start` it again after it has ended."""

    def __init__(self, source: Source, log: Path, *command: str) -> None:
        self._source = source
        self._log = log
        self._command = command
        self._forked: Forked | None = None

    @property
    def name(self) -> str:
        return self._log.stem

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        return self._forked.pid.result() if self._forked is not None and self.runs else None

    @property
    def runs(self) -> bool:
        return self._forked is not None and not self._forked.code.done()

    @property
    def said(self) -> str:
        """Since it was first started."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    async def start(self, pattern: str, failpoints: str = "") -> str:
        """Start it and wait until it says this; what the group of the pattern caught. Raises `Ended`."""
        before = len(self.said)
        env = {VARIABLE: failpoints} if failpoints else {}
        self._forked = await self._source.fork(list(self._command), out=self._log, err=self._log, env=env)
        async with asyncio.timeout(PATIENCE):
            while (found := re.search(pattern, self.said[before:])) is None:
                if not self.runs:
                    raise Ended(self.said[before:])
                await asyncio.sleep(0.03)
        return found.group(1)

    async def ended(self) -> int:
        """Wait for its end; the exit code, below zero for a signal."""
        return await asyncio.shield(self._forked.code) if self._forked is not None else 0

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def kill(self) -> None:
        """End it as a crash would."""
        self.tell(signal.SIGKILL)
        await self.ended()

    async def terminate(self) -> int:
        """Ask it to end, as a deployment does; its exit code."""
        self.tell(signal.SIGCONT)
        self.tell(signal.SIGTERM)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.ended()
        finally:
            await self.kill()
