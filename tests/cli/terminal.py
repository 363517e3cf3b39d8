"""A command at a real terminal: what it shows, and what is typed there."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PATIENCE_SECONDS = 30


class Shown(NamedTuple):
    """How a command ended (None: it did not), and what stood on the terminal."""

    code: int | None
    text: str


def at_terminal(*words: object, config: Path, typed: Mapping[str, str]) -> Shown:
    """Run `aggregator WORDS` at a terminal; type each answer as soon as its question is shown."""
    child, terminal = pty.fork()
    if child == 0:
        command = [sys.executable, "-m", "aggregator", *map(str, words), "--config", str(config)]
        os.execve(sys.executable, command, {**os.environ, "SANDBOX_KEY": "sandbox"})  # noqa: S606  # at the terminal
    shown = ""
    for question, answer in typed.items():
        while question not in shown and (more := _read(terminal)):
            shown += more
        _wait_until_it_listens(child)
        os.write(terminal, answer.encode())
    while more := _read(terminal):
        shown += more
    os.close(terminal)  # whoever still waits there gets a hang-up
    _, status = os.waitpid(child, 0)
    code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else None
    return Shown(code, shown.replace("\r\n", "\n"))


def _read(terminal: int) -> str:
    """What it shows next; nothing where it has ended, or stands still."""
    if not select.select([terminal], [], [], PATIENCE_SECONDS)[0]:
        return ""
    try:
        return os.read(terminal, 65_536).decode("utf-8", "replace")
    except OSError:  # Linux says so where the other side is gone
        return ""


def _wait_until_it_listens(child: int) -> None:
    """Until it sleeps over its input: Ctrl-C in the instant before would only be heard with the next line."""
    state = Path(f"/proc/{child}/stat")
    until = time.monotonic() + PATIENCE_SECONDS
    while state.exists() and state.read_text().rpartition(")")[2].split()[0] == "R" and time.monotonic() < until:
        time.sleep(0.01)
