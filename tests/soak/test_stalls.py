"""What is read out of a panel's log."""

from __future__ import annotations

import asyncio
import io
import time

from aggregator import logs
from aggregator.watchdog import Watchdog
from tests.conftest import write_plain_logs
from tests.soak.stalls import Held, Stall, by_place, stalls, tracebacks

LOG = """\
2026-01-01T00:00:00Z warning loop.stood_still ms=735 held_by='shelf.py:47 build < prices.py:3 reload'
2026-01-01T00:00:01Z warning redis.unavailable error=ConnectionError
2026-01-01T00:00:02Z warning loop.stood_still ms=210 held_by='the interpreter, or the machine'
2026-01-01T00:00:03Z warning loop.stood_still ms=900 held_by='shelf.py:52 build < prices.py:3 reload'
"""


def test_stalls_are_read_with_what_held_the_loop() -> None:
    assert stalls(LOG)[:2] == [
        Stall(735, "shelf.py:47 build < prices.py:3 reload"),
        Stall(210, "the interpreter, or the machine"),
    ]


def test_lines_of_one_function_count_together() -> None:
    """With the path that took longest."""
    assert by_place(stalls(LOG)) == [
        Held("shelf.py build", "shelf.py:52 build < prices.py:3 reload", 2, 900),
        Held("the interpreter, or the machine", "the interpreter, or the machine", 1, 210),
    ]


def test_what_the_watchdog_really_writes_is_read() -> None:
    """In the form that the program logs in."""
    said, told = io.StringIO(), list[float]()
    logs.set_up(said)

    async def stand_still() -> None:
        watchdog = Watchdog(told.append)
        watchdog.start()
        await asyncio.sleep(0)
        time.sleep(1)  # noqa: ASYNC251  # that is what it is about
        await asyncio.sleep(0.1)
        watchdog.stop()

    try:
        asyncio.run(stand_still())
    finally:
        write_plain_logs()
    found = stalls(said.getvalue())[0]
    assert abs(found.ms - told[0] * 1000) <= 1
    assert "test_stalls.py" in found.held_by


def test_a_traceback_is_found_in_both_ways_that_a_log_has_it() -> None:
    plain = "Traceback (most recent call last):\n  File x"
    folded = "2026-01-01T00:00:00Z error page.failed exception='Traceback ...'"
    assert len(tracebacks(f"{LOG}{plain}\n{folded}\n")) == 2
    assert tracebacks(LOG) == []
