"""Failpoints happen at the moment that was asked for, once, and without them nothing is touched."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import pytest

from aggregator.failpoints import VARIABLE, Armed, Failpoints, Injected, name_of, read_failpoints


async def _work() -> str:
    return "done"


async def _run(work: Any) -> Any:
    return await work()


def test_without_the_variable_nothing_stands_in_the_way() -> None:
    """Loops run their own jobs, and the transport has nobody to tell."""
    none = read_failpoints({})
    assert type(none) is Failpoints
    assert none.job("dispatch", _work) is _work
    assert none.trace is None


def test_whoever_sets_it_is_warned(capsys: pytest.CaptureFixture[str]) -> None:
    """A production start with failpoints says so."""
    assert isinstance(read_failpoints({VARIABLE: "add.connect:1:raise"}), Armed)
    assert "fails on purpose" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["add.connect", "add.connect:0:raise", "add.connect:1:explode", "a:1:sleep", ","])
def test_what_cannot_be_understood_is_refused(text: str) -> None:
    """A mistyped failpoint would prove nothing."""
    with pytest.raises(ValueError, match=VARIABLE):
        read_failpoints({VARIABLE: text})


async def test_a_transaction_fails_before_its_commit_the_second_time_only() -> None:
    """The count is by point, and each happens once."""
    points = read_failpoints({VARIABLE: "test_failpoints.work.before-commit:2:raise"})
    assert await points.transaction(_work, _run) == "done"
    with pytest.raises(Injected):
        await points.transaction(_work, _run)
    assert await points.transaction(_work, _run) == "done"


async def test_after_the_commit_the_work_is_done_though_it_fails() -> None:
    """As with a connection that is lost after COMMIT was sent."""
    done = []

    async def run(work: Any) -> Any:
        done.append(await work())

    points = read_failpoints({VARIABLE: "test_failpoints.work.after-commit:1:raise"})
    with pytest.raises(Injected):
        await points.transaction(_work, run)
    assert done == ["done"]


async def test_a_call_to_a_provider_fails_at_the_step_that_was_named() -> None:
    """Other actions and other steps pass."""
    points = read_failpoints({VARIABLE: "add.body-sent:1:raise"})
    assert points.trace is not None
    await points.trace("status", "body-sent")
    await points.trace("add", "headers-sent")
    with pytest.raises(Injected):
        await points.trace("add", "body-sent")


async def test_a_round_may_dawdle() -> None:
    """A sleep delays and changes nothing."""
    points = read_failpoints({VARIABLE: "dispatch.round:1:sleep(1)"})
    assert await points.job("dispatch", _work)() == "done"


async def test_a_process_dies_at_its_point() -> None:
    """kill9 leaves no time for anything else."""
    script = f"""
import asyncio, os
from aggregator.failpoints import read_failpoints
async def main():
    await read_failpoints({{"{VARIABLE}": "x.round:1:kill9"}}).job("x", asyncio.sleep)()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert b"failpoint x.round:1:kill9" in said


def test_work_is_named_by_who_wrote_it_down() -> None:
    """A lambda or an inner function goes by the function around it."""

    def outer() -> Any:
        return lambda: None

    assert name_of(outer()) == "test_failpoints.test_work_is_named_by_who_wrote_it_down"
    assert name_of(_work) == "test_failpoints.work"


async def test_a_point_is_known_by_the_name_that_scripts_have_for_it() -> None:
    """Its module was called otherwise before."""
    points = read_failpoints({VARIABLE: "attempts.begin.after-commit:1:raise"})
    assert isinstance(points, Armed)
    with pytest.raises(Injected):
        await points.pass_by("attempt_writer.begin.after-commit")
