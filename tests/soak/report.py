"""What a soak came to: each figure beside its limit, and what of it is a fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tests.soak.samples import BOUNDS, Growth
from tests.soak.stalls import Held

STILL_MS = 2_000
STOP_SECONDS = 10
RATIO = 1.5
"""A goal: on a busy machine it says more of the machine, and is told without being a fault."""
TOLD = 6
"""Of those that held the loop, and of pages."""


class Page(Struct, frozen=True):
    """How long one address took at most and in the middle."""

    address: str
    longest: float  # seconds
    middle: float  # seconds
    visits: int


class Report(Struct, frozen=True, kw_only=True):
    """All figures of one run."""

    seed: int
    database: str
    rows: int
    """Of each provider."""
    seconds: int
    held: Sequence[Held] = ()
    """What held the loop, the longest first."""
    told: float = 0.0
    """Seconds of standing still by the metrics, until the stop."""
    alone: float = 0.0  # ms
    """The p99 of `balance` without an owner at the console."""
    visited: float = 0.0  # ms
    """The same with one."""
    growth: Sequence[Growth] = ()
    calls: int = 0
    orders: int = 0
    unanswered: Sequence[str] = ()
    unable: int = 0
    """Answered with 503."""
    failed: Sequence[str] = ()
    """Answered with 500 or the like."""
    pages: Sequence[Page] = ()
    """The slowest first."""
    console: int = 0
    """Addresses of the console that there are."""
    seen: int = 0
    """So many of them came at least once."""
    visits: int = 0
    left: int = 0
    broken: Sequence[str] = ()
    """Pages that failed."""
    silent: Sequence[str] = ()
    """Pages that did not come: on a busy machine no fault, as long as resellers are answered."""
    edits: int = 0
    tracebacks: Sequence[str] = ()
    crashes: Sequence[str] = ()
    stop: float = 0.0  # seconds
    red: Sequence[str] = ()
    """Promises that the audit found broken."""

    @property
    def still(self) -> int:
        """The longest stand-still of the loop, in milliseconds."""
        return max((one.longest for one in self.held), default=0)

    @property
    def ratio(self) -> float:
        return self.visited / self.alone if self.alone else 0.0


def faults(report: Report) -> list[str]:
    """A sentence for each thing that must not be."""
    found = [
        f"{one.name} grows without end: {one.first:.0f}, then {one.last:.0f}" for one in report.growth if one.endless
    ]
    if report.still > STILL_MS:
        found.append(f"the loop stood still for {report.still} ms")
    if report.stop >= STOP_SECONDS:
        found.append(f"the stop took {report.stop:.1f} s")
    found += ["nobody called"] * (not report.calls) + ["nobody visited"] * (not report.visits)
    counted = {
        "calls got no answer": report.unanswered,
        "calls failed": report.failed,
        "pages failed": report.broken,
        "processes ended by themselves": report.crashes,
        "tracebacks in the log": report.tracebacks,
        "promises are broken": report.red,
    }
    found += [f"{len(ones)} {what}, such as: {ones[0]}" for what, ones in counted.items() if ones]
    return found


def lines(report: Report) -> Iterator[str]:
    """For the eye: one figure a line, with its limit."""
    yield f"stand-still of the loop, longest  {report.still:7} ms  limit {STILL_MS} ms"
    for one in report.held[:TOLD]:
        yield f"    {one.longest:6} ms, {one.times} times: {one.path}"
    yield f"stand-stills over 200 ms          {sum(one.times for one in report.held):7}     {report.told:.1f} s of all"
    yield (
        f"balance, p99                      {report.visited:7.1f} ms  {report.alone:.1f} ms without an owner,"
        f" ratio {report.ratio:.2f}, goal {RATIO}"
    )
    for grown in report.growth:
        unit = BOUNDS[grown.name].unit
        named = f"{grown.name}, last third"
        yield f"{named:33} {grown.last:8.0f} {unit:3} first {grown.first:.0f}, limit {grown.most:.0f}"
    yield (
        f"calls without an answer           {len(report.unanswered):7}     limit 0, of {report.calls}"
        f" ({report.orders} orders taken, {report.unable} times 503)"
    )
    yield f"calls that failed                 {len(report.failed):7}     limit 0"
    visits = f"{report.visits} visits, {report.left} left"
    yield f"pages that failed                 {len(report.broken):7}     limit 0, of {visits}"
    yield f"pages of the console that came    {report.seen:7}     goal {report.console}"
    yield f"pages that did not come           {len(report.silent):7}     goal 0"
    for page in report.pages[:TOLD]:
        yield f"    {page.longest:6.2f} s, {page.middle:.2f} s in the middle of {page.visits}: {page.address}"
    yield f"tracebacks in the log             {len(report.tracebacks):7}     limit 0"
    yield f"time to stop                      {report.stop:7.1f} s   limit {STOP_SECONDS} s"
    yield f"audit at the end                  {'red' if report.red else 'green':>7}     limit green"
