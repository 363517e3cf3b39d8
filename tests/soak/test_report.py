"""What a soak calls a fault, from figures that nobody measured."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.soak.report import Page, Report, faults, lines
from tests.soak.samples import Growth, Sample, growth
from tests.soak.stalls import Held

GOOD = Report(
    seed=1,
    database="sqlite",
    rows=1_500,
    seconds=60,
    calls=900,
    orders=200,
    visits=700,
    alone=4.0,
    visited=5.0,
    held=[Held("x.py y", "x.py:1 y < z.py:2 z", 3, 1_999)],
    growth=[Growth("memory", 140, 150, 271)],
    stop=9.9,
    pages=[Page("/console", 0.4, 0.1, 60)],
    unable=7,
    left=9,
)


def samples(**last: float) -> list[Sample]:
    """Six moments; the last two are like this."""
    usual: dict[str, Any] = {"memory": 140.0, "threads": 20, "files": 60, "wal": 16.0}
    return [Sample(at=float(at), **(usual if at < 4 else usual | last)) for at in range(6)]


def test_a_good_soak_has_no_fault() -> None:
    """A ratio beyond its goal, slow pages, calls that were put off and visitors who leave are none."""
    assert faults(replace(GOOD, visited=400.0, silent=["/console: ReadTimeout"])) == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"held": [Held("x.py y", "x.py:1 y", 1, 2_001)]}, "the loop stood still for 2001 ms"),
        ({"stop": 10.0}, "the stop took 10.0 s"),
        ({"red": ["O1: 17"]}, "1 promises are broken, such as: O1: 17"),
        ({"unanswered": ["add: ReadTimeout", "add: x"]}, "2 calls got no answer, such as: add: ReadTimeout"),
        ({"failed": ["add: 500"]}, "1 calls failed, such as: add: 500"),
        ({"broken": ["/console: 500"]}, "1 pages failed, such as: /console: 500"),
        ({"tracebacks": ["error x exception=y"]}, "1 tracebacks in the log, such as: error x exception=y"),
        ({"crashes": ["all-0 ended with 1"]}, "1 processes ended by themselves, such as: all-0 ended with 1"),
        ({"growth": [Growth("threads", 20, 90, 44)]}, "threads grows without end: 20, then 90"),
        ({"calls": 0}, "nobody called"),
        ({"visits": 0}, "nobody visited"),
    ],
)
def test_each_thing_that_must_not_be_is_a_fault(wrong: dict[str, Any], said: str) -> None:
    assert faults(replace(GOOD, **wrong)) == [said]


@pytest.mark.parametrize("database", ["postgresql", "sqlite"])
@pytest.mark.parametrize("figure", ["memory", "threads", "files", "wal"])
def test_what_grows_without_end_is_found(figure: str, database: str) -> None:
    assert [one.name for one in growth(samples(**{figure: 5_000}), database) if one.endless] == [figure]


def test_what_moves_a_little_does_not_grow_without_end() -> None:
    moved = growth(samples(memory=200.0, threads=40, files=100, wal=900.0), "postgresql")
    assert [(one.name, one.endless) for one in moved] == [
        ("memory", False),
        ("threads", False),
        ("files", False),
        ("wal", False),
    ]


def test_too_few_samples_tell_nothing() -> None:
    assert growth(samples()[:2], "sqlite") == []


def test_every_figure_stands_beside_its_limit() -> None:
    text = "\n".join(lines(GOOD))
    assert "1999 ms  limit 2000 ms" in text
    assert "ratio 1.25, goal 1.5" in text
    assert "x.py:1 y < z.py:2 z" in text
