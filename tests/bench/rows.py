"""A row of the table: what is loaded, beside which floor, and how close it should come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from statistics import median

from msgspec import Struct
from msgspec.structs import replace

from tests.bench.client import Figure, Load
from tests.bench.stage import Serving
from tests.bench.wrk import measure

CONNECTIONS = 32
ROUNDS = 3
SECONDS = 2

Measured = Callable[[], Figure]


class Row(Struct, frozen=True, kw_only=True):
    """One line: a subject and its floor, measured in turn."""

    name: str
    subject: Measured
    floor: Measured
    goal: float
    """The least ratio of the rates; for latencies (`by` is p50 or p99) the largest."""
    by: str = "rate"


class Result(Struct, frozen=True, kw_only=True):
    """Medians over the rounds, and the median of each round's own ratio."""

    name: str
    by: str
    floor: float
    figure: float
    ratio: float
    goal: float
    met: bool
    cpu_ratio: float
    """The same in computing time, which a busy machine disturbs less; 0 where it was not taken."""
    p50: float  # ms
    p99: float  # ms
    failed: int


def compare(row: Row, rounds: int = ROUNDS) -> Result:
    """The floor and the subject in turn, so that both meet the same machine."""
    row.floor(), row.subject()  # warm
    pairs = [(row.floor(), row.subject()) for _ in range(rounds)]
    floors, figures = [[getattr(one, row.by) for one in column] for column in zip(*pairs, strict=True)]
    # On a machine that stalls, a round may see no reply at all.
    ratio = median(figure / floor if floor else 0.0 for floor, figure in zip(floors, figures, strict=True))
    failed = sum(one.failed for _, one in pairs)
    return Result(
        name=row.name,
        by=row.by,
        floor=median(floors),
        figure=median(figures),
        ratio=ratio,
        goal=row.goal,
        met=not failed and (ratio >= row.goal if row.by == "rate" else ratio <= row.goal),
        cpu_ratio=median(floor.cpu / one.cpu if one.cpu else 0.0 for floor, one in pairs),
        p50=median(one.p50 for _, one in pairs),
        p99=median(one.p99 for _, one in pairs),
        failed=failed,
    )


def load(served: Serving, requests: list[str], *, connections: int = CONNECTIONS) -> Measured:
    """Load one process."""
    wanted = Load(host="127.0.0.1", port=served.port, requests=requests, connections=connections, seconds=SECONDS)

    def measured() -> Figure:
        before = served.cpu_seconds
        figure = measure(wanted)
        return replace(figure, cpu=1e6 * (served.cpu_seconds - before) / max(1.0, figure.rate * SECONDS))

    return measured


HEAD = f"{'':38} {'floor':>9} {'figure':>9} {'ratio':>6} {'goal':>7} {'by cpu':>6} {'p50 ms':>8} {'p99 ms':>8} failed"


def line(one: Result) -> str:
    """For the eye."""
    goal = f"{'>=' if one.by == 'rate' else '<='}{one.goal:g}"
    return (
        f"{one.name:38} {one.floor:9,.5g} {one.figure:9,.5g} {one.ratio:6.2f} {goal:>7} {one.cpu_ratio:6.2f}"
        f" {one.p50:8.2f} {one.p99:8.2f} {one.failed or '':>6}{'' if one.met else ' MISSED'}"
    )


def chosen(rows: Iterable[Row], words: list[str]) -> Iterator[Row]:
    """Those whose names hold one of the words; all without words."""
    return (row for row in rows if not words or any(word in row.name for word in words))
