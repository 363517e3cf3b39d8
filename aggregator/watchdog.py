"""Tells when the event loop stood still, and what held it: then nobody is answered, and no signal is heard."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import structlog

log = structlog.get_logger(__name__)

STALL_SECONDS = 0.2
_LOOK_SECONDS = 0.05
_HOME = str(Path(__file__).parent.parent)
"""Where our own code is: what it called counts less than where it did."""


class Watchdog:
    """Watches the loop that starts it, from a thread of its own."""

    def __init__(self, told: Callable[[float], None]) -> None:
        """`told` hears of each stall, in seconds, on the loop."""
        self._told = told
        self._beat_at = time.monotonic()
        self._held_by: str | None = None
        self._ended = threading.Event()
        self._watched = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """From the loop itself."""
        self._watched = threading.get_ident()
        self._beat_at = time.monotonic()
        self._beat()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()
        if self._timer is not None:
            self._timer.cancel()

    def _beat(self) -> None:
        now = time.monotonic()
        late, held_by = now - self._beat_at - _LOOK_SECONDS, self._held_by
        self._beat_at, self._held_by = now, None
        if late > STALL_SECONDS:
            log.warning("loop.stood_still", ms=round(late * 1000), held_by=held_by or "the interpreter, or the machine")
            self._told(late)
        self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._beat)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            if time.monotonic() - self._beat_at > STALL_SECONDS and self._held_by is None:
                frame = sys._current_frames().get(self._watched)  # noqa: SLF001  # the one way to look at a thread
                self._held_by = where(frame) if frame is not None else None


def where(frame: FrameType) -> str:
    """The innermost calls of our own code in a stack, the last first."""
    stack = traceback.extract_stack(frame)
    ours = [one for one in stack if one.filename.startswith(_HOME) and "site-packages" not in one.filename]
    return " < ".join(f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in reversed((ours or stack)[-4:]))
