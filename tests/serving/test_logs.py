"""The log has one form, whoever speaks; --log json is another; a failed round is one line."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
import structlog

from aggregator import logs
from aggregator.logs import Form
from aggregator.orders.state import Outcome
from aggregator.workers import Loop
from tests.conftest import write_plain_logs

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z (info|warning|error) \S")


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    yield
    write_plain_logs()


def said(form: Form, *, failing: bool = False) -> list[str]:
    """What ours, a library and a round that fails say, a line each."""
    stream = io.StringIO()
    logs.set_up(stream, form)
    library, handler = logging.getLogger("someones.library"), logs.handler(stream, form)
    library.addHandler(handler)
    try:
        structlog.get_logger("x").info("add.not_accepted", order=1, outcome=Outcome.UNSURE, text="no answer came")
        library.warning("the pool is %s", "full")
        if failing:
            asyncio.run(fail_once())
    finally:
        library.removeHandler(handler)
    return stream.getvalue().splitlines()


async def fail_once() -> None:
    async def job() -> float:
        loop.end()
        raise ConnectionResetError("the database\nwent away")

    loop = Loop("poll:alpha", job, pause=0)
    await loop.run()


def test_ours_and_a_librarys_lines_have_one_form() -> None:
    ours, theirs = said(Form.TEXT)
    assert all(LINE.match(line) for line in (ours, theirs))
    assert ours.endswith(" info add.not_accepted order=1 outcome=unsure text='no answer came'")
    assert theirs.endswith(" warning the pool is full logger=someones.library")


def test_json_has_the_same_in_fields() -> None:
    ours, theirs = (json.loads(line) for line in said(Form.JSON))
    assert (ours["event"], ours["order"], ours["outcome"], ours["level"]) == ("add.not_accepted", 1, "unsure", "info")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("the pool is full", "warning", "someones.library")
    assert ours.keys() & theirs.keys() == {"timestamp", "level", "event"}


def test_a_failed_round_is_one_line_that_says_what_and_where() -> None:
    line = said(Form.TEXT, failing=True)[-1]
    assert "Traceback" not in line
    assert re.search(r" error worker\.round_failed loop=poll:alpha failed='ConnectionResetError: the database", line)
    assert re.search(r", at test_logs\.py:\d+'$", line)


def test_json_keeps_how_it_came_to_that() -> None:
    line = json.loads(said(Form.JSON, failing=True)[-1])
    assert line["loop"] == "poll:alpha"
    assert "Traceback" in line["exception"]


@pytest.mark.parametrize("form", list(Form))
def test_no_form_tells_a_secret(form: Form) -> None:
    stream = io.StringIO()
    logs.set_up(stream, form)
    structlog.get_logger("x").warning("called", key="hush", url="https://x.example/?key=hush", body='{"key": "hush"}')
    assert "hush" not in stream.getvalue()
    if form is Form.JSON:
        assert json.loads(stream.getvalue())["event"] == "called"
