"""Our commands as real processes: run to their end, or kept running until they are killed or asked to end."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from aggregator.cli import main

T = TypeVar("T")
PATIENCE = 60
"""Seconds until a test gives up on what should come; a busy machine is slow, not wrong."""

# Loading our modules takes longer than most commands: each process is forked from one that has done only that.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["aggregator.cli", __name__])


def wait_until(look: Callable[[], T], is_so: Callable[[T], object] = bool) -> T:
    """Look again and again until what is seen is so; without a second question, until it is true."""
    deadline = time.monotonic() + PATIENCE
    while not is_so(seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {PATIENCE} s"
        time.sleep(0.05)
    return seen


class Answer(NamedTuple):
    """How a command with --json ended, and what it printed."""

    code: int
    document: Any


def run(*command: object) -> Answer:
    """Run one command with --json to its end."""
    with TemporaryDirectory() as folder:
        printed, said = Path(folder, "stdout"), Path(folder, "stderr")
        child = _start([*map(str, command), "--json"], printed, said)
        child.join(PATIENCE)
        code = child.exitcode
        child.kill()
        assert code is not None, f"{command} did not end in {PATIENCE} s"
        assert printed.read_text(), f"{command} ended with {code} and printed nothing:\n{said.read_text()}"
        return Answer(code, json.loads(printed.read_text()))


class Process:
    """A command that keeps running; what it says is kept in a file."""

    def __init__(self, log: Path, *command: str) -> None:
        self._log = log
        self._running = _start(command, log, log)

    @property
    def said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    @property
    def runs(self) -> bool:
        return self._running.is_alive()

    def wait_for(self, pattern: str) -> str:
        """Wait until it says this; what the pattern's group caught."""

        def look() -> re.Match[str] | None:
            runs = self.runs
            found = re.search(pattern, self.said)
            assert found or runs, f"it ended without saying {pattern}:\n{self.said}"
            return found

        found = wait_until(look)
        assert found
        return found.group(1)

    def kill(self) -> None:
        """End it as a crash would: nothing is finished, nothing is said."""
        self._running.kill()
        self._running.join()

    def wait(self) -> int:
        """Let it come to its end; its exit code."""
        self._running.join(PATIENCE)
        code = self._running.exitcode
        self.kill()
        assert code is not None, f"it did not end in {PATIENCE} s:\n{self.said}"
        return code

    def terminate(self) -> int:
        """Ask it to end, as a deployment does; its exit code."""
        self._running.terminate()
        return self.wait()


def _start(arguments: Sequence[str], printed: Path, said: Path) -> ForkServerProcess:
    child = _FORKS.Process(target=_run, args=(arguments, printed, said), daemon=True)
    child.start()
    return child


def _run(arguments: Sequence[str], printed: Path, said: Path) -> None:
    for number, path in ((1, printed), (2, said)):
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND), number)
    for name in [name for name in os.environ if name.startswith("AGGREGATOR_")]:
        del os.environ[name]  # they would point our commands at another configuration
    sys.argv = ["aggregator", *arguments]
    main()
